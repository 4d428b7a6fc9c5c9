"""What a state rebuilt from the topics still has to say: exactly what its receivers lack.

A rebuilt state finds the same episodes as the lost one, but opened by other events, at another time: under other ids. So what
was said of the subject's tasks, and what became of them, decides (`Known`), by rule and team or week:

* an open task is known: nothing is said, and the episode takes over its id, so that lost ground names the right task;
* a task was said of which nobody has spoken: it is said again under its own id (on its way it is a repeat, lost it is not);
* nothing is open: the episode's task is missing, and said under an id that no task has had.

What is open at the receivers without an episode stays: it ended silently, by age, or its team has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from hub.contract.ids import task_id
from hub.contract.models import Action, PresenceTask, ReferralTask, TaskEvent, TaskState
from hub.core.instants import to_ms
from hub.core.rules import CompiledRules
from hub.core.state import Spent, YouthState, opened_as, opened_by
from hub.core.step import Step, wake

__all__ = ["Known", "TaskMessage", "adopt", "missing", "resume"]

TaskMessage: TypeAlias = ReferralTask | PresenceTask | TaskEvent
_OPEN = frozenset({TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS})


class _Said(NamedTuple):
    """The worker's latest word; `again`: it followed one of lost ground."""

    action: Action
    task_id: str
    again: bool


class _Told(NamedTuple):
    """Delivery's latest word."""

    at_ms: int
    task_id: str
    is_open: bool


@dataclass(slots=True)
class Known:
    """What is known of one subject's tasks, by `rule|team` (of an area: `rule|week`). `hear` each topic in its own order."""

    said: dict[str, _Said] = field(default_factory=dict)
    told: dict[str, _Told] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    """Every id that a task has had."""
    spoken_of: set[str] = field(default_factory=set)
    """Every id that delivery has spoken of."""

    def hear(self, message: TaskMessage) -> None:
        """Take in one message; the latest word counts: the worker's by order, delivery's by its instant."""
        self.used.add(message.task_id)
        if isinstance(message, TaskEvent):
            self.spoken_of.add(message.task_id)
            place, at_ms = f"{message.rule_id}|{message.team}", to_ms(message.occurred_at)
            known = self.told.get(place)
            if known is None or at_ms >= known.at_ms:
                self.told[place] = _Told(at_ms, message.task_id, message.state in _OPEN)
            return
        place = f"{message.rule_id}|{message.week if isinstance(message, PresenceTask) else message.team}"
        before = self.said.get(place)
        if message.action is Action.GROUND_LOST:
            again = False
        elif before is not None and before.task_id == message.task_id:
            again = before.again  # a repeat
        else:
            again = before is not None and before.action is Action.GROUND_LOST
        self.said[place] = _Said(message.action, message.task_id, again)

    def standing(self, place: str) -> str | None:
        """The id on which an open task of that place stands at its receivers; None: they have none, or one without ground.

        A task said after lost ground reinstates the open one, which then stands on it; any other beside it is absorbed.
        """
        told, said = self.told.get(place), self.said.get(place)
        if told is None or not told.is_open:
            return None
        if said is None:
            return told.task_id
        if said.action is Action.GROUND_LOST:
            return None
        return said.task_id if said.again else told.task_id

    def open_said(self, place: str) -> str | None:
        """The id of the task that was said last, unless its ground was lost."""
        said = self.said.get(place)
        return None if said is None or said.action is not Action.OPEN else said.task_id

    def unanswered(self, place: str) -> str | None:
        """The id of the task that was said last, if delivery has not spoken of it."""
        said = self.open_said(place)
        return None if said in self.spoken_of else said


def resume(state: YouthState, known: Known, rules: CompiledRules, now: datetime) -> Step:
    """Bring a rebuilt state up to `now` (aware), take over what is known to be open, and say what is missing.

    Again on its own result, with the words that followed from it heard, it says nothing more.
    """
    until_ms = to_ms(now) + rules.longest_ms
    current = _with_used_ids(wake(state, rules, now).state, known, rules, until_ms)
    for rule_id, episode in current.episodes.items():
        standing = known.standing(f"{rule_id}|{episode.team}")
        if standing is not None:
            current = adopt(current, rule_id, standing)
    return missing(current, known, rules, now)


def adopt(state: YouthState, rule_id: str, identity: str) -> YouthState:
    """The state whose episode of that rule has this task; the same object when it has it already."""
    episode = state.episodes[rule_id]
    if episode.task_id == identity:
        return state
    return replace(state, episodes={**state.episodes, rule_id: episode._replace(task_id=identity)})


def missing(state: YouthState, known: Known, rules: CompiledRules, now: datetime) -> Step:
    """Open anew, at `now`, each episode of which the receivers have no open task; the others stay as they are."""
    kept = {rule: one for rule, one in state.episodes.items() if known.standing(f"{rule}|{one.team}") is not None}
    if len(kept) == len(state.episodes):
        return Step(state)
    opened = wake(replace(state, episodes=kept), rules, now)
    current, tasks = opened.state, list[ReferralTask]()
    for task in opened.tasks:
        again = known.unanswered(f"{task.rule_id}|{task.team}")
        if again is not None:
            current = adopt(current, task.rule_id, again)
        tasks.append(task if again is None else task.model_copy(update={"task_id": again}))
    return Step(current, tuple(tasks))


def _with_used_ids(state: YouthState, known: Known, rules: CompiledRules, until_ms: int) -> YouthState:
    """The state that gives no task an id that one has had: which openings are spent was lost with the former state."""
    spent: Mapping[str, Spent] = state.spent
    for rule_id, opener in _openings(state, known, rules):
        times, key = 0, f"{rule_id}|{opener}"
        while task_id(state.youth_ref, rule_id, opened_as(opener, times)) in known.used:
            times += 1
        if times > (spent[key].times if key in spent else 0):
            spent = {**spent, key: Spent(times, until_ms)}
    return state if spent is state.spent else replace(state, spent=spent)


def _openings(state: YouthState, known: Known, rules: CompiledRules) -> Iterator[tuple[str, str]]:
    """Whatever may have opened a task that is known, and can again: (rule, opener)."""
    for rule_id in {place.partition("|")[0] for place in (*known.said, *known.told)} & rules.by_id.keys():
        rule = rules.by_id[rule_id]
        ends = {f"?{route.team}" if route.fallback else "" for route in rule.routes}
        for kind in rule.kinds:
            rows = state.events.get(kind, {})
            yield from ((rule_id, opened_by(event_id, held.revision) + end) for event_id, held in rows.items() for end in ends)
