"""The core made to tell what the reference engine tells, so that the two can be compared, history by history."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from random import Random
from typing import Any

from hub.contract.models import (
    ConsentRecord,
    ConsentStatus,
    CooperationRecord,
    Course,
    PoliceNotice,
    ReferralTask,
    RiskEvent,
    SchoolAbsence,
    Scope,
    TaskEvent,
    TaskState,
)
from hub.core.instants import from_ms, to_ms
from hub.core.rules import CompiledRules, compile_rules, parse_rules
from hub.core.state import YouthState, from_bytes, new_state, to_bytes
from hub.core.step import step, wake
from tests.reference import history as plain
from tests.reference.draw import around, draw_history
from tests.reference.draw_rules import EVERYTHING, draw_rules
from tests.reference.engine import Ground, Outcome, Proposal, people_s_rules, the_longest_window, what_stands
from tests.reference.shipped import the_shipped_rules
from tests.reference.telling import what_is_told

from .make import YOUTH, event_id
from .make_rules import SHIPPED

NO_TASK = "00000000-0000-4000-8000-00000000000f"
RULE_SETS = 16
"""Histories in a row that share a rule set, which is checked and compiled once."""


@lru_cache(maxsize=4)
def rules_of(lot: int) -> dict[str, Any]:
    """The plain rules of sixteen histories: every fourth lot has the shipped ones."""
    chance = Random(f"rules {lot}")
    return the_shipped_rules() if lot % 4 == 0 else draw_rules(chance, around(chance), EVERYTHING)


def history_of(seed: int) -> plain.History:
    """The history of a seed, over the rules of its lot."""
    lot = seed // RULE_SETS
    rules, chance = rules_of(lot), Random(f"rules {lot}")
    centre = around(chance if lot % 4 else Random(seed))
    return draw_history(Random(seed), rules, centre, answers=True)


def compiled(rules: dict[str, Any]) -> CompiledRules:
    """The core's rules: its own files for the shipped ones, so that a number changed in either copy is seen."""
    return compile_rules(SHIPPED if rules["version"] == "shipped" else parse_rules(rules))


def disagreements(history: plain.History, rules: CompiledRules) -> list[str]:
    """Where the core and the reference differ, in words."""
    return differences(history, told_by_the_core(history, rules), history.rules)


def differences(history: plain.History, told: Iterable[tuple[int, Outcome]], rules: dict[str, Any]) -> list[str]:
    """Where what the core told differs from what the reference says by these rules."""
    longest = max((the_longest_window(rule) for rule in people_s_rules(rules)), default=0)
    found = []
    for look, one in told:
        wanted = what_stands(rules, history.until(look), look)
        # What has left every window may be forgotten a little later.
        by_core = one._replace(held=tuple(row for row in one.held if row[3] > look - longest))
        found += [
            f"at {look} ({from_ms(look)}) {field}: the reference says\n  {_lines(ours)}\nthe core\n  {_lines(theirs)}"
            for field, ours, theirs in zip(Outcome._fields, wanted, by_core, strict=True)
            if ours != theirs
        ]
    return found


def told_by_the_core(history: plain.History, rules: CompiledRules) -> Iterable[tuple[int, Outcome]]:
    """What the core has open and holds at each look, stopped and started again before it, with all due wakes run."""
    state = new_state(YOUTH)
    tasks = Tasks()
    looks = list(history.looks)
    for arrival in [*history.arrivals, None]:
        while looks and (arrival is None or looks[0] < arrival.at):
            look = looks.pop(0)
            state = from_bytes(to_bytes(state))
            while state.wake_ms is not None and state.wake_ms <= look:  # as a worker does, and at no other time
                one = wake(state, rules, from_ms(state.wake_ms))
                state = one.state
                tasks.take(one.tasks)
            yield look, _outcome(state, rules, look)
        if arrival is not None:
            one = step(state, as_message(arrival.what, tasks), rules, from_ms(arrival.at))
            state = one.state
            tasks.take(one.tasks)


def told_otherwise(history: plain.History, rules: CompiledRules) -> list[str]:
    """Where the core tells teams something else than the reference as an event or an answer arrives, or believes that a team
    has a task which it has not got, or is done with; in words.
    """
    state, found = new_state(YOUTH), []
    tasks = Tasks()
    for place, arrival in enumerate(history.arrivals):
        now = from_ms(arrival.at)
        due = wake(state, rules, now)
        tasks.take(due.tasks)
        one = step(due.state, as_message(arrival.what, tasks), rules, now)
        tasks.answered(arrival.what)
        tasks.take(one.tasks)
        state = one.state
        astray = [rule for rule, episode in state.episodes.items() if tasks.open.get(rule) != episode.task_id]
        found += [f"as arrival {place} comes, no team has an open task of {rule}, though the core has one" for rule in astray]
        if isinstance(arrival.what, plain.Consent) or (isinstance(arrival.what, plain.Answer) and arrival.what.at < arrival.at):
            continue  # what a consent takes back is told only where somebody may still be told; a late answer may be of a past task
        wanted = what_is_told(history.rules, history.arrivals[:place], arrival)
        told = sorted((task.action.value, task.rule_id, task.team) for task in one.tasks)
        if told != wanted:
            found.append(f"as arrival {place} comes: the reference tells\n  {_lines(wanted)}\nthe core\n  {_lines(told)}")
    return found


