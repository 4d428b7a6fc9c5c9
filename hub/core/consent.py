"""The consent decision: the only place that says what a consent permits. Pure; time is an argument; it fails closed.

Decided at four points: by the connector, before state is written, at emission, and when a receiver opens. Spans are
half-open, `[valid_from, valid_to)`. Sources of the rules: OSL 12:2 (a consent names who may tell what to whom and for how
long), and DOMAIN §2: any signatory's withdrawal ends it, a suspended consent permits nothing, no named recipient means no,
and a consent to SSPF does not cover SIG.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope

__all__ = ["DENIALS", "PERMITTED", "Decision", "Purpose", "covers_event", "decide"]

PERMITTED = "permitted"
DENIALS = frozenset({
    "no_consent", "withdrawn", "suspended", "no_scope_for_source", "kind_not_in_scope", "cooperation_not_covered",
    "recipient_not_named", "scope_withdrawn", "outside_period",
})  # fmt: skip
"""Every rule that denies: what is refused for one of these may be permitted once newer consents have been read."""


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


@dataclass(frozen=True, slots=True)
class _Question:
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
    refusal, depth = "no_scope_for_source", -1
    for scope in consent.scopes:
        for rank, (rule, met) in enumerate(_demands(scope, question)):
            if not met:
                # The scope that came furthest names the reason: it is the one that a person would expect to cover this.
                if rank > depth:
                    refusal, depth = rule, rank
                break
        else:
            return Decision(permit=True, rule=PERMITTED, consent_version=consent.version, scope_id=scope.scope_id)
    return Decision(permit=False, rule=refusal, consent_version=consent.version, scope_id=None)


def covers_event(consent: ConsentRecord, *, source: str, kind: InfoKind, at: datetime) -> bool:
    """Whether a scope covers an event, whatever the record's status: a suspension holds state still, it erases nothing."""
    return _judge_scopes(consent, _Question(Purpose.CORRELATE, source, None, kind, at, None)).permit


def _implied(recipient: str | None) -> Cooperation | None:
    return next((cooperation for cooperation in Cooperation if cooperation.value == recipient), None)


def _demands(scope: Scope, question: _Question) -> Iterator[tuple[str, bool]]:
    correlate = question.purpose is Purpose.CORRELATE
    source, kind = question.source, question.kind
    yield "no_scope_for_source", source in scope.agencies if source is not None else not correlate
    yield "kind_not_in_scope", kind in scope.kinds if kind is not None else not correlate
    if correlate:
        yield "recipient_not_named", bool(scope.recipients)
        # A withdrawn scope's events are refused on every replay, also those from before the withdrawal.
        yield "scope_withdrawn", scope.withdrawn_at is None
    else:
        yield "cooperation_not_covered", question.cooperation in {None, scope.cooperation}
        yield "recipient_not_named", question.recipient is not None and question.recipient in scope.recipients
        yield "scope_withdrawn", scope.withdrawn_at is None or question.at < scope.withdrawn_at
    yield "outside_period", scope.valid_from <= question.at < scope.valid_to
