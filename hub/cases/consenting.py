"""What consent says of a case: whether its team may read it now, who may take part, until when, and whether it has ended. Pure.

The consent of the case's own cooperation decides, and that it names the team (OSL 12:2): an SSPF consent opens no SIG case. It
is asked anew at every reading, as a task's is (`hub.delivery.permission`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.cases.content import ALWAYS_IN_SIG, EVERYWHERE, Fixed
from hub.clock import stockholm_date
from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, Scope
from hub.core.consent import Decision, Purpose, decide
from hub.core.consent_rules import ADULT_AGE

__all__ = ["ended_by_withdrawal", "may_read", "named_parties", "runs_out"]


def may_read(consent: ConsentRecord | None, team: str, cooperation: Cooperation, now: datetime) -> Decision:
    """Whether the team may read, and work with, a case of the youth in this cooperation at the instant."""
    return decide(
        consent, purpose=Purpose.OPEN, source=None, recipient=team, kind=None, at=now, cooperation=cooperation
    )  # fmt: skip


def named_parties(consent: ConsentRecord, team: str, cooperation: Cooperation, now: datetime) -> tuple[str, ...]:
    """Who may take part: the youth and, until she is of age, the guardians; those who always do in a SIG; agencies and recipients
    that consents which hold now name, the team itself among them.
    """
    always = ALWAYS_IN_SIG if cooperation is Cooperation.SIG else ()
    everywhere = [one for one in EVERYWHERE if one is not Fixed.GUARDIANS or not _of_age(consent, now)]
    named = [one for scope in _holding(consent, team, cooperation, now) for one in (*scope.agencies, *scope.recipients)]
    return tuple(dict.fromkeys((*(one.value for one in (*everywhere, *always)), *named)))


def runs_out(consent: ConsentRecord, team: str, cooperation: Cooperation, now: datetime) -> datetime | None:
    """Until when the team may read, if nobody does anything; None where it may not now."""
    return max((scope.valid_to for scope in _holding(consent, team, cooperation, now)), default=None)


def ended_by_withdrawal(
    consent: ConsentRecord, before: ConsentRecord | None, team: str, cooperation: Cooperation, now: datetime
) -> bool:
    """Whether nothing is left that could carry the case, and a withdrawal (or a narrowing) is why.

    A consent that is suspended may hold again, and one that has run out may be renewed: those hide a case, and do not end it.
    Beside others in force the record leaves a suspended one out, so that it is no reason that none names the team; nor is a
    withdrawal that `before`, the record known until now, named already: it may be of a consent before the one that is left out.
    """
    if consent.status is ConsentStatus.WITHDRAWN:
        return True
    own = [scope for scope in consent.scopes if scope.cooperation is cooperation]
    naming = [scope for scope in own if team in scope.recipients and scope.withdrawn_at is None]
    if any(scope.valid_to > now for scope in naming):
        return False
    withdrawn = _newly_withdrawn(consent, before)
    if naming:
        return any(scope.cooperation is cooperation and team in scope.recipients for scope in withdrawn)
    # A mark does not know of which cooperation it is, nor whom it named: it may be any that is left out.
    return any(scope.withdrawn_at is None for scope in own) or any(
        scope.cooperation is cooperation or not scope.recipients for scope in withdrawn
    )


def _of_age(consent: ConsentRecord, now: datetime) -> bool:
    """From 18 nobody has custody, and secrecy holds towards a parent too (OSL 12:3 speaks of those who have it)."""
    if consent.age_years is None:
        return False
    until = consent.age_valid_until
    passed = until is not None and stockholm_date(now) >= until
    return consent.age_years + passed >= ADULT_AGE


def _newly_withdrawn(consent: ConsentRecord, before: ConsentRecord | None) -> list[Scope]:
    """A mark, which says of what the record leaves out that it is withdrawn, is one thing, and the scope itself another."""
    known = {
        (one.scope_id, one.recipients) for one in (before.scopes if before is not None else ()) if one.withdrawn_at is not None
    }
    return [one for one in consent.scopes if one.withdrawn_at is not None and (one.scope_id, one.recipients) not in known]


def _naming(consent: ConsentRecord, team: str, cooperation: Cooperation) -> Iterator[Scope]:
    return (scope for scope in consent.scopes if scope.cooperation is cooperation and team in scope.recipients)


def _holding(consent: ConsentRecord, team: str, cooperation: Cooperation, now: datetime) -> list[Scope]:
    if consent.status is not ConsentStatus.IN_FORCE:
        return []
    return [
        scope
        for scope in _naming(consent, team, cooperation)
        if scope.withdrawn_at is None and scope.valid_from <= now < scope.valid_to
    ]
