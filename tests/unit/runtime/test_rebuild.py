"""A partition that begins with nothing while its topics hold records: silence until their ends, then exactly what is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from hub.contract.models import Action, PresenceTask, ReferralTask, TaskEvent, TaskState
from hub.contract.topics import (
    CONSENTS,
    PLACE_EVENTS,
    PRESENCE_TASKS,
    SCHOOL_ABSENCES,
    TASK_EVENTS,
    TASKS_OUTREACH,
)
from hub.core.place import place_from_bytes
from hub.core.state import from_bytes
from hub.errors import RetriableError
from hub.kafka import Outgoing
from hub.runtime import work as works
from hub.runtime.driver import Driver
from hub.runtime.effects import META_KEY, Program
from hub.runtime.gauges import Gauges
from hub.runtime.guard import Guard
from hub.runtime.lane import Lane
from hub.runtime.ledger import PartitionRecord
from hub.runtime.limits import Limit
from hub.runtime.pipeline import Pipeline
from hub.runtime.places import PlaceProgram
from hub.runtime.progress import Progress
from hub.runtime.rulebook import Rulebook
from hub.runtime.runs import run_of
from hub.runtime.transport import LogRecord
from hub.runtime.work import Work
from hub.runtime.youths import YouthProgram
from tests.unit.core.make import ago, make_absence, make_consent, make_place_event
from tests.unit.core.make_rules import ALWAYS
from tests.unit.runtime.fakes import CHANGELOG, CLAIMS, CODEC, MemoryLog, make_clock, make_owned, until
from tests.unit.runtime.test_driver import Brake, make_driver

RULE = "absence-alone"
AREAS = Rulebook(exposed_areas={"0581-hageby": ALWAYS})
YOUTHS = [f"y{number:032x}" for number in range(1, 8)]
FIRST, SECOND, *_ = YOUTHS


class Kafka(MemoryLog):
    """Dies at the append after the next `left` ones to the changelog; `left` None: never."""

    left: int | None = None

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self.left is not None and records and records[0].topic == CHANGELOG:
            if self.left == 0:
                raise RetriableError("killed")
            self.left -= 1
        return await super().append(records)

    def copy(self) -> Kafka:
        twin = Kafka()
        for where, rows in self.topics.items():
            twin.topics[where] = list(rows)
        return twin


class Scene:
    """Workers that come and go on one Kafka, each with a folder of its own: nothing is left of the last but the topics."""

    def __init__(self, folder: Path, log: Kafka | None = None) -> None:
        self._folder = folder
        self.log = log or Kafka()
        self.clock = make_clock()
        self.program: Program = YouthProgram(CODEC, CLAIMS)
        self.lane: Lane
        self._workers = 0

    async def begin(self) -> None:
        self._workers += 1
        owned = make_owned(self._folder / str(self._workers), self.log, rulebook=AREAS)
        await owned.restore(self._workers)
        consents = CONSENTS.name if CONSENTS.name in self.program.topics else None
        guard = Guard(owned, Limit(), self.clock)
        work = Work(owned, Pipeline(self.program, owned, CODEC, self.clock, AREAS), self.log, guard, consents=consents)
        self.lane = Lane(owned, work, clock=self.clock, flow=Brake())
        self.lane.start()

    async def ready(self) -> None:
        await self.begin()
        await until(lambda: self.lane.ready or (self.lane.task and self.lane.task.done()))
        assert self.lane.ready

    async def dies(self, left: int) -> None:
        """A worker that is killed at one of its commits."""
        self.log.left = left
        await self.begin()
        assert self.lane.task is not None
        with pytest.raises(RetriableError):
            await self.lane.task
        self.log.left = None
        self.lane.owned.close()

    async def loses_everything(self) -> None:
        await self.lane.close(1.0)
        self.log.topics.pop((CHANGELOG, 0), None)

    async def fold(self, *events: Any) -> None:
        """What comes while the worker works."""
        for event in events:
            self.lane.put(run_of(self.log.put(SCHOOL_ABSENCES, event)))
        await until(lambda: not self.lane.in_flight)

    def deliver(self) -> None:
        """Delivery takes every task that it has not: one open task at most for each youth and rule."""
        for task in self.tasks():
            if task.action is Action.OPEN and not self.is_open(task.youth_ref):
                self.tell(task, TaskState.RECEIVED)
            elif task.action is Action.GROUND_LOST and self.is_open(task.youth_ref):
                self.tell(task, TaskState.RECALLED)

    def is_open(self, youth: str) -> bool:
        words = [event for event in self.log.values(TASK_EVENTS) if event.youth_ref == youth]
        return bool(words) and words[-1].state is TaskState.RECEIVED

    def tell(self, task: ReferralTask, state: TaskState) -> None:
        told = TaskEvent(
            task_id=task.task_id, youth_ref=task.youth_ref, area=None, rule_id=task.rule_id, team=task.team, state=state,
            reason=None, occurred_at=self.clock.now(),
        )  # fmt: skip
        self.log.put(TASK_EVENTS, told)

    def tasks(self) -> list[Any]:
        return self.log.values(TASKS_OUTREACH)

    def episode(self, youth: str) -> Any:
        value = self.lane.owned.get(youth.encode())
        assert value is not None
        return from_bytes(value).episodes.get(RULE)


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(story: Callable[[Scene], Awaitable[None]]) -> None:
        async def whole() -> None:
            scene = Scene(tmp_path)
            await story(scene)
            await scene.lane.close(1.0)

        asyncio.run(whole())

    return run


def consent(scene: Scene, *youths: str) -> None:
    for youth in youths:
        scene.log.put(CONSENTS, make_consent().model_copy(update={"youth_ref": youth}))


def absent(youth: str, number: int = 1, minutes: int = 480, **changes: Any) -> Any:
    # Their identities tell the youths apart.
    return make_absence(f"{youth[-4:]}{number}", ago(2), minutes, **changes).model_copy(update={"youth_ref": youth})


def retracted(youth: str, number: int = 1) -> Any:
    return absent(youth, number, revision=2, retracted=True)


def test_nothing_is_said_before_the_ends_of_the_topics_and_then_what_is_missing(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST, SECOND)
        for event in (absent(FIRST), absent(FIRST, 2, 60), absent(SECOND)):
            scene.log.put(SCHOOL_ABSENCES, event)
        before = REGISTRY.get_sample_value("hub_worker_tasks_held_back_total") or 0
        await scene.ready()
        assert [(task.youth_ref, task.action) for task in scene.tasks()] == [(FIRST, Action.OPEN), (SECOND, Action.OPEN)]
        assert REGISTRY.get_sample_value("hub_worker_tasks_held_back_total") == before + 2
        first_task = scene.log.history.index(f"append {TASKS_OUTREACH.name}")
        assert f"read {SCHOOL_ABSENCES.name}" in scene.log.history[:first_task]
        assert f"read {SCHOOL_ABSENCES.name}" not in scene.log.history[first_task:]
        assert scene.lane.owned.rebuilding is None
        assert scene.lane.owned.record.imbalance() == {}

    play(story)


def test_a_task_that_opened_and_ended_on_the_way_is_never_said(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        for event in (absent(FIRST), retracted(FIRST)):
            scene.log.put(SCHOOL_ABSENCES, event)
        await scene.ready()
        assert scene.tasks() == []
        await scene.fold(absent(FIRST, 2))
        assert [task.action for task in scene.tasks()] == [Action.OPEN]

    play(story)


def test_an_open_task_is_adopted_and_the_same_one_loses_its_ground(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        await scene.ready()
        await scene.fold(absent(FIRST, 1, 240), absent(FIRST, 2, 240), absent(FIRST, 3, 60))
        scene.deliver()
        [task] = scene.tasks()
        await scene.loses_everything()
        scene.clock.advance(timedelta(hours=1))
        await scene.ready()
        assert scene.tasks() == [task]
        assert scene.episode(FIRST).task_id == task.task_id
        await scene.fold(retracted(FIRST, 1), retracted(FIRST, 3))
        assert [(one.action, one.task_id) for one in scene.tasks()[1:]] == [(Action.GROUND_LOST, task.task_id)]

    play(story)


def test_a_retraction_that_no_worker_had_read_takes_the_open_task_back_once(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        await scene.ready()
        await scene.fold(absent(FIRST))
        scene.deliver()
        [task] = scene.tasks()
        await scene.loses_everything()
        scene.log.put(SCHOOL_ABSENCES, retracted(FIRST))
        await scene.ready()
        assert [(one.action, one.task_id) for one in scene.tasks()[1:]] == [(Action.GROUND_LOST, task.task_id)]
        scene.deliver()
        await scene.loses_everything()
        await scene.ready()
        assert len(scene.tasks()) == 2

    play(story)


def test_a_declined_task_stays_declined(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        await scene.ready()
        await scene.fold(absent(FIRST))
        scene.deliver()
        scene.clock.advance(timedelta(hours=1))
        scene.tell(scene.tasks()[0], TaskState.REJECTED)
        await scene.loses_everything()
        await scene.ready()
        assert len(scene.tasks()) == 1
        assert scene.episode(FIRST) is None

    play(story)


def crowd(scene: Scene) -> None:
    """Of seven, the odd ones' tasks are open at their teams; the last one's ended."""
    consent(scene, *YOUTHS)
    for youth in YOUTHS:
        scene.log.put(SCHOOL_ABSENCES, absent(youth))
    scene.log.put(SCHOOL_ABSENCES, retracted(YOUTHS[-1]))


def test_a_kill_at_any_commit_repeats_nothing_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "BATCH", 2)
    monkeypatch.setattr(works, "_SPAN", 2)
    expected = set(YOUTHS[:-1:2])

    async def story() -> None:
        source = Scene(tmp_path / "source")
        crowd(source)
        await source.ready()
        for task in source.tasks():
            if task.youth_ref not in expected:
                source.tell(task, TaskState.RECEIVED)
        await source.lane.close(1.0)
        for where in ((CHANGELOG, 0), (TASKS_OUTREACH.name, 0)):
            source.log.topics.pop(where)
        for commits in range(1, 13):
            scene = Scene(tmp_path / str(commits), source.log.copy())
            await scene.dies(commits)
            said = {task.youth_ref for task in scene.tasks()}
            assert said <= expected
            await scene.ready()
            ids = {task.task_id for task in scene.tasks()}
            assert {task.youth_ref for task in scene.tasks()} == expected
            assert len(ids) == len(expected), "a repeat has the id of what it repeats"
            assert len(scene.tasks()) <= len(expected) + 1, "only the chunk at hand is said again"
            assert scene.lane.owned.rebuilding is None
            assert scene.lane.owned.record.imbalance() == {}
            await scene.lane.close(1.0)

    asyncio.run(story())


def test_what_comes_between_a_kill_and_the_rest_of_the_pass_is_said(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "BATCH", 2)
    monkeypatch.setattr(works, "_SPAN", 2)

    async def story(scene: Scene) -> None:
        consent(scene, *YOUTHS)
        scene.log.put(SCHOOL_ABSENCES, absent(YOUTHS[-1]))
        # The claim, seven consents and one event in chunks of two, the first chunk of the pass: the next dies.
        await scene.dies(7)
        record = newest_record(scene.log)
        assert record.rebuilding is not None
        assert record.rebuilding.through == YOUTHS[1]
        scene.log.put(SCHOOL_ABSENCES, absent(FIRST))  # behind it
        await scene.ready()
        await scene.fold(absent(SECOND))
        assert [task.youth_ref for task in scene.tasks()] == [YOUTHS[-1], FIRST, SECOND]

    play(story)


def newest_record(log: MemoryLog) -> PartitionRecord:
    rows = [row for row in log.topics[CHANGELOG, 0] if row is not None and row.key == META_KEY]
    return PartitionRecord.from_bytes(rows[-1].value)


def test_a_new_installation_says_at_once_what_it_always_said(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)  # and nothing about anybody yet
        await scene.ready()
        assert scene.lane.owned.rebuilding is None
        assert newest_record(scene.log).to_bytes().count(b"rebuilding") == 0
        await scene.fold(absent(FIRST), retracted(FIRST))
        assert [task.action for task in scene.tasks()] == [Action.OPEN, Action.GROUND_LOST]

    play(story)


def test_a_partition_that_is_restored_is_not_rebuilt(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        await scene.ready()
        await scene.fold(absent(FIRST, 1, 60))
        await scene.lane.close(1.0)
        for event in (absent(FIRST, 2), retracted(FIRST, 2)):
            scene.log.put(SCHOOL_ABSENCES, event)
        await scene.ready()
        scene.lane.fetch(SCHOOL_ABSENCES.name, 0, 3)
        await until(lambda: scene.lane.owned.position(SCHOOL_ABSENCES.name) == 3)
        assert [task.action for task in scene.tasks()] == [Action.OPEN, Action.GROUND_LOST]

    play(story)


def test_a_forged_word_on_a_task_topic_is_none(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent(scene, FIRST)
        scene.log.put(SCHOOL_ABSENCES, absent(FIRST))
        scene.log.topics[TASK_EVENTS.name, 0].append(LogRecord(0, FIRST.encode(), b"nothing"))
        await scene.ready()
        assert [task.youth_ref for task in scene.tasks()] == [FIRST]

    play(story)


def test_an_area_is_told_once_a_week_before_and_after(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.program = PlaceProgram(CODEC, CLAIMS)
        scene.log.put(PLACE_EVENTS, make_place_event(1, ago(2), 5))
        await scene.ready()
        [task] = presence(scene)
        await scene.loses_everything()
        scene.log.put(PLACE_EVENTS, make_place_event(2, ago(2), 1))
        await scene.ready()
        assert presence(scene) == [task]

    play(story)


def test_of_an_area_of_which_nothing_is_held_any_more_the_tasks_ids_are_remembered_all_the_same(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.program = PlaceProgram(CODEC, CLAIMS)
        scene.log.put(PLACE_EVENTS, make_place_event(1, ago(4), 5))
        scene.log.put(PLACE_EVENTS, make_place_event(1, ago(4), 5, revision=2, retracted=True, recorded_at=ago(4)))
        scene.log.put(PLACE_EVENTS, make_place_event(2, ago(3), 5))
        await scene.ready()
        said = presence(scene)
        await scene.loses_everything()
        scene.clock.advance(timedelta(days=60))
        await scene.ready()
        assert presence(scene) == said
        held = scene.lane.owned.get(b"0581-hageby")
        assert held is not None
        assert [one.task_id for one in place_from_bytes(held).proposals.values()] == [said[-1].task_id]

    play(story)


def presence(scene: Scene) -> list[PresenceTask]:
    return scene.log.values(PRESENCE_TASKS)


def test_one_partition_is_rebuilt_while_others_work(tmp_path: Path) -> None:
    async def story() -> None:
        log, gate = Slow(), asyncio.Event()
        driver: Driver = make_driver(tmp_path, log, [])
        for partition in (0, 1):
            log.topics[SCHOOL_ABSENCES.name, partition]
        log.put(CONSENTS, make_consent())
        log.put(SCHOOL_ABSENCES, make_absence(1, ago(1), 100))
        log.hold = gate
        await driver.own({0, 1}, 1)
        driver.start(Brake())
        await until(lambda: sum(lane.ready for lane in driver.lanes) == 1)
        await Gauges([driver], log, Progress({driver: 2}, lambda _: 2, limit_seconds=60)).publish()
        assert REGISTRY.get_sample_value("hub_worker_rebuilding", {"table": driver.name}) == 1
        assert REGISTRY.get_sample_value("hub_worker_recovering") == 1
        gate.set()
        await until(lambda: driver.ready)
        await driver.release()

    asyncio.run(story())


class Slow(MemoryLog):
    """Reads no absences of partition 0 before `hold` is set."""

    hold: asyncio.Event

    async def read(self, topic: str, partition: int, *rest: Any) -> int:
        if (topic, partition) == (SCHOOL_ABSENCES.name, 0):
            await self.hold.wait()
        return await super().read(topic, partition, *rest)


def test_a_worker_that_loses_the_partition_stops_rebuilding_it(play: Play) -> None:
    async def story(scene: Scene) -> None:
        slow = Slow()
        slow.hold = asyncio.Event()
        scene.log = slow  # type: ignore[assignment]
        crowd(scene)
        await scene.begin()
        await until(lambda: scene.lane.owned.position(CONSENTS.name) == len(YOUTHS))
        closing = asyncio.create_task(scene.lane.close(5.0))
        await asyncio.sleep(0)
        slow.hold.set()
        await closing
        assert not scene.lane.ready
        assert scene.tasks() == []
        assert newest_record(slow).rebuilding is not None

    play(story)
