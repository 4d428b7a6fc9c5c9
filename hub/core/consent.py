"""The consent decision: the only place that says what a consent permits. Pure; time is an argument; it fails closed.

Decided at four points: by the connector, before state is written, at emission, and when a receiver opens. Spans are
half-open, `[valid_from, valid_to)`. Sources of the rules: OSL 12:2 (a consent names who may tell what to whom and for how
long), and DOMAIN §2: any signatory's withdrawal ends it, a suspended consent permits nothing, no named recipient means no,
and a consent to SSPF does not cover SIG.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope

__all__ = ["DENIALS", "PERMITTED", "Decision", "Purpose", "covers_event", "decide"]

PERMITTED = "permitted"
DENIALS = frozenset({
    "no_consent", "withdrawn", "suspended", "no_scope_for_source", "kind_not_in_scope", "cooperation_not_covered",
    "recipient_not_named", "scope_withdrawn", "outside_period",
})  # fmt: skip
"""Every rule that denies: what is refused for one of these may be permitted once newer consents have been read."""


_MET = itemgetter(1)
_COOPERATIONS: dict[str | None, Cooperation] = {cooperation.value: cooperation for cooperation in Cooperation}


class Purpose(StrEnum):
    """What somebody wants to do."""

    CORRELATE = "correlate"
    """Fold an event into state: `source`, `kind` and `at` = the event's occurred_at."""
    DELIVER = "deliver"
    """Send a task to a team: `recipient` and `at` = now; `source` and `kind` narrow it to what the task builds on."""
    OPEN = "open"
    """Show a task to a team: as DELIVER."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or deny, the rule that decided (a stable, countable code), and the consent version and scope it rests on."""

    permit: bool
    rule: str
    consent_version: int | None
    scope_id: str | None


class _Question(NamedTuple):
    purpose: Purpose
    source: str | None
    recipient: str | None
    kind: InfoKind | None
    at: datetime
    cooperation: Cooperation | None


def decide(
    consent: ConsentRecord | None,
    *,
    purpose: Purpose,
    source: str | None,
    recipient: str | None,
    kind: InfoKind | None,
    at: datetime,
    cooperation: Cooperation | None = None,
) -> Decision:
    """May this be done under this consent?

    `cooperation` is the one the recipient works in; a recipient named as a cooperation (`sig`, `sspf`) implies it. `at` is
    aware. Never raises for want of a permission: a denial is an answer, and its `rule` is one of `no_consent`, `withdrawn`,
    `suspended`, `no_scope_for_source`, `kind_not_in_scope`, `cooperation_not_covered`, `recipient_not_named`,
    `scope_withdrawn`, `outside_period`: what the scope that comes nearest to covering it lacks first, in that order.
    """
    if consent is None:
        return Decision(permit=False, rule="no_consent", consent_version=None, scope_id=None)
    if consent.status is not ConsentStatus.IN_FORCE:
        rule = "withdrawn" if consent.status is ConsentStatus.WITHDRAWN else "suspended"
        return Decision(permit=False, rule=rule, consent_version=consent.version, scope_id=None)
    question = _Question(purpose, source, recipient, kind, at, cooperation or _implied(recipient))
    return _judge_scopes(consent, question)


def _judge_scopes(consent: ConsentRecord, question: _Question) -> Decision:
    """The scopes' part of the decision, whatever the record's status."""
    for scope in consent.scopes:
        if all(map(_MET, _demands(scope, question))):
            return Decision(permit=True, rule=PERMITTED, consent_version=consent.version, scope_id=scope.scope_id)
    return Decision(permit=False, rule=_refusal(consent, question), consent_version=consent.version, scope_id=None)


def _refusal(consent: ConsentRecord, question: _Question) -> str:
    """What the scope that came furthest lacks: it is the one that a person would expect to cover this."""
    furthest, depth = "no_scope_for_source", -1
    for scope in consent.scopes:
        rank, rule = next((rank, rule) for rank, (rule, met) in enumerate(_demands(scope, question)) if not met)
        if rank > depth:
            furthest, depth = rule, rank
    return furthest


def covers_event(consent: ConsentRecord, *, source: str, kind: InfoKind, at: datetime) -> bool:
    """Whether a scope covers an event, whatever the record's status: a suspension holds state still, it erases nothing."""
    return _judge_scopes(consent, _Question(Purpose.CORRELATE, source, None, kind, at, None)).permit


def _implied(recipient: str | None) -> Cooperation | None:
    return _COOPERATIONS.get(recipient)


def _demands(scope: Scope, question: _Question) -> tuple[tuple[str, bool], ...]:
    purpose, source, recipient, kind, at, cooperation = question
    correlate = purpose is Purpose.CORRELATE
    withdrawn_at = scope.withdrawn_at
    # In correlation a withdrawn scope's events are refused on every replay, also those from before the withdrawal.
    stands = withdrawn_at is None or (not correlate and at < withdrawn_at)
    return (
        ("no_scope_for_source", not correlate if source is None else source in scope.agencies),
        ("kind_not_in_scope", not correlate if kind is None else kind in scope.kinds),
        ("cooperation_not_covered", correlate or cooperation is None or cooperation is scope.cooperation),
        ("recipient_not_named", bool(scope.recipients) if correlate else recipient in scope.recipients),
        ("scope_withdrawn", stands),
        ("outside_period", scope.valid_from <= at < scope.valid_to),
    )
