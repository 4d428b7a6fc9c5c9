"""A batch that is cut off at any write, and run again with its topics in another order, says each task once, under one id."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import pytest

from hub.contract.models import Action, Erasure, ErasureKind, ReferralTask
from hub.contract.topics import CONSENTS, ERASURES, POLICE_NOTICES, SCHOOL_ABSENCES, TASKS_OUTREACH
from hub.errors import FatalError, RetriableError
from hub.kafka import Outgoing
from hub.runtime.effects import Record
from hub.runtime.guard import Guard
from hub.runtime.limits import Limit
from hub.runtime.outbox import BEGIN, changes_of, unsaid
from hub.runtime.ownership import OwnedPartition
from hub.runtime.pipeline import Pipeline
from hub.runtime.runs import run_of
from hub.runtime.work import Work
from hub.runtime.youths import YouthProgram
from tests.unit.core.make import (
    NOW,
    POLICE,
    SCHOOL,
    SIG_SCOPE,
    SSPF_SCOPE,
    YOUTH,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_scope,
)
from tests.unit.runtime.fakes import CHANGELOG, CLAIMS, CODEC, RULEBOOK, MemoryLog, make_clock, make_owned

ERASURE_ID = "00000000-0000-4000-8000-00000000000e"


class BreakingLog(MemoryLog):
    """`breaks`: the topic of which the next append fails, once: before it is written, or (`late`) with that done."""

    breaks = ""
    late = False

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if not any(one.topic == self.breaks for one in records):
            return await super().append(records)
        self.breaks = ""
        if self.late:
            await super().append(records)
        raise RetriableError("not acknowledged", code="produce_failed")


async def restored(folder: Path, log: MemoryLog) -> OwnedPartition:
    owned = make_owned(folder, log)
    await owned.restore(1)
    return owned


async def worked(owned: OwnedPartition, log: MemoryLog, *batch: Record) -> None:
    clock = make_clock()
    pipeline = Pipeline(YouthProgram(CODEC, CLAIMS), owned, CODEC, clock, RULEBOOK)
    work = Work(owned, pipeline, log, Guard(owned, Limit(), clock), consents=CONSENTS.name)
    await work.do((), [run_of(one) for one in batch])


def said(log: MemoryLog) -> list[ReferralTask]:
    return log.values(TASKS_OUTREACH)


@pytest.mark.parametrize("late", [False, True], ids=["not written", "written, not acknowledged"])
@pytest.mark.parametrize("topic", [CHANGELOG, TASKS_OUTREACH.name], ids=["states", "tasks"])
def test_a_batch_that_comes_again_in_another_order_says_its_task_under_one_id(tmp_path: Path, topic: str, *, late: bool) -> None:
    async def story() -> None:
        log = BreakingLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, log.put(CONSENTS, make_consent()))
        absence = log.put(SCHOOL_ABSENCES, make_absence(1, ago(2), 200))
        notice = log.put(POLICE_NOTICES, make_notice(2, ago(3)))
        log.breaks, log.late = topic, late
        with pytest.raises(RetriableError):
            await worked(owned, log, notice, absence)
        owned.close()
        owned = await restored(tmp_path, log)
        await worked(owned, log, absence, notice)
        owned.close()
        assert {(one.rule_id, one.action) for one in said(log)} == {("absence-and-notice", Action.OPEN)}
        assert len({one.task_id for one in said(log)}) == 1

    asyncio.run(story())


def test_what_was_said_is_not_said_again_once_the_next_batch_is_done(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, log.put(CONSENTS, make_consent()))
        await worked(owned, log, log.put(SCHOOL_ABSENCES, make_absence(1, ago(2), 480)))
        await worked(owned, log, log.put(SCHOOL_ABSENCES, make_absence(2, ago(2), 20)))
        owned.close()
        (await restored(tmp_path, log)).close()
        assert len(said(log)) == 1

    asyncio.run(story())


def test_a_lane_that_rests_lets_go_of_what_was_said(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, log.put(CONSENTS, make_consent()))
        await worked(owned, log, log.put(SCHOOL_ABSENCES, make_absence(1, ago(2), 480)))
        await owned.let_go_of_said()
        written = len(log.topics[CHANGELOG, 0])
        await owned.let_go_of_said()
        assert len(log.topics[CHANGELOG, 0]) == written
        owned.close()
        again = await restored(tmp_path, log)
        assert len(said(log)) == 1
        assert [row for row in latest(log) if row.key.startswith(BEGIN) and row.value is not None] == []
        again.close()

    asyncio.run(story())


def test_nothing_is_kept_of_whom_the_same_batch_erases(tmp_path: Path) -> None:
    async def story() -> None:
        log = MemoryLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, log.put(CONSENTS, make_consent()))
        request = Erasure(kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=YOUTH, component=None, occurred_at=NOW)
        absence = log.put(SCHOOL_ABSENCES, make_absence(1, ago(2), 480))
        await worked(owned, log, absence, log.put(ERASURES, request))
        owned.close()
        assert len(said(log)) == 1
        assert [row for row in log.topics[CHANGELOG, 0] if row is not None and row.key.startswith(BEGIN)] == []

    asyncio.run(story())


class CutLog(MemoryLog):
    """`cut`: of the next change so many records are taken, and then the process dies: Kafka takes a large one in several batches."""

    cut = 0

    async def change(self, topic: str, partition: int, changes: Mapping[bytes, bytes | None], header: bytes) -> list[int]:
        if not self.cut:
            return await super().change(topic, partition, changes, header)
        taken, self.cut = dict(islice(changes.items(), self.cut)), 0
        await super().change(topic, partition, taken, header)
        raise RetriableError("killed", code="produce_failed")


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_kill_within_a_commit_leaves_nothing_in_the_outbox_that_an_erasure_does_not_find(tmp_path: Path, cut: int) -> None:
    youths = [f"y{number:032x}" for number in range(1, 8)]

    def absence(log: MemoryLog, number: int) -> Record:
        return log.put(SCHOOL_ABSENCES, make_absence(number, ago(2), 480, youth_ref=youths[number]))

    async def story() -> None:
        log = CutLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, *[log.put(CONSENTS, make_consent(youth_ref=youth)) for youth in youths])
        await worked(owned, log, *[absence(log, number) for number in range(5)])
        later = [absence(log, number) for number in (5, 6)]
        log.cut = cut
        with pytest.raises(RetriableError):
            await worked(owned, log, *later)
        owned.close()
        owned = await restored(tmp_path, log)
        await worked(owned, log, *later)
        request = Erasure(kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=youths[4], component=None, occurred_at=NOW)
        await worked(owned, log, log.put(ERASURES, request))
        owned.close()
        assert [row for row in latest(log) if row.key.startswith(BEGIN) and row.value is not None] == []

    asyncio.run(story())


class ToldLog(MemoryLog):
    """How many records of the outbox stood in the changelog when something was told of an erasure."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[int] = []

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if any(one.topic == ERASURES.name for one in records):
            self.kept.append(sum(row.key.startswith(BEGIN) and row.value is not None for row in latest(self)))
        return await super().append(records)


