"""What the held events amount to at an instant. `hub/core/README.md` defines every measure and narrowing.

An event counts for a condition iff its `occurred_at` lies in (now - window, now], and it is narrowed to. The window is
n x 24 hours on the UTC line: a change to summer time neither lengthens nor shortens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hub.contract.models import Evidence, InfoKind
from hub.contract.trusted import trusted
from hub.core.coverage import Coverage
from hub.core.instants import from_ms, stockholm_day
from hub.core.narrowing import listed, narrowing_of
from hub.core.rule_set import Measure
from hub.core.rules import CompiledCondition, CompiledRule, Falls, Following
from hub.core.selections import Members, Selection
from hub.core.state import Events, Held, Rows

__all__ = ["Counted", "evidence_of", "value_of"]


# Looked up once: on Python 3.11 a member of an enumeration costs a call each time it is named.
_MINUTES: Final = Measure.MINUTES
_COUNT: Final = Measure.COUNT


class Counted:
    """The events of one youth as counted at one instant; selections are made once."""

    __slots__ = ("_chosen", "at_ms", "events")

    def __init__(self, events: Events, at_ms: int) -> None:
        self.events = events
        self.at_ms = at_ms
        self._chosen: dict[int, Members] = {}

    def chosen(self, selection: Selection) -> Members:
        """What a selection chooses."""
        found = self._chosen.get(id(selection))
        if found is None:
            rows = self.events.get(selection.kind)
            found = selection.choose(rows, self.at_ms) if rows else ()
            self._chosen[id(selection)] = found
        return found

    def members(self, condition: CompiledCondition) -> Members:
        """The events that count for a condition: where something fell, those before the window."""
        if condition.falls is not None:
            return self._before(condition)
        chosen = self.chosen(condition.selection)
        if condition.offered is not None:
            return [held for held in chosen if held.offered]
        if condition.then is None or not chosen:
            return chosen
        instants = self._instants(condition.then)
        return [held for held in chosen if self._is_followed(held, condition.then, instants)]

    def shown(self, condition: CompiledCondition) -> Members:
        """The events that a condition rests on: those that count, and those that made them count by following."""
        members = self.members(condition)
        then = condition.then
        if then is None or not then.happens:
            return members
        after = [
            held
            for held in self._others(then)
            if any(0 < held.occurred_ms - one.occurred_ms <= then.within_ms for one in members)
        ]
        known = {id(held) for held in members}
        return [*members, *(held for held in after if id(held) not in known)]

    def shown_by_kind(self, condition: CompiledCondition) -> list[tuple[InfoKind, Held]]:
        """The same, each with its kind of information: what followed may be of another one than what it follows."""
        kind, members = condition.kind, len(self.members(condition))
        follows = kind if condition.then is None else InfoKind(condition.then.kind)
        return [(kind if place < members else follows, held) for place, held in enumerate(self.shown(condition))]

    def value(self, condition: CompiledCondition) -> int | None:
        """The condition's measure; None where a rate is unknown."""
        if condition.offered is not None:
            return self._rate(condition, condition.offered)
        return value_of(condition.measure, self.members(condition))

    def compared(self, condition: CompiledCondition) -> int | None:
        """The same measure of the time that the value is compared with: before the window, or, where something fell, in it.
        None where it is compared with nothing.
        """
        if condition.falls is not None:
            return value_of(condition.measure, self.chosen(condition.selection))
        return None if condition.earlier is None else value_of(condition.measure, self._before(condition))

    def _before(self, condition: CompiledCondition) -> Members:
        """The events of the time before the window."""
        assert condition.earlier is not None
        edge = self.at_ms - condition.selection.window_ms
        return [one for one in self.chosen(condition.earlier) if one.occurred_ms <= edge]

    def has_fallen(self, condition: CompiledCondition) -> bool:
        """Whether no more is left in the window than may be, over enough school days; of what asks for no fall, too."""
        falls = condition.falls
        if falls is None:
            return True
        if value_of(condition.measure, self.chosen(condition.selection)) > falls.at_most:
            return False
        if not falls.school_days or falls.school is None:
            return True
        return len(falls.school.begun(self.at_ms - condition.selection.window_ms, self.at_ms)) >= falls.school_days

    def meets(self, condition: CompiledCondition) -> bool:
        """Whether a condition that is not plain is met."""
        value = self.value(condition)
        if value is None or value < condition.at_least or not self.has_fallen(condition):
            return False
        compared = None if condition.falls is not None else self.compared(condition)
        return compared is None or value * condition.earlier_days * 100 >= condition.percent * compared * condition.window_days

    def holds(self, rule: CompiledRule) -> bool:
        """Whether all conditions are met, by events of enough agencies."""
        for condition in rule.conditions:
            if condition.plain:
                if value_of(condition.measure, self.chosen(condition.selection)) < condition.at_least:
                    return False
            elif not self.meets(condition):
                return False
        return rule.at_least_agencies == 1 or len({one.agency for one in self.all_members(rule)}) >= rule.at_least_agencies

    def all_members(self, rule: CompiledRule) -> Iterator[Held]:
        """The events that count, of all conditions."""
        return (held for condition in rule.conditions for held in self.members(condition))

    def rests_on(self, rule: CompiledRule) -> Iterator[Held]:
        """Every event that a task of the rule tells of, alone or in a number; of a lingering rule, all that may have counted."""
        for condition in rule.conditions:
            yield from self.shown(condition)
            selections = (condition.selection, condition.earlier, condition.offered)
            for selection in (one for one in selections if one is not None):
                yield from self._rows(selection.kind, selection.codes) if rule.lingers_ms else self.chosen(selection)

    def told(self, rule: CompiledRule, coverage: Coverage) -> Counted:
        """The same, of the events alone that a rule looks at and a recipient may be told of; this very object when they are all
        of those that it looks at.
        """
        told: dict[str, Rows] = {}
        whole = True
        for kind in rule.kinds:
            rows = self.events.get(kind)
            if rows:
                told[kind] = _told(kind, rows, coverage)
                whole = whole and told[kind] is rows
        return self if whole else Counted(told, self.at_ms)

    def lapse(self, condition: CompiledCondition) -> int:
        """When a plain condition that is met now ceases to be, if nothing more happens: as the newest that suffice leave."""
        total = 0
        days: set[int] = set()
        for held in reversed(self.members(condition)):  # they lie in the order in which they occurred
            if condition.measure is _MINUTES:
                total += held.minutes
            elif condition.measure is _COUNT:
                total += 1
            else:
                days.add(stockholm_day(held.occurred_ms))
                total = len(days)
            if total >= condition.at_least:
                return condition.selection.leaves(held.occurred_ms)
        raise ValueError("the condition is not met")

    def changes(self, rule: CompiledRule) -> Iterator[int]:
        """Every instant at which, with these events, time can change whether a rule's conditions are met (in no order)."""
        for condition in rule.conditions:
            for selection in (condition.selection, condition.offered, condition.earlier):
                if selection is not None:
                    for held in self._rows(selection.kind, selection.codes):
                        yield held.occurred_ms
                        yield selection.leaves(held.occurred_ms)
            if condition.falls is not None:
                yield from self._school_days_of(condition, condition.falls)
            if condition.then is not None:
                for held in self._rows(condition.selection.kind, condition.selection.codes):
                    yield held.occurred_ms + condition.then.within_ms
                yield from (held.occurred_ms for held in self._rows(condition.then.kind, condition.then.codes))

    def _school_days_of(self, condition: CompiledCondition, falls: Falls) -> Iterator[int]:
        """When a school day enters or leaves the window, as long as there is an event that can count."""
        occurred = [held.occurred_ms for held in self._rows(condition.selection.kind, condition.selection.codes)]
        if falls.school_days and falls.school is not None and condition.earlier is not None and occurred:
            for begins in falls.school.begun(min(occurred), max(occurred) + condition.earlier.window_ms):
                yield begins
                yield begins + condition.selection.window_ms

    def _rate(self, condition: CompiledCondition, offered: Selection) -> int | None:
        total = sum(held.offered for held in self.chosen(offered))
        missed = sum(held.minutes for held in self.members(condition))
        return 100 * missed // total if total else None

    def _rows(self, kind: str, codes: frozenset[str]) -> Iterable[Held]:
        return (held for held in self.events.get(kind, {}).values() if held.code in codes)

    def _others(self, then: Following) -> list[Held]:
        return [held for held in self._rows(then.kind, then.codes) if held.occurred_ms <= self.at_ms]

    def _instants(self, then: Following) -> list[int]:
        return [held.occurred_ms for held in self._others(then)]

    def _is_followed(self, held: Held, then: Following, instants: Sequence[int]) -> bool:
        """Whether what was (not) to follow did (not); that it did not is known only when its time is over."""
        at = held.occurred_ms
        came = any(at < instant <= at + then.within_ms for instant in instants)
        return came if then.happens else not came and at + then.within_ms <= self.at_ms


