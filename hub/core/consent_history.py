"""A consent as a function of what has happened to it: a history of facts and an instant give its standing.

    awaiting signature -> in force -> expired / withdrawn / suspended / blocked / lapsed at 18

`course` follows one consent through its whole history and on into the future that is certain today, so that birthdays and
ends act by themselves, at midnight in Sweden. Sources of the rules (DOMAIN §2): OSL 12:2; föräldrabalken 6:11 and 13 (both
guardians under joint custody) and 9:1 (majority). A fact that the rules give no weight is kept and changes nothing: a
signature of somebody who need not sign, a guardian's block of an adult's consent, anything after the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

from hub.core.consent_facts import (
    ENDS,
    STATUS_OF,
    Blocked,
    CustodyChanged,
    Declined,
    Ended,
    Fact,
    Halted,
    History,
    Narrowed,
    Registered,
    Resumed,
    Rule,
    Signed,
    Status,
    Terms,
    Unblocked,
    Withdrawn,
    narrowed,
)
from hub.core.consent_rules import ADULT_AGE, AtSigningAge, ConsentRules, Form, Signatory, age_at, birthday
from hub.core.instants import stockholm_date

__all__ = ["Course", "Standing", "Stretch", "course"]

Stretch: TypeAlias = tuple[datetime, datetime | None]
"""From an instant to the next, which is no part of it; None: it has no end yet."""


class Standing(NamedTuple):
    """Where a consent stands from an instant on, and why. `required`, `signed` and `declined` are roles of the present round."""

    since: datetime
    rule: Rule
    required: frozenset[Signatory] = frozenset()
    signed: frozenset[Signatory] = frozenset()
    declined: frozenset[Signatory] = frozenset()
    blocks: frozenset[Signatory] = frozenset()
    halted: bool = False
    """Whether the authority has stopped it, also while signatures are awaited."""

    @property
    def status(self) -> Status:
        """The status that the rule gives."""
        return STATUS_OF[self.rule]


@dataclass(frozen=True, slots=True)
class Course:
    """A consent's way through time: standings in order, the future ones that are certain already among them.

    `in_force_since` is when it first came into force, be it only until the next fact of the same instant; None: it never does.
    """

    standings: tuple[Standing, ...]
    in_force_since: datetime | None

    def at(self, instant: datetime) -> Standing | None:
        """Where it stands at an instant; None before it was registered."""
        found = None
        for standing in self.standings:
            if standing.since <= instant:
                found = standing
        return found

    @property
    def end(self) -> Standing | None:
        """Its end, which lies ahead where only time brings it: its period's, the 18th birthday, an age. None: it never began."""
        return next((standing for standing in self.standings if standing.rule in ENDS), None)

    def in_force_until(self, at: datetime) -> tuple[Stretch, ...]:
        """The stretches in which it was in force up to an instant; the last has no end when it is in force then."""
        return self._stretches(at, lambda standing: standing.rule is Rule.IN_FORCE)

    def stopped_until(self, at: datetime) -> tuple[Stretch, ...]:
        """The stretches in which a block or a halt stood, signed or not, up to an instant."""
        return self._stretches(at, lambda standing: bool(standing.blocks) or standing.halted)

    def _stretches(self, at: datetime, chosen: Callable[[Standing], bool]) -> tuple[Stretch, ...]:
        known = [standing for standing in self.standings if standing.since <= at]
        ends = [*(standing.since for standing in known[1:]), None]
        return tuple((standing.since, end) for standing, end in zip(known, ends, strict=True) if chosen(standing))


def course(history: History, born: date, rules: ConsentRules) -> Course:
    """The way of a consent. At one instant time acts first, then the facts in their order."""
    walk = _Walk(history, born, rules)
    facts: list[Fact] = list(history.facts)
    for moment in _moments(history, born, rules):
        walk.pass_time(moment)
        while facts and facts[0].at == moment:
            walk.take(facts.pop(0))
    return Course(tuple(walk.standings), walk.in_force_since)


def _moments(history: History, born: date, rules: ConsentRules) -> list[datetime]:
    """Every instant at which anything can change, from the registration on."""
    spans = rules.cooperations.get(history.terms.cooperation)
    ages = {ADULT_AGE, *rules.youth_signs_from.values()}
    ages |= {span.last + 1 for span in (spans.values() if spans else ()) if span.last is not None}
    found = {birthday(born, age) for age in ages} | {history.terms.valid_to}
    found.update(rules.youth_signs_from.changes, rules.at_signing_age.changes, spans.changes if spans else ())
    found.update(fact.until for fact in history.facts if isinstance(fact, Narrowed) and fact.until is not None)
    begin = history.registered.at
    return sorted({fact.at for fact in history.facts} | {instant for instant in found if instant >= begin})


