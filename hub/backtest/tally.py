"""What is counted of replayed youths. Tallies of parts add up to the tally of the whole, whoever counted them.

A tally holds small numbers: it stays in memory, and only what `hub.backtest.published` makes of it is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from typing import NamedTuple

from hub.backtest.history import YouthHistory, newest_consent, school_of, timeline, usable
from hub.backtest.replay import Proposal, replay
from hub.core.instants import stockholm_week, to_ms
from hub.core.rules import CompiledRules

__all__ = ["Kind", "Plan", "Tally", "TaskCell", "count_youth", "paired"]


_LATE = timedelta(days=14)


class Kind(StrEnum):
    """Whose a task is, and whether the other rules propose one beside it."""

    BOTH = "both"
    """The candidate's; the active rules have one of the same rule and youth that stands at some instant of it."""
    NEW = "new"
    """The candidate's alone."""
    KEPT = "kept"
    """The active rules'; the candidate has one beside it."""
    GONE = "gone"
    """The active rules' alone."""

    @property
    def candidate(self) -> bool:
        """Whether it counts as the candidate's load, else as the active rules'."""
        return self in (Kind.BOTH, Kind.NEW)


class TaskCell(NamedTuple):
    """Tasks are counted by this; `week` is ISO, of the opening, in Sweden."""

    kind: Kind
    team: str
    function: str
    rule: str
    week: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: the rules, and from when to when (aware, half-open) proposals are counted. All earlier history is
    replayed too, so that windows are full.
    """

    candidate: CompiledRules
    active: CompiledRules
    since: datetime | None
    until: datetime
    at_once: bool = False
    """Whether events are taken as told when they occurred (`timeline`)."""


@dataclass(slots=True)
class Tally:
    """Counts over youths. `left_out`: those whose history was not read, by reason; `refused`: records that were none or may not
    stand there, by reason; `late`: events recorded more than two weeks after they occurred. `events`, `first` and `last` are of
    all that was read, whatever time is asked for: else two runs would tell what lies between their ends.
    """

    youths: int = 0
    events: int = 0
    late: int = 0
    first: datetime | None = None
    last: datetime | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    tasks: Counter[TaskCell] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    overlap: Counter[tuple[str, str]] = field(default_factory=Counter)
    schools: Counter[str] = field(default_factory=Counter)
    areas: Counter[str] = field(default_factory=Counter)
    by_school: Counter[tuple[str, str]] = field(default_factory=Counter)
    by_area: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Take in another's counts."""
        self.youths += other.youths
        self.events += other.events
        self.late += other.late
        self.first = min((one for one in (self.first, other.first) if one is not None), default=None)
        self.last = max((one for one in (self.last, other.last) if one is not None), default=None)
        for mine, theirs in zip(self._counters(), other._counters(), strict=True):
            mine.update(theirs)

    def _counters(self) -> tuple[Counter[object], ...]:
        return (  # type: ignore[return-value] # of keys of one kind each
            self.left_out, self.refused, self.tasks, self.by_rule, self.overlap,
            self.schools, self.areas, self.by_school, self.by_area,
        )  # fmt: skip


def count_youth(history: YouthHistory, plan: Plan, tally: Tally) -> None:
    """Replay one history under both rule sets and add what came out."""
    reason = usable(history)
    if reason:
        tally.left_out[reason] += 1
        return
    events = timeline(history, at_once=plan.at_once)
    candidate, active = replay(history.youth_ref, events, (plan.candidate, plan.active), plan.until)
    both, kept = paired(candidate, active)
    _count_tasks(tally, plan, candidate, both, (Kind.NEW, Kind.BOTH))
    _count_tasks(tally, plan, active, kept, (Kind.GONE, Kind.KEPT))
    tally.youths += 1
    tally.events += len(events)
    tally.late += sum(one.recorded_at - one.occurred_at > _LATE for one in history.facts())
    if events:
        tally.first = min(tally.first or events[0][0], events[0][0])
        tally.last = max(tally.last or events[-1][0], events[-1][0])
    _count_persons(tally, history, sorted({one.rule for one in candidate if _counts(one, plan)}))


def paired(candidate: Sequence[Proposal], active: Sequence[Proposal]) -> tuple[set[int], set[int]]:
    """The places in either list of tasks beside which the other has one of the same rule that stands at a common instant.

    Not one for one: where looser rules have one long task, stricter ones may have two short ones, and neither is missing.
    """
    ours: set[int] = set()
    theirs: set[int] = set()
    for place, mine in enumerate(candidate):
        for other, one in enumerate(active):
            if one.rule == mine.rule and _meet(mine, one):
                ours.add(place)
                theirs.add(other)
    return ours, theirs


def _meet(one: Proposal, other: Proposal) -> bool:
    return (one.ended is None or other.opened <= one.ended) and (other.ended is None or one.opened <= other.ended)


def _counts(one: Proposal, plan: Plan) -> bool:
    return plan.since is None or one.opened >= plan.since


def _count_tasks(tally: Tally, plan: Plan, found: Sequence[Proposal], matched: set[int], kinds: tuple[Kind, Kind]) -> None:
    for place, one in enumerate(found):
        if _counts(one, plan):
            week = stockholm_week(to_ms(one.opened))
            tally.tasks[TaskCell(kinds[place in matched], one.team, one.function, one.rule, week)] += 1


def _count_persons(tally: Tally, history: YouthHistory, rules: Sequence[str]) -> None:
    consent = newest_consent(history)
    area, school = (consent.area if consent is not None else None) or "", school_of(history)
    tally.areas[area] += 1
    tally.schools[school] += 1
    for rule in rules:
        tally.by_rule[rule] += 1
        tally.by_school[rule, school] += 1
        tally.by_area[rule, area] += 1
    tally.overlap.update(combinations(rules, 2))
