"""All that workers keep is deleted: they rebuild it from the topics in silence, then say exactly what the inbox lacks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from tenacity import retry, retry_if_result, stop_after_delay, wait_random

from hub.bootstrap import build_delivery_engine
from hub.clock import ShiftedClock
from hub.contract.models import Action, ReferralTask, TaskEvent, TaskState
from hub.contract.topics import CONSENTS, PLACE_EVENTS, PRESENCE_TASKS, SCHOOL_ABSENCES, TASK_EVENTS, TASKS_OUTREACH
from hub.delivery.inbox import Inbox
from hub.delivery.outbox import OutboxRelay
from hub.delivery.process import INPUTS
from hub.delivery.tables import CountRow, TaskRow
from hub.kafka import Outgoing, Publisher, Reader
from hub.runtime.changelogs import changelog_name
from hub.runtime.effects import META_KEY
from hub.runtime.ledger import PartitionRecord
from hub.settings import Settings
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.test_rules_in_mid_stream import episodes
from tests.integration.runtime.town import CODEC, NOW, Town, absence_of, consent_of, make_youth, message_record, working
from tests.unit.core.make import ago, make_place_event

ABSENCES = SCHOOL_ABSENCES.name
RULE = "absence-alone"
LESSONS = 8  # of an hour: the least that opens a task
OPEN = [make_youth(number) for number in range(30)]  # at their teams
ENDED = [make_youth(number) for number in range(30, 45)]  # opened, and taken back by corrections
DECLINED = [make_youth(number) for number in range(45, 60)]
UNTAKEN = [make_youth(number) for number in range(60, 70)]  # said by the worker, and not taken by delivery
MISSED = [make_youth(number) for number in range(70, 82)]  # told while no worker ran
PASSING = [make_youth(number) for number in range(82, 92)]  # told and taken back while no worker ran
QUIET = [make_youth(number) for number in range(92, 400)]
EVERYBODY = [*OPEN, *ENDED, *DECLINED, *UNTAKEN, *MISSED, *PASSING, *QUIET]


@pytest.fixture
def town(kafka_settings: Settings) -> Iterator[Town]:
    made = Town(kafka_settings)
    yield made
    made.close()


class Delivery:
    """The inbox on its own database; takes all that stands on its topics when it is asked to, and tells what became of it."""

    def __init__(self, settings: Settings, clock: ShiftedClock) -> None:
        self.engine = build_delivery_engine(settings)
        self._settings = settings
        self._inbox = Inbox(self.engine, CODEC, clock)
        self._publisher = Publisher(settings.bootstrap_servers, "test-delivery")
        self._relay = OutboxRelay(self.engine, self._publisher, clock)

    def take_all(self) -> None:
        reader = Reader(self._settings.bootstrap_servers, INPUTS, None, "test-delivery")
        while records := reader.poll(1.0, 500):
            self._inbox.take(records)
        reader.close()
        while self._relay.run_once():
            pass

    def open_tasks(self) -> dict[tuple[str, str], str]:
        """(youth, rule) → the id of its open task."""
        with Session(self.engine) as session:
            rows = session.scalars(select(TaskRow).where(TaskRow.open_key.is_not(None), TaskRow.kind == "referral")).all()
            found = {(row.subject or "", row.rule_id): row.task_id for row in rows}
        assert len(found) == len(rows), "a second open task"
        return found

    def counts(self) -> dict[str, int]:
        with Session(self.engine) as session:
            return {row.outcome: row.records for row in session.scalars(select(CountRow)) if row.topic == TASKS_OUTREACH.name}

    def close(self) -> None:
        self._publisher.close()
        self.engine.dispose()


def absences(youths: list[str], *, retracted: bool = False) -> list[Outgoing]:
    return [retract(youth, number) if retracted else absence_of(youth, number) for youth in youths for number in range(LESSONS)]


def retract(youth: str, number: int) -> Outgoing:
    event = CODEC.decode(SCHOOL_ABSENCES, absence_of(youth, number).value)
    return message_record(SCHOOL_ABSENCES, youth, event.model_copy(update={"revision": 2, "retracted": True}))


def declined(task: ReferralTask, clock: ShiftedClock) -> Outgoing:
    told = TaskEvent(
        task_id=task.task_id, youth_ref=task.youth_ref, area=None, rule_id=task.rule_id, team=task.team,
        state=TaskState.REJECTED, reason=None, occurred_at=clock.now(),
    )  # fmt: skip
    return message_record(TASK_EVENTS, task.youth_ref, told)


def rebuild(settings: Settings) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub", "worker", "rebuild", "--yes"]
    return subprocess.run(
        command, env=os.environ | {"HUB_HOME": str(settings.home)}, capture_output=True, text=True, check=False, timeout=120
    )


@retry(
    retry=retry_if_result(lambda done: done.returncode == 3),
    stop=stop_after_delay(60),
    wait=wait_random(0.5, 1.5),
    retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
)
def rebuilt_when_forgotten(settings: Settings) -> subprocess.CompletedProcess[str]:
    """A group remembers a killed worker until its session ends, and until then the command refuses."""
    done = rebuild(settings)
    assert done.returncode != 3 or "stop every worker" in done.stderr
    return done


def deleted_state(settings: Settings) -> None:
    """As the runbook has it."""
    done = rebuilt_when_forgotten(settings)
    assert done.returncode == 0, done.stderr
    assert changelog_name(settings, "youths") in done.stdout


def newest_records(town: Town) -> dict[int, PartitionRecord]:
    """By partition, what the workers have written of it last."""
    rows = sorted(town.raw(changelog_name(town.settings, "youths")), key=lambda one: one.offset)
    return {one.partition: PartitionRecord.from_bytes(one.value) for one in rows if one.key == META_KEY}


def reached_at(town: Town, goals: dict[int, int]) -> dict[int, int]:
    """By partition, when a worker had first written that it stood at the end of the absences (Unix milliseconds)."""
    found: dict[int, int] = {}
    for record in sorted(town.raw(changelog_name(town.settings, "youths")), key=lambda one: (one.partition, one.offset)):
        if record.key == META_KEY:
            positions = PartitionRecord.from_bytes(record.value).positions
            if positions.get(ABSENCES, 0) >= goals[record.partition]:
                found.setdefault(record.partition, record.timestamp_ms)
    return found


def first_life(town: Town, delivery: Delivery, clock: ShiftedClock, log: Path) -> None:
    town.publish(
        *(consent_of(youth) for youth in EVERYBODY), *(absence_of(youth, number) for youth in QUIET for number in range(7))
    )
    area = make_place_event(1, ago(2), 5)
    town.publish(message_record(PLACE_EVENTS, area.area, area))
    with working(town.settings, log) as worker:
        worker.reached(town, [CONSENTS.name])
        refused = rebuild(town.settings)
        assert (refused.returncode, "a worker runs" in refused.stderr) == (3, True)
        town.publish(*absences([*OPEN, *ENDED, *DECLINED]))
        worker.reached(town, [ABSENCES])
        delivery.take_all()
        town.publish(*absences(ENDED, retracted=True))
        town.publish(*(declined(task, clock) for task in town.read(TASKS_OUTREACH) if task.youth_ref in DECLINED))
        worker.reached(town, [ABSENCES, TASK_EVENTS.name, PLACE_EVENTS.name])
        delivery.take_all()
        town.publish(*absences(UNTAKEN))
        worker.reached(town, [ABSENCES, TASK_EVENTS.name])
        assert worker.stop() == 0
    town.publish(*absences(MISSED), *absences(PASSING), *absences(PASSING, retracted=True))


def test_a_rebuild_says_exactly_what_the_inbox_lacks(
    town: Town, tmp_path: Path, begin: Begin, report: Callable[[str], None]
) -> None:
    clock, log = ShiftedClock(NOW, time.time()), tmp_path / "worker.log"
    delivery = Delivery(town.settings, clock)
    first_life(town, delivery, clock, log)
    before = town.read(TASKS_OUTREACH)
    held = delivery.open_tasks()
    assert {youth for youth, _ in held} == {*OPEN, *DECLINED}  # what a team declined is told here by the bus alone
    presence = town.read(PRESENCE_TASKS)
    assert len(presence) == 1
    goals = defaultdict(int)
    for record in town.raw(ABSENCES):
        goals[record.partition] = max(goals[record.partition], record.offset + 1)

    deleted_state(town.settings)
    killed = begin(town.settings, log, clock.now())
    changelog = changelog_name(town.settings, "youths")
    killed.until(
        lambda: changelog in town.names() and town.ends(changelog)[changelog] > 400, "the middle of the rebuilding", pause=0.05
    )
    killed.kill()
    at_kill, tasks_at_kill = town.ends(changelog)[changelog], town.ends(TASKS_OUTREACH.name)[TASKS_OUTREACH.name] - len(before)
    assert any(one.rebuilding for one in newest_records(town).values())
    worker = begin(town.settings, log, clock.now()).ready()
    worker.reached(town, [CONSENTS.name, ABSENCES, TASK_EVENTS.name])
    assert worker.sum("hub_worker_rebuilding") == 0

    records = town.raw(TASKS_OUTREACH.name)
    said = [(record, CODEC.decode(TASKS_OUTREACH, record.value)) for record in records]
    known = {(task.task_id, task.action) for task in before}
    new = sorted(said, key=lambda one: (one[0].partition, one[0].offset))
    per_partition: dict[int, int] = defaultdict(int)
    for task in before:
        per_partition[next(record.partition for record, one in said if one == task)] += 1
    fresh = [(record, task) for record, task in new if record.offset >= per_partition[record.partition]]
    reached = reached_at(town, goals)
    early = [task for record, task in fresh if record.timestamp_ms < reached[record.partition]]
    assert early == []
    assert {(task.youth_ref, task.rule_id) for _, task in fresh} == {(youth, RULE) for youth in (*MISSED, *UNTAKEN)}
    assert {task.action for _, task in fresh} == {Action.OPEN}
    repeats = [task for _, task in fresh if (task.task_id, task.action) in known]
    assert {task.youth_ref for task in repeats} == set(UNTAKEN), "what is on its way is said again as itself"
    assert town.read(PRESENCE_TASKS) == presence

    delivery.take_all()
    after = delivery.open_tasks()
    assert {one: after[one] for one in held} == held
    assert {youth for youth, _ in after} == {*OPEN, *DECLINED, *UNTAKEN, *MISSED}
    counts = delivery.counts()
    assert counts.get("absorbed", 0) == 0
    found = {where: episode.task_id for where, episode in episodes(town).items()}
    assert found == {where: task for where, task in after.items() if where[0] not in DECLINED}, (
        "each episode has the inbox's task"
    )

    town.publish(*absences(OPEN[:5], retracted=True))
    worker.reached(town, [ABSENCES])
    delivery.take_all()
    assert after.keys() - delivery.open_tasks().keys() == {(youth, RULE) for youth in OPEN[:5]}
    assert worker.stop() == 0
    report(
        f"{sum(goals.values())} absences, {len(EVERYBODY)} youths, killed once after {at_kill} changelog records with "
        f"{tasks_at_kill} tasks said; before a partition was caught up: {len(early)} tasks; then {len(fresh)} "
        f"({len(MISSED)} missed, {len(repeats)} said again under their own id), inbox: {counts.get('duplicate', 0)} duplicate, "
        f"{counts.get('absorbed', 0)} absorbed, {len(held)} open before, {len(after)} after; "
        f"{len(ENDED) + len(PASSING)} ended ones never said; 5 of 5 lost grounds took back the adopted task"
    )
    delivery.close()
