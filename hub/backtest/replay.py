"""One youth's history through the core, once for every rule set, in one pass: what the hub would have proposed, and when.

Each event is stepped at the instant at which it was recorded, and what was due before is woken at its own instant, so that a
rule set proposes here what it would have proposed then. An event that no rule looks at, in any of its revisions, cannot change
that: where nobody's state can become full, it is not stepped. Most absences are excused, so it is most events.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from hub.contract.models import Action, PoliceNotice, ReferralTask, RiskEvent, SchoolAbsence
from hub.core.fold import kind_and_code
from hub.core.rules import CompiledRules
from hub.core.state import MAX_HELD, new_state
from hub.core.step import Step, YouthEvent, step, wake

__all__ = ["Proposal", "replay"]


class Proposal(NamedTuple):
    """A task that would have been proposed, and for how long it stood; `ended` is None when it stood to the end."""

    rule: str
    team: str
    function: str
    opened: datetime
    ended: datetime | None


def replay(
    youth_ref: str, events: Sequence[tuple[datetime, YouthEvent]], rule_sets: Sequence[CompiledRules], until: datetime
) -> list[list[Proposal]]:
    """The proposals of each rule set, in the order of opening. `events` as `timeline` gives them; what was recorded at `until`
    (aware) or later is left out, and what is due before it is woken.
    """
    runs = [_Run(youth_ref, rules) for rules in rule_sets]
    idle = _idle(events, rule_sets) if len(events) <= MAX_HELD else ()
    for at, event in events:
        if at >= until:
            break
        if getattr(event, "event_id", None) not in idle:
            for run in runs:
                run.feed(event, at)
    for run in runs:
        run.pass_to(until)
    return [run.proposals() for run in runs]


def _idle(events: Sequence[tuple[datetime, YouthEvent]], rule_sets: Sequence[CompiledRules]) -> Collection[str]:
    """The events about the person that no rule can count, in any of their revisions, by id."""
    known = set().union(*(rules.touched for rules in rule_sets))
    idle: set[str] = set()
    counts: set[str] = set()
    for _, event in events:
        if isinstance(event, (SchoolAbsence, PoliceNotice, RiskEvent)):
            (counts if kind_and_code(event) in known else idle).add(event.event_id)
    return idle - counts


class _Run:
    """One youth under one rule set."""

    def __init__(self, youth_ref: str, rules: CompiledRules) -> None:
        self._rules = rules
        self._state = new_state(youth_ref)
        self._wake_at: datetime | None = None
        self._open: dict[str, ReferralTask] = {}
        self._done: list[tuple[datetime, str, Proposal]] = []

    def feed(self, event: YouthEvent, at: datetime) -> None:
        if self._wake_at is not None and self._wake_at <= at:
            self.pass_to(at)
        self._take(step(self._state, event, self._rules, at), at)

    def pass_to(self, at: datetime) -> None:
        while (due := self._wake_at) is not None and due <= at:
            self._take(wake(self._state, self._rules, due), due)
            assert self._wake_at is None or self._wake_at > due, "time passes"

    def proposals(self) -> list[Proposal]:
        standing = [(task.created_at, task_id, _proposal(task, None)) for task_id, task in self._open.items()]
        return [one for _, _, one in sorted([*self._done, *standing], key=lambda one: one[:2])]

    def _take(self, done: Step, at: datetime) -> None:
        before, self._state, self._wake_at = self._state, done.state, done.wake_at
        for task in done.tasks:
            if task.action is Action.OPEN:
                self._open[task.task_id] = task
        if self._open and done.state.episodes is not before.episodes:
            standing = {episode.task_id for episode in done.state.episodes.values()}
            for task_id in self._open.keys() - standing:
                task = self._open.pop(task_id)
                self._done.append((task.created_at, task_id, _proposal(task, at)))


def _proposal(task: ReferralTask, ended: datetime | None) -> Proposal:
    return Proposal(task.rule_id, task.team, task.function, task.created_at, ended)