def _told(kind: str, rows: Rows, coverage: Coverage) -> Rows:
    """The rows that may be told of; the very same when that is all of them. Markers count nowhere and may stay."""
    spans = {agency: coverage.spans(kind, agency) for agency in {held.agency for held in rows.values()} if agency}
    if len(spans) == 1:
        (only,) = spans.values()
        first, last = rows[next(iter(rows))].occurred_ms, rows[next(reversed(rows))].occurred_ms
        if len(only) == 1 and only[0][0] <= first and last < only[0][1]:
            return rows
    told = {
        key: held
        for key, held in rows.items()
        if not held.code or any(start <= held.occurred_ms < end for start, end in spans[held.agency])
    }
    return rows if len(told) == len(rows) else told


def value_of(measure: Measure, members: Members) -> int:
    """Minutes, events or distinct Swedish calendar days."""
    if measure is _MINUTES:
        return sum([held.minutes for held in members])
    if measure is _COUNT:
        return len(members)
    return len({stockholm_day(held.occurred_ms) for held in members})


def evidence_of(
    condition: CompiledCondition,
    counted: Counted,
    shown: Sequence[tuple[InfoKind, Held]],
    not_shown: frozenset[str],
) -> Evidence | None:
    """The number that met (or no longer meets) a condition, with the agencies that may be named and when what they told of
    occurred, the newest one by one; None where none may be. `shown`: what `counted` shows of the condition, by kind.
    """
    named = [one for one in shown if one[1].agency not in not_shown]
    if not named:
        return None
    events, older = listed(named)
    return trusted(
        Evidence,
        condition=condition.id,
        kind=condition.kind,
        measure=condition.measure.value,
        at_least=condition.at_least,
        met=counted.value(condition) or 0,
        unit=condition.unit,
        window_days=condition.window_days if condition.falls is None else condition.earlier_days,
        first_at=from_ms(min(held.occurred_ms for _, held in named)),
        last_at=events[-1].occurred_at,
        agencies=tuple(sorted({held.agency for _, held in named})),
        may_tell_youth=all(held.may_tell for _, held in shown),
        narrowing=narrowing_of(condition, counted.compared(condition)),
        events=events,
        older_events=older,
    )
