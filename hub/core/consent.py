"""The consent decision: the only place that says what a consent permits. Pure; time is an argument; it fails closed.

Decided at four points: by the connector, before state is written, at emission, and when a receiver opens. Spans are
half-open, `[valid_from, valid_to)`. Sources of the rules: OSL 12:2 (a consent names who may tell what to whom and for how
long), and DOMAIN §2: any signatory's withdrawal ends it, a suspended consent permits nothing, no named recipient means no,
and a consent to SSPF does not cover SIG.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope

__all__ = [
    "DENIALS",
    "PERMITTED",
    "Decision",
    "Demands",
    "Purpose",
    "Question",
    "covers_event",
    "decide",
    "demands_of",
    "judge",
    "still_withdrawn",
    "telling_scopes",
    "with_scope_withdrawn",
]

PERMITTED = "permitted"
DENIALS = frozenset({
    "no_consent", "withdrawn", "suspended", "no_scope_for_source", "kind_not_in_scope", "cooperation_not_covered",
    "recipient_not_named", "scope_withdrawn", "outside_period",
})  # fmt: skip
"""Every rule that denies: what is refused for one of these may be permitted once newer consents have been read."""

Demands: TypeAlias = tuple[tuple[str, bool], ...]
"""What is demanded of one scope, in the order in which a want is told: the rule's code, and whether it is met."""
_MET = itemgetter(1)
_COOPERATIONS: dict[str | None, Cooperation] = {cooperation.value: cooperation for cooperation in Cooperation}


class Purpose(StrEnum):
    """What somebody wants to do."""

    CORRELATE = "correlate"
    """Fold an event into state: `source`, `kind` and `at` = the event's occurred_at."""
    DELIVER = "deliver"
    """Send a task to a team: `recipient` and `at` = now; `source`, `kind` and `occurred_at` narrow it to what the task builds
    on."""
    OPEN = "open"
    """Show a task to a team: as DELIVER."""


# Looked up once: on Python 3.11 a member of an enumeration costs a call each time it is named.
_IN_FORCE: Final = ConsentStatus.IN_FORCE
_CORRELATE: Final = Purpose.CORRELATE


@dataclass(frozen=True, slots=True)
class Decision:
    """Permit or deny, the rule that decided (a stable, countable code), and the version and scope of the consent it rests on.

    A denial names the scope that came nearest; none when there is no scope, or the record as a whole denies.
    """

    permit: bool
    rule: str
    consent_version: int | None
    scope_id: str | None


class Question(NamedTuple):
    """What is asked; see `decide`."""

    purpose: Purpose
    source: str | None
    recipient: str | None
    kind: InfoKind | None
    at: datetime
    cooperation: Cooperation | None
    occurred_at: datetime | None = None


def decide(
    consent: ConsentRecord | None,
    *,
    purpose: Purpose,
    source: str | None,
    recipient: str | None,
    kind: InfoKind | None,
    at: datetime,
    cooperation: Cooperation | None = None,
    occurred_at: datetime | None = None,
) -> Decision:
    """May this be done under this consent?

    `cooperation` is the one the recipient works in; a recipient named as a cooperation (`sig`, `sspf`) implies it. `at` is
    aware. `occurred_at`, in delivery and opening: when what is told happened; the consent that permits must cover that time
    too, so that a later one pulls nothing in from before it.

    Never raises for want of a permission: a denial is an answer, and its `rule` is one of `no_consent`, `withdrawn`,
    `suspended`, `no_scope_for_source`, `kind_not_in_scope`, `cooperation_not_covered`, `recipient_not_named`,
    `scope_withdrawn`, `outside_period`: what the scope that comes nearest to covering it lacks first, in that order.
    """
    if consent is None:
        return Decision(permit=False, rule="no_consent", consent_version=None, scope_id=None)
    if consent.status is not _IN_FORCE:
        rule = "withdrawn" if consent.status is ConsentStatus.WITHDRAWN else "suspended"
        return Decision(permit=False, rule=rule, consent_version=consent.version, scope_id=None)
    return _judge_scopes(consent, Question(purpose, source, recipient, kind, at, cooperation, occurred_at))


def _judge_scopes(consent: ConsentRecord, question: Question) -> Decision:
    """The scopes' part of the decision, whatever the record's status."""
    found = [(scope.scope_id, _demands(scope, question)) for scope in consent.scopes]
    if question.occurred_at is not None:
        then = question._replace(at=question.occurred_at)
        covering = {
            scope.scope_id for scope in consent.scopes if scope.withdrawn_at is None and all(map(_MET, _demands(scope, then)))
        }
        found = [(scope_id, (*demands, ("outside_period", scope_id in covering))) for scope_id, demands in found]
    return judge(found, consent.version)


def telling_scopes(consent: ConsentRecord, *, recipient: str, cooperation: Cooperation, at: datetime) -> list[Scope]:
    """The scopes of those consents under which a recipient may be told something at an instant, with all their times: what
    none of them covers is not told. It permits what `decide` permits with `occurred_at`.

    A consent that was suspended for a while has several times under one id, and what it covered before still counts.
    """
    if consent.status is not _IN_FORCE:
        return []
    naming = [
        scope
        for scope in consent.scopes
        if scope.withdrawn_at is None and scope.cooperation is cooperation and recipient in scope.recipients
    ]
    present = {scope.scope_id for scope in naming if scope.valid_from <= at < scope.valid_to}
    return [scope for scope in naming if scope.scope_id in present]


