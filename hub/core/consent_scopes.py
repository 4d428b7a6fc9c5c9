"""What the consents of one youth amount to at an instant: the scopes of her record, and the decision with its real reason.

The record on the bus (`hub.core.consent.decide` over it) and `decide_history` here permit the same; the record tells less of
why not, because a receiver of records is told neither of blocks nor of signatures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import TypeAlias

from hub.contract.models import ConsentStatus, Cooperation, InfoKind, Scope
from hub.core.consent import Decision, Demands, Purpose, Question, demands_of, judge
from hub.core.consent_facts import Barred, History, Rule, Status, Terms
from hub.core.consent_history import Course, Standing, Stretch, course
from hub.core.consent_rules import ConsentRules, age_at, birthday, midnight
from hub.core.instants import stockholm_date

__all__ = ["HELD_STILL", "HISTORY_DENIALS", "Account", "Span", "account", "decide_history", "record_status", "shown_scopes"]

Span: TypeAlias = tuple[datetime, datetime]
HELD_STILL = frozenset({Status.SUSPENDED, Status.BLOCKED, Status.DISPUTED, Status.AWAITING})
"""Statuses that permit nothing and end nothing: what a consent covered before is held still."""
HISTORY_DENIALS = frozenset({
    "no_consent", "no_scope_for_source", "kind_not_in_scope", "cooperation_not_covered", "recipient_not_named",
    *(rule.value for rule in Rule if rule is not Rule.IN_FORCE), "not_in_force_then", "outside_period",
})  # fmt: skip
"""Every rule by which `decide_history` denies."""


@dataclass(frozen=True, slots=True)
class Account:
    """One consent as it stands at an instant. `spans` are the times of which it covers information, half-open, ascending:
    those in which it was in force, from before only by `includes_earlier`, and never while a block or a halt stood. None ends
    at a birthday: where the signing age suspended it, it covers nothing of that month either.
    """

    terms: Terms
    standing: Standing
    spans: tuple[Span, ...]
    in_force_since: datetime | None
    """When it first came into force, if it has."""

    @property
    def held_still(self) -> bool:
        """Whether it was in force and may be again."""
        return self.in_force_since is not None and self.standing.status in HELD_STILL


def account(history: History, born: date, rules: ConsentRules, at: datetime) -> Account | None:
    """How a consent stands; None before it was registered."""
    way = course(history, born, rules)
    standing = way.at(at)
    if standing is None:
        return None
    terms = history.terms_at(at)
    stretches = way.in_force_until(at)
    since = way.in_force_since if way.in_force_since is not None and way.in_force_since <= at else None
    begun = [(terms.valid_from, since)] if terms.includes_earlier and since is not None else []
    barred = [(fact.since, fact.until) for fact in history.facts if isinstance(fact, Barred) and fact.at <= at]
    barred += _months_of_birthdays(way, born, at)
    # A block beats a consent (DOMAIN §2) and a protected person is never correlated (§3): no later signature undoes that.
    earlier = _without(begun, [(start, end or at) for start, end in way.stopped_until(at)])
    return Account(terms, standing, tuple(_without(_clipped(terms, [*earlier, *stretches]), barred)), since)


def record_status(accounts: Sequence[Account]) -> ConsentStatus | None:
    """The status of a reference; None when no consent has ever been in force, so that there is no reference."""
    if any(one.standing.status is Status.IN_FORCE for one in accounts):
        return ConsentStatus.IN_FORCE
    if any(one.held_still for one in accounts):
        return ConsentStatus.SUSPENDED
    return ConsentStatus.WITHDRAWN if any(one.in_force_since is not None for one in accounts) else None


def shown_scopes(accounts: Sequence[Account]) -> tuple[Scope, ...]:
    """The scopes of the record: one for each span of each consent that consumers may know of.

    A suspended or blocked one is left out beside others in force, because consumers must not act on it. One that ended by a
    birthday is left out: its last day would be a birth date, and what it covered goes with it.
    """
    in_force = record_status(accounts) is ConsentStatus.IN_FORCE
    return tuple(scope for one in accounts if _shown(one, in_force=in_force) for scope in _scopes(one))


def decide_history(
    accounts: Sequence[Account],
    *,
    purpose: Purpose,
    source: str | None,
    recipient: str | None,
    kind: InfoKind | None,
    at: datetime,
    cooperation: Cooperation | None = None,
    version: int | None = None,
) -> Decision:
    """As `hub.core.consent.decide`, with the rule that decided in full: one of HISTORY_DENIALS, or `permitted`.

    The accounts are those of the present; `at` is the event's time in correlation, else the present.
    """
    if not accounts:
        return Decision(permit=False, rule="no_consent", consent_version=None, scope_id=None)
    question = Question(purpose, source, recipient, kind, at, cooperation)
    in_force = record_status(accounts) is ConsentStatus.IN_FORCE
    return judge([(one.terms.scope_id, _demands(one, question, in_force=in_force)) for one in accounts], version)


def _demands(one: Account, question: Question, *, in_force: bool) -> Demands:
    terms, at = one.terms, question.at
    stands = one.standing.status is Status.IN_FORCE or (
        # What came late from a consent's own time still counts while another carries the reference; nothing is delivered.
        question.purpose is Purpose.CORRELATE
        and in_force
        and one.in_force_since is not None
        and one.standing.rule is Rule.EXPIRED
    )
    return (
        *demands_of(question, terms.cooperation, terms.agencies, terms.recipients, terms.kinds),
        (one.standing.rule.value, stands),
        ("outside_period", terms.valid_from <= at < terms.valid_to),
        ("not_in_force_then", any(start <= at < end for start, end in one.spans)),
    )


def _shown(one: Account, *, in_force: bool) -> bool:
    if one.in_force_since is None or one.standing.rule in {Rule.LAPSED_AT_18, Rule.OUTGROWN}:
        return False
    return not (in_force and one.held_still)


def _scopes(one: Account) -> list[Scope]:
    terms = one.terms
    withdrawn = one.standing.since if one.standing.rule is Rule.WITHDRAWN else None
    spans = one.spans if withdrawn is None else ((terms.valid_from, terms.valid_to),)
    return [
        Scope(
            scope_id=terms.scope_id,
            cooperation=terms.cooperation,
            agencies=tuple(sorted(terms.agencies)),
            recipients=tuple(sorted(terms.recipients)),
            kinds=tuple(sorted(terms.kinds)),
            valid_from=start,
            valid_to=end,
            withdrawn_at=withdrawn,
        )
        for start, end in spans
    ]


def _months_of_birthdays(way: Course, born: date, at: datetime) -> list[Span]:
    """Where the signing age suspended what was in force: from the first of the birthday's month.

    A span is published, and a consent record holds no birth date. The month is no news: in it the published age changes.
    """
    found = []
    for sooner, later in pairwise(way.standings):
        suspended = sooner.rule is Rule.IN_FORCE and later.rule is Rule.YOUTH_MUST_SIGN and later.since <= at
        if suspended and later.since == birthday(born, age_at(born, later.since)):
            found.append((midnight(stockholm_date(later.since).replace(day=1)), later.since))
    return found


def _clipped(terms: Terms, stretches: Sequence[Stretch]) -> tuple[Span, ...]:
    """Stretches within the period, touching ones as one."""
    spans: list[Span] = []
    for start, end in stretches:
        first, last = max(start, terms.valid_from), min(end or terms.valid_to, terms.valid_to)
        if first >= last:
            continue
        if spans and spans[-1][1] == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return tuple(spans)


def _without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What of some spans lies in no hole, in their order."""
    left = list(spans)
    for begin, end in holes:
        parts = [part for start, stop in left for part in ((start, min(stop, begin)), (max(start, end), stop))]
        left = [(start, stop) for start, stop in parts if start < stop]
    return left
