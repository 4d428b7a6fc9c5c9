"""What a state rebuilt from the topics still has to say: exactly what its receivers lack.

A rebuilt state finds the same episodes as the lost one, but opened by other events, at another time: under other ids. So what
was said of the subject's tasks, and what became of them, decides (`Known`), by rule and team or week:

* an open task is known: nothing is said, and the episode takes over its id, so that lost ground names the right task;
* a task was said of which nobody has spoken: it is said again under its own id (on its way it is a repeat, lost it is not);
* nothing is open: the episode's task is missing, and said under an id that no task has had;
* a task is open, or on its way, and the rule has no episode: that its ground is lost is told, if it was taken back
  (`hub.core.taken_back`): nobody told it while the state was rebuilt. What ended by itself, in silence, stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from hub.contract.models import Action, PresenceTask, ReferralTask, TaskEvent, TaskState
from hub.core.episodes import Reconciler
from hub.core.instants import next_midnight, to_ms
from hub.core.look import Cause, Instant
from hub.core.measure import Counted
from hub.core.rules import CompiledRules
from hub.core.spent import had_before
from hub.core.state import Episode, YouthState
from hub.core.step import Step, wake
from hub.core.taken_back import Ground, ground_of, was_taken_back

__all__ = ["Known", "TaskMessage", "adopt", "missing", "resume"]

TaskMessage: TypeAlias = ReferralTask | PresenceTask | TaskEvent
_OPEN = frozenset({TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS})


class _Said(NamedTuple):
    """The worker's latest word; `again`: it followed one of lost ground. `since` orders what was said of one rule to several
    teams, on several topics: by when, then by the consent. `ground`: of a youth's task, while it has any.
    """

    action: Action
    task_id: str
    again: bool
    since: tuple[int, int]
    ground: Ground | None = None


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
    used: dict[str, str] = field(default_factory=dict)
    """Every id that a task has had, with its rule."""
    weeks: dict[str, PresenceTask] = field(default_factory=dict)
    """Of an area: the latest word on each task that was said, by place."""
    spoken_of: set[str] = field(default_factory=set)
    """Every id that delivery has spoken of."""

    def hear(self, message: TaskMessage) -> None:
        """Take in one message; the latest word counts: the worker's by order, delivery's by its instant."""
        self.used[message.task_id] = message.rule_id
        if isinstance(message, TaskEvent):
            self.spoken_of.add(message.task_id)
            place, at_ms = f"{message.rule_id}|{message.team}", to_ms(message.occurred_at)
            known = self.told.get(place)
            if known is None or at_ms >= known.at_ms:
                self.told[place] = _Told(at_ms, message.task_id, message.state in _OPEN)
            return
        if isinstance(message, PresenceTask):
            place, consent = f"{message.rule_id}|{message.week}", 0
            self.weeks[place] = message
        else:
            place, consent = f"{message.rule_id}|{message.team}", message.consent_version
        before = self.said.get(place)
        if message.action is Action.GROUND_LOST:
            again = False
        elif before is not None and before.task_id == message.task_id:
            again = before.again  # a repeat
        else:
            again = before is not None and before.action is Action.GROUND_LOST
        ground = ground_of(message) if isinstance(message, ReferralTask) and message.action is Action.OPEN else None
        self.said[place] = _Said(message.action, message.task_id, again, (to_ms(message.created_at), consent), ground)

    def standing(self, place: str) -> str | None:
        """The id on which an open task of that place stands at its receivers; None: they have none, or one without ground.

        A task said after lost ground reinstates the open one, which then stands on it; any other beside it is absorbed. One that
        was said to another team since has taken its ground (`hub.delivery.rows.open_key`).
        """
        told, said = self.told.get(place), self.said.get(place)
        if told is None or not told.is_open:
            return None
        if said is None:
            return told.task_id
        if said.action is Action.GROUND_LOST or self._has_been_passed_on(place, said):
            return None
        return said.task_id if said.again else told.task_id

    def _has_been_passed_on(self, place: str, said: _Said) -> bool:
        rule = f"{place.partition('|')[0]}|"
        return any(
            other != place and other.startswith(rule) and one.action is Action.OPEN and one.since > said.since
            for other, one in self.said.items()
        )

    def on_its_way(self, place: str) -> str | None:
        """The id of the task that was said last, if delivery has not spoken of it and no other team was asked since."""
        said = self.said.get(place)
        return None if said is None or self._has_been_passed_on(place, said) else self.unanswered(place)

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
    woken = wake(state, rules, now).state
    if woken.empty or woken.withdrawn:
        return Step(woken)
    current = _with_used_ids(woken, known, to_ms(now) + rules.longest_ms)
    for rule_id, episode in current.episodes.items():
        standing = known.standing(f"{rule_id}|{episode.team}")
        if standing is not None:
            current = adopt(current, rule_id, standing)
    lost = _taken_back(current, known, rules, now)
    done = missing(current, known, rules, now)
    return Step(done.state, (*lost, *done.tasks)) if lost else done


def _taken_back(state: YouthState, known: Known, rules: CompiledRules, now: datetime) -> list[ReferralTask]:
    """That ground is lost, of each task that is open or on its way while its rule has no episode. Their ids are used already."""
    at_ms, episodes = to_ms(now), dict[str, Episode]()
    for place, said in known.said.items():
        rule = rules.by_id.get(place.partition("|")[0])
        identity = known.standing(place) or known.on_its_way(place)
        if rule is None or rule.id in state.episodes or identity is None or said.ground is None:
            continue
        if was_taken_back(said.ground, rule, rules, state, at_ms):
            episodes[rule.id] = said.ground.episode._replace(task_id=identity)
    touched = [rules.by_id[rule_id] for rule_id in episodes]
    when, reach = Instant(at_ms, now, Cause.EVENT, touched=touched), state.reach
    if not touched or reach is None:
        return []
    counted = Counted(state.events, at_ms)
    work = Reconciler(replace(state, episodes=episodes), rules, when, reach=reach, counted=counted, answers=state.answers)
    work.run()
    return [one for one in work.said if isinstance(one, ReferralTask)]


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


def _with_used_ids(state: YouthState, known: Known, until_ms: int) -> YouthState:
    """The state that gives no task an id that one has had: which openings are spent was lost with the former state.

    By the ids themselves: what opened them need not be held now, and may be told again later.
    """
    spent = had_before(state.spent, known.used, until_ms)
    if spent is state.spent:
        return state
    forgets = next_midnight(until_ms)
    return replace(state, spent=spent, wake_ms=forgets if state.wake_ms is None else min(state.wake_ms, forgets))