def judge(found: Sequence[tuple[str, Demands]], version: int | None) -> Decision:
    """A permit by the first scope of which all demands are met. Else what the scope that came furthest lacks first: it is
    the one that a person would expect to cover this.
    """
    for scope_id, demands in found:
        if all(map(_MET, demands)):
            return Decision(permit=True, rule=PERMITTED, consent_version=version, scope_id=scope_id)
    nearest, furthest, depth = None, "no_scope_for_source", -1
    for scope_id, demands in found:
        rank, rule = next((rank, rule) for rank, (rule, met) in enumerate(demands) if not met)
        if rank > depth:
            nearest, furthest, depth = scope_id, rule, rank
    return Decision(permit=False, rule=furthest, consent_version=version, scope_id=nearest)


def still_withdrawn(consent: ConsentRecord, known: ConsentRecord | None) -> ConsentRecord:
    """A record that has come, with each scope withdrawn that is known to have been since it was written: an erasure may be read
    before records that are older than it, and they open nothing again. The same object where nothing was.

    Of a scope that the record leaves out (a consent is suspended beside one in force) it keeps a mark that permits nothing: the
    next record may name the scope again, and be older than the withdrawal too. A whole withdrawal has no scopes and needs no
    marks: nothing follows it.
    """
    if consent.status is ConsentStatus.WITHDRAWN:
        return consent
    over = {
        one.scope_id: one
        for one in (() if known is None else known.scopes)
        if one.withdrawn_at is not None and one.withdrawn_at > consent.recorded_at
    }
    named = {one.scope_id for one in consent.scopes}
    marks = tuple(
        one.model_copy(update={"agencies": (), "recipients": (), "kinds": ()})
        for scope_id, one in over.items()
        if scope_id not in named
    )
    if not marks and not any(one.withdrawn_at is None and one.scope_id in over for one in consent.scopes):
        return consent
    closed = (
        one.model_copy(update={"withdrawn_at": over[one.scope_id].withdrawn_at})
        if one.withdrawn_at is None and one.scope_id in over
        else one
        for one in consent.scopes
    )
    return consent.model_copy(update={"scopes": (*closed, *marks)})


def with_scope_withdrawn(consent: ConsentRecord, scope_id: str, at: datetime) -> ConsentRecord:
    """The record as its next one will say it: the scope withdrawn at the instant `at`; the same object when it says so.

    A scope that it leaves out gets a mark, as in `still_withdrawn`: a record that names it, of before `at`, may still come.
    """
    if consent.status is ConsentStatus.WITHDRAWN:
        return consent
    found = [one for one in consent.scopes if one.scope_id == scope_id]
    if not found:
        mark = Scope(
            scope_id=scope_id, cooperation=Cooperation.SSPF, agencies=(), recipients=(), kinds=(),
            valid_from=at, valid_to=at, withdrawn_at=at,
        )  # fmt: skip
        return consent.model_copy(update={"scopes": (*consent.scopes, mark)})
    if all(one.withdrawn_at is not None for one in found):
        return consent
    scopes = tuple(
        one.model_copy(update={"withdrawn_at": at}) if one.scope_id == scope_id and one.withdrawn_at is None else one
        for one in consent.scopes
    )
    return consent.model_copy(update={"scopes": scopes})


def covers_event(consent: ConsentRecord, *, source: str, kind: InfoKind, at: datetime) -> bool:
    """Whether a scope covers an event, whatever the record's status: a suspension holds state still, it erases nothing."""
    return _judge_scopes(consent, Question(Purpose.CORRELATE, source, None, kind, at, None)).permit


def demands_of(
    question: Question,
    cooperation: Cooperation,
    agencies: Collection[str],
    recipients: Collection[str],
    kinds: Collection[InfoKind],
) -> Demands:
    """What a scope must name to cover a question, whenever that is."""
    correlate = question.purpose is _CORRELATE
    source, recipient, kind = question.source, question.recipient, question.kind
    asked = question.cooperation or _COOPERATIONS.get(recipient)  # a recipient's name may imply it
    return (
        ("no_scope_for_source", not correlate if source is None else source in agencies),
        ("kind_not_in_scope", not correlate if kind is None else kind in kinds),
        ("cooperation_not_covered", correlate or asked is None or asked is cooperation),
        ("recipient_not_named", bool(recipients) if correlate else recipient in recipients),
    )


def _demands(scope: Scope, question: Question) -> Demands:
    at, withdrawn_at = question.at, scope.withdrawn_at
    # In correlation a withdrawn scope's events are refused on every replay, also those from before the withdrawal.
    stands = withdrawn_at is None or (question.purpose is not _CORRELATE and at < withdrawn_at)
    return (
        *demands_of(question, scope.cooperation, scope.agencies, scope.recipients, scope.kinds),
        ("scope_withdrawn", stands),
        ("outside_period", scope.valid_from <= at < scope.valid_to),
    )