class Tasks:
    """The tasks that teams were given: `open` are, by rule, those that were neither taken back nor declined or completed."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}
        self._given: list[tuple[int, str, str]] = []

    def take(self, emitted: Iterable[ReferralTask]) -> None:
        for task in emitted:
            if task.action.value == "open":
                self.open[task.rule_id] = task.task_id
                self._given.append((to_ms(task.created_at), task.rule_id, task.task_id))
            else:
                self.open.pop(task.rule_id, None)

    def of(self, rule: str, at: int) -> str:
        """The rule's task that a team had at an instant."""
        return next((task for given, whose, task in reversed(self._given) if whose == rule and given <= at), NO_TASK)

    def answered(self, what: plain.What) -> None:
        """A team ends its task with some answers; a late one may be of a task that was taken back long since."""
        ends = isinstance(what, plain.Answer) and what.state in {"rejected", "completed"}
        if ends and self.open.get(what.rule) == self.of(what.rule, what.at):
            del self.open[what.rule]


def _outcome(state: YouthState, rules: CompiledRules, now_ms: int) -> Outcome:
    held = (
        (kind, int(event[1:]), one.revision, one.occurred_ms, one.code, one.agency, one.minutes, one.offered, one.may_tell)
        for kind, event, one in state.held()
        if one.code
    )
    return Outcome(open_in(state, rules, now_ms), tuple(sorted(held)))


def open_in(state: YouthState, rules: CompiledRules, now_ms: int) -> tuple[Proposal, ...]:
    """What is open, with its ground as it is now: a state that has forgotten its episodes proposes them all afresh."""
    afresh = wake(replace(state, episodes={}), rules, from_ms(now_ms))
    proposals = tuple(sorted(map(_proposal, afresh.tasks)))
    standing = sorted((rule, episode.team) for rule, episode in state.episodes.items())
    if standing != [(one.rule, one.team) for one in proposals]:
        return tuple(Proposal(rule, team, ()) for rule, team in standing)  # no ground is told: it differs from any
    return proposals


def _proposal(task: ReferralTask) -> Proposal:
    ground = (
        Ground(one.condition, one.measure, one.met, one.agencies, to_ms(one.first_at), to_ms(one.last_at))
        for one in task.evidence
    )
    return Proposal(task.rule_id, task.team, tuple(ground))


WRITTEN_LAST = 4_000_000_000_000
"""A record of a history knows of every withdrawal there was: of two the greater version is the newer."""


def as_message(what: plain.What, tasks: Tasks | None = None) -> Any:
    """The same as a message on the bus; `tasks`: what teams were given, which an answer names."""
    match what:
        case plain.Consent():
            return ConsentRecord(
                youth_ref=YOUTH, version=what.version, status=ConsentStatus(what.status), age_years=what.age_years,
                age_valid_until=date.fromisoformat(what.age_valid_until) if what.age_valid_until else None, area=None,
                legal_basis="consent", scopes=tuple(map(_scope, what.scopes)), recorded_at=from_ms(WRITTEN_LAST),
            )  # fmt: skip
        case plain.Event():
            return _event(what)
        case plain.Cases():
            courses = tuple(Course(cooperation=one, since=date(2026, 1, 5)) for one in what.open)
            return CooperationRecord(youth_ref=YOUTH, recorded_at=from_ms(what.told_at), courses=courses)
        case plain.Answer():
            return TaskEvent(
                task_id=NO_TASK if tasks is None else tasks.of(what.rule, what.at), youth_ref=YOUTH, area=None, rule_id=what.rule, team=what.team,
                state=TaskState(what.state), reason=None, occurred_at=from_ms(what.at),
            )  # fmt: skip


def _scope(scope: plain.Scope) -> Scope:
    times = {name: getattr(scope, name) for name in ("valid_from", "valid_to", "withdrawn_at")}
    instants = {name: None if value is None else from_ms(value) for name, value in times.items()}
    return Scope.model_validate(vars(scope) | instants)


def _event(event: plain.Event) -> SchoolAbsence | PoliceNotice | RiskEvent:
    common: dict[str, Any] = {
        "youth_ref": YOUTH, "event_id": event_id(event.number), "revision": event.revision, "retracted": event.retracted,
        "agency": event.agency, "connector": "test", "occurred_at": from_ms(event.occurred_at),
        "recorded_at": from_ms(event.recorded_at),
    }  # fmt: skip
    match event.kind:
        case "school_absence":
            return SchoolAbsence(kind=event.code, minutes=event.minutes, offered_minutes=event.offered_minutes, **common)
        case "police_notice":
            return PoliceNotice(category=event.code, area=None, may_tell_youth=event.may_tell_youth, **common)
        case _:
            return RiskEvent(concern=event.code, area=None, **common)


def smallest(history: plain.History, differ: Callable[[plain.History], object]) -> plain.History:
    """A history in which they still differ, and no longer do when any one arrival or look is left out."""
    for field in ("looks", "arrivals"):
        place = 0
        while place < len(getattr(history, field)):
            rest = getattr(history, field)
            shorter = replace(history, **{field: rest[:place] + rest[place + 1 :]})
            if differ(shorter):
                history = shorter
            else:
                place += 1
    return history


def _lines(rows: Iterable[Any]) -> str:
    return "\n  ".join(map(str, rows)) or "nothing"
