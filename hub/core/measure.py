"""What the held events amount to: one pass per selection, shared by all conditions that look at the same events.

An event counts for a condition iff its `occurred_at` lies in (now - window, now]. The window is n x 24 hours on the UTC
line: a change to summer time neither lengthens nor shortens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from hub.contract.models import Evidence
from hub.core.coverage import Coverage
from hub.core.instants import from_ms, stockholm_day
from hub.core.rule_set import Measure
from hub.core.rules import CompiledCondition, CompiledRule, CompiledRules
from hub.core.state import Events, Held

__all__ = ["Counted", "Members", "evidence_of", "lapse_of", "value_of"]

Members = Sequence[Held]
_OCCURRED = attrgetter("occurred_ms")


class Counted:
    """The events of one youth as counted at one instant."""

    def __init__(self, events: Events, rules: CompiledRules, now_ms: int) -> None:
        self._events = events
        self._rules = rules
        self._now_ms = now_ms
        self._members: dict[int, Members] = {}

    def members(self, condition: CompiledCondition) -> Members:
        """The events that count for a condition."""
        found = self._members.get(condition.selection)
        if found is None:
            selection = self._rules.selections[condition.selection]
            rows = self._events.get(selection.kind, {})
            now_ms, edge, codes = self._now_ms, self._now_ms - selection.window_ms, selection.codes
            found = [held for held in rows.values() if edge < held.occurred_ms <= now_ms and held.code in codes]
            self._members[condition.selection] = found
        return found

    def holding(self, rule: CompiledRule) -> bool:
        """Whether all conditions hold, whoever may be told."""
        for condition in rule.conditions:  # noqa: SIM110 - the hot path: no generator
            if value_of(condition.measure, self.members(condition)) < condition.at_least:
                return False
        return True

    def suffices(self, rule: CompiledRule, members: Sequence[Members]) -> bool:
        """Whether these events meet all conditions of a rule that holds when everything counts."""
        return all(
            counted is self.members(condition) or value_of(condition.measure, counted) >= condition.at_least
            for condition, counted in zip(rule.conditions, members, strict=True)
        )

    def tellable(self, rule: CompiledRule, coverage: Coverage) -> list[Members]:
        """The events under each condition that a recipient may be told of, whether the condition holds or not."""
        found: list[Members] = []
        for condition in rule.conditions:
            members = self.members(condition)
            spans = {agency: coverage.spans(condition.kind, agency) for agency in {held.agency for held in members}}
            told = [held for held in members for start, end in spans[held.agency] if start <= held.occurred_ms < end]
            found.append(members if len(told) == len(members) else told)
        return found


def value_of(measure: Measure, members: Members) -> int:
    """Minutes, events or distinct Swedish calendar days."""
    if measure is Measure.MINUTES:
        return sum([held.minutes for held in members])
    if measure is Measure.COUNT:
        return len(members)
    return len({stockholm_day(held.occurred_ms) for held in members})


def evidence_of(condition: CompiledCondition, members: Members) -> Evidence:
    """The number that met (or no longer meets) a condition; `members` must not be empty."""
    return Evidence(
        condition=condition.id,
        kind=condition.kind,
        measure=condition.measure.value,
        at_least=condition.at_least,
        met=value_of(condition.measure, members),
        unit=condition.unit,
        window_days=condition.window_days,
        first_at=from_ms(min(held.occurred_ms for held in members)),
        last_at=from_ms(max(held.occurred_ms for held in members)),
        agencies=tuple(sorted({held.agency for held in members})),
        may_tell_youth=all(held.may_tell for held in members),
    )


def lapse_of(condition: CompiledCondition, members: Members) -> int:
    """When a condition that holds now ceases to, if nothing more happens: as the newest that suffice begin to leave."""
    total = 0
    days: set[int] = set()
    for held in sorted(members, key=_OCCURRED, reverse=True):
        if condition.measure is Measure.MINUTES:
            total += held.minutes
        elif condition.measure is Measure.COUNT:
            total += 1
        else:
            days.add(stockholm_day(held.occurred_ms))
            total = len(days)
        if total >= condition.at_least:
            return held.occurred_ms + condition.window_ms
    raise ValueError("the condition does not hold")