def test_the_outbox_is_empty_before_a_scopes_erasure_is_told_though_her_state_knows_of_it_already(tmp_path: Path) -> None:
    school, police = make_scope(agencies=(SCHOOL,)), make_scope(scope_id=SIG_SCOPE, agencies=(POLICE,))

    async def story() -> None:
        log = ToldLog()
        owned = await restored(tmp_path, log)
        await worked(owned, log, log.put(CONSENTS, make_consent(school, police)))
        over = make_consent(school.model_copy(update={"withdrawn_at": NOW}), police, version=2)
        await worked(owned, log, log.put(SCHOOL_ABSENCES, make_absence(1, ago(2), 480)), log.put(CONSENTS, over))
        request = Erasure(
            kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=YOUTH, component=None, occurred_at=NOW, scope_id=SSPF_SCOPE
        )
        await worked(owned, log, log.put(ERASURES, request))
        owned.close()
        assert len(log.kept) >= 1
        assert set(log.kept) == {0}

    asyncio.run(story())


def latest(log: MemoryLog) -> list:
    rows = [row for row in log.topics[CHANGELOG, 0] if row is not None]
    return list({row.key: row for row in rows}.values())


def test_a_shorter_outbox_leaves_nothing_of_a_longer_one() -> None:
    long = [Outgoing("t", b"k", bytes([number, 10]), (("name", b"\xff\n"), ("none", b""))) for number in range(2)]
    long.append(Outgoing("t", None, None))
    store: dict[bytes, bytes] = {}

    def keep(records: Sequence[Outgoing], before: int) -> None:
        for key, value in changes_of(records, before).items():
            store.pop(key, None)
            if value is not None:
                store[key] = value

    keep(long, 0)
    assert list(unsaid(store.get)) == long
    keep(long[:1], 3)
    assert list(unsaid(store.get)) == long[:1]
    keep([], 1)
    assert store == {}


def test_an_outbox_of_another_version_stops_the_worker() -> None:
    with pytest.raises(FatalError):
        list(unsaid(dict.fromkeys(changes_of([Outgoing("t", None, None)], 0), b'[9,"t",[],[]]\n').get))