@dataclass(slots=True)
class _Walk:
    """The state of one consent between two moments."""

    history: History
    born: date
    rules: ConsentRules
    terms: Terms = field(init=False)
    signatories: frozenset[Signatory] = field(init=False)
    signed: set[Signatory] = field(default_factory=set)
    declined: set[Signatory] = field(default_factory=set)
    blocks: set[Signatory] = field(default_factory=set)
    halted: bool = False
    complete: bool = False
    in_force_since: datetime | None = None
    ended: Rule | None = None
    begun: bool = False
    standings: list[Standing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.terms = self.history.terms
        self.signatories = self.history.registered.signatories

    def pass_time(self, at: datetime) -> None:
        """What the clock alone does."""
        if self.begun:
            self._settle(at)

    def take(self, fact: Fact) -> None:
        """One fact, unless the consent has ended."""
        if self.ended is not None:
            return
        match fact:
            case Registered():
                self.begun = True
            case Narrowed():
                self.terms = narrowed(self.terms, fact)
            case Ended():
                self.ended = fact.rule
            case Blocked() | Unblocked():
                self._block(fact)
            case Halted() | Resumed():
                self.halted = isinstance(fact, Halted)
            case CustodyChanged():
                self._change_custody(fact)
            case Signed() | Declined() | Withdrawn():
                self._speak(fact)
        self._settle(fact.at)

    def _block(self, fact: Blocked | Unblocked) -> None:
        if isinstance(fact, Unblocked):
            self.blocks.discard(fact.by)
        elif fact.by is Signatory.YOUTH or self.history.registered.form is Form.CHILD:
            self.blocks.add(fact.by)  # whoever signs this form: another of the same person's may name others

    def _change_custody(self, fact: CustodyChanged) -> None:
        if self.history.registered.form is Form.ADULT:
            return
        self.signatories, self.complete = fact.signatories, False
        self.signed.clear()
        self.declined.clear()
        if fact.recorded:
            self.blocks &= fact.signatories | {Signatory.YOUTH}

    def _speak(self, fact: Signed | Declined | Withdrawn) -> None:
        needed = self._required(fact.at)
        if isinstance(fact, Withdrawn):
            if fact.by is None or fact.by in needed | self.signed:
                self.ended = Rule.WITHDRAWN
        elif isinstance(fact, Signed):
            if fact.by in needed:
                self.signed.add(fact.by)
                self.declined.discard(fact.by)
        elif fact.by in needed | self.signed:
            if self.complete:
                self.ended = Rule.WITHDRAWN  # a signatory's no to a consent in force
            self.signed.discard(fact.by)
            self.declined.add(fact.by)

    def _settle(self, at: datetime) -> None:
        """Where it stands now."""
        needed = self._required(at)
        if self.ended is None:
            self.ended = self._end(at)
        self.complete = self.complete or (bool(needed) and needed <= self.signed)
        rule = self.ended or self._rule(at, needed)
        if rule is Rule.IN_FORCE and self.in_force_since is None:
            self.in_force_since = at
        said = (frozenset(self.signed), frozenset(self.declined), frozenset(self.blocks))
        standing = Standing(at, rule, needed, *said, self.halted)
        if self.standings and self.standings[-1].since == at:
            self.standings.pop()
        if not self.standings or self.standings[-1][1:] != standing[1:]:
            self.standings.append(standing)

    def _end(self, at: datetime) -> Rule | None:
        """The end that time brings, the weightiest first when several come at once."""
        age = age_at(self.born, at)
        if self.history.registered.form is Form.CHILD and age >= ADULT_AGE:
            return Rule.LAPSED_AT_18
        span = self.rules.span(self.terms.cooperation, stockholm_date(at))
        if span is not None and span.last is not None and age > span.last:
            return Rule.OUTGROWN
        return Rule.EXPIRED if self.terms.valid_to <= at else None

    def _rule(self, at: datetime, needed: frozenset[Signatory]) -> Rule:
        if self.blocks:
            return Rule.BLOCKED
        if not self.complete:
            if needed & self.declined:
                return Rule.DISPUTED
            return Rule.AWAITING_SIGNATURE if self.in_force_since is None else Rule.CUSTODY_CHANGED
        suspends = self.rules.at_signing_age.on(stockholm_date(at)) is AtSigningAge.SUSPEND
        if suspends and Signatory.YOUTH in needed - self.signed:
            return Rule.YOUTH_MUST_SIGN
        return Rule.HALTED if self.halted else Rule.IN_FORCE

    def _required(self, at: datetime) -> frozenset[Signatory]:
        return _required(self.history.registered.form, self.signatories, self.born, self.rules, at)


def _required(
    form: Form, signatories: frozenset[Signatory], born: date, rules: ConsentRules, at: datetime
) -> frozenset[Signatory]:
    age = age_at(born, at)
    if form is Form.ADULT:
        return signatories if age >= ADULT_AGE else frozenset()
    joins = age >= rules.youth_signs_from.on(stockholm_date(at))
    return signatories | {Signatory.YOUTH} if joins else signatories
