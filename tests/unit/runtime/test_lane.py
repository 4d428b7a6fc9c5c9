"""One partition at work: what is read first, what is written before what, and when an event is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import CONSENTS, ERASURES, RULES, SCHOOL_ABSENCES, TASKS_OUTREACH
from hub.errors import RetriableError
from hub.runtime import lane as lanes
from hub.runtime import work as works
from hub.runtime.effects import META_KEY, Effects, Record
from hub.runtime.guard import Guard
from hub.runtime.lane import Lane
from hub.runtime.ledger import PartitionRecord
from hub.runtime.limits import Limit
from hub.runtime.outbox import BEGIN
from hub.runtime.pipeline import Pipeline
from hub.runtime.rulebook import ActiveRules
from hub.runtime.runs import run_of
from hub.runtime.work import BATCH, Work
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_consent, make_withdrawn
from tests.unit.runtime.fakes import (
    CHANGELOG,
    CODEC,
    FIRST,
    RULEBOOK,
    YOUTH_KEY,
    MemoryLog,
    SumProgram,
    make_clock,
    make_marker,
    make_owned,
)

ERASURE_ID = "00000000-0000-4000-8000-00000000000e"


class Scene:
    """A lane over an in-memory Kafka; `acked` are the records that it said are durable, in order."""

    def __init__(self, folder: Path, limit: Limit | None = None) -> None:
        self.folder = folder
        self.log = MemoryLog()
        self.clock = make_clock()
        self.program = SumProgram()
        self.acked: list[tuple[str, int]] = []
        self._arrived: list[Record] = []
        self.paused: list[str] = []
        self.left_out: list[frozenset[str]] = []
        self.limit = limit or Limit()
        self.lane: Lane

    async def open(self, rules: ActiveRules | None = FIRST) -> None:
        owned = make_owned(self.folder, self.log, rules=rules)
        await owned.restore(1)
        await owned.commit(Effects(positions={RULES.name: 0}))  # not new: it is not rebuilt
        self.log.history.clear()
        pipeline = Pipeline(self.program, owned, CODEC, self.clock, RULEBOOK)
        work = Work(owned, pipeline, self.log, Guard(owned, self.limit, self.clock), consents=CONSENTS.name)
        self.lane = Lane(owned, work, clock=self.clock, flow=self)
        self.lane.start()

    def pause(self, partition: int) -> None:
        self.paused.append(f"pause {partition}")

    def resume(self, partition: int) -> None:
        self.paused.append(f"resume {partition}")

    def leave_out(self, partition: int, topics: frozenset[str]) -> None:
        assert partition == 0
        self.left_out.append(topics)

    def arrive(self, record: Record) -> None:
        self._arrived.append(record)
        self.lane.put(run_of(record))

    def settle(self, partition: int, positions: Mapping[str, int]) -> None:
        assert partition == 0
        done = [one for one in self._arrived if one.offset < positions.get(one.topic, 0)]
        self._arrived = [one for one in self._arrived if one not in done]
        self.acked += [(one.topic, one.offset) for one in done]

    async def until(self, met: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not met():
                assert self.lane.task is not None
                assert not self.lane.task.done()
                await asyncio.sleep(0.001)

    async def settled(self, records: int) -> None:
        await self.until(lambda: len(self.acked) == records)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Awaitable[None]]], None]:
    def run(story: Callable[[Scene], Awaitable[None]]) -> None:
        async def whole() -> None:
            scene = Scene(tmp_path)
            await story(scene)
            await scene.lane.close(1.0)

        asyncio.run(whole())

    return run


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


def absence(scene: Scene, number: int, minutes: int = 60) -> Record:
    return scene.log.put(SCHOOL_ABSENCES, make_absence(number, ago(1), minutes))


def test_consents_are_read_to_their_end_before_the_first_event(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        event = absence(scene, 1)
        await scene.open()
        scene.arrive(event)
        await scene.settled(1)
        assert scene.lane.owned.record.counts == {(CONSENTS.name, "processed", ""): 1, (SCHOOL_ABSENCES.name, "processed", ""): 1}

    play(story)


def test_a_consent_that_was_written_meanwhile_is_found_before_the_refusal(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.log.put(CONSENTS, make_consent())
        scene.arrive(absence(scene, 1))
        await scene.settled(1)
        assert scene.lane.owned.record.counts[SCHOOL_ABSENCES.name, "processed", ""] == 1

    play(story)


def test_a_consent_read_ahead_is_counted_once_when_faust_brings_it(play: Play) -> None:
    async def story(scene: Scene) -> None:
        consent = scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.arrive(consent)
        await scene.settled(1)
        assert scene.lane.owned.record.counts == {(CONSENTS.name, "processed", ""): 1}

    play(story)


def test_without_consent_an_event_is_refused_for_good(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.open()
        scene.arrive(absence(scene, 1))
        await scene.settled(1)
        assert scene.lane.owned.record.counts == {(SCHOOL_ABSENCES.name, "refused", "no_consent"): 1}
        assert scene.lane.owned.get(YOUTH_KEY) is None

    play(story)


def test_a_flood_of_unknown_references_costs_one_look_per_batch(play: Play) -> None:
    async def story(scene: Scene) -> None:
        flood = [absence(scene, number) for number in range(200)]
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.log.history.clear()
        for event in flood:
            scene.arrive(event)
        await scene.settled(200)
        assert scene.log.history.count(f"read {CONSENTS.name}") == 1

    play(story)


def test_tasks_come_before_the_changelog_and_both_before_the_acknowledgement(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.log.history.clear()
        scene.log.gate = asyncio.Event()
        scene.arrive(absence(scene, 1, 100))
        await scene.until(lambda: scene.lane.taken == 1)
        assert scene.acked == []
        assert scene.lane.in_flight == 1
        scene.log.gate.set()
        await scene.settled(1)
        assert scene.log.history == [f"append {CHANGELOG}", f"append {TASKS_OUTREACH.name}"]
        assert scene.lane.in_flight == 0

    play(story)


def test_a_lane_that_lets_go_leaves_its_successor_nothing_to_say(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.arrive(absence(scene, 1, 100))
        await scene.settled(1)
        await scene.lane.close(1.0)
        said = len(scene.log.topics[TASKS_OUTREACH.name, 0])
        assert said == 1
        await scene.open()
        assert len(scene.log.topics[TASKS_OUTREACH.name, 0]) == said

    play(story)


def test_acknowledgements_go_in_order(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(1200)]
        await scene.open()
        for event in events:
            scene.arrive(event)
        await scene.settled(1200)
        assert [offset for _, offset in scene.acked] == list(range(1200))
        assert scene.lane.owned.record.imbalance() == {}

    play(story)


def test_what_faust_skipped_is_read_from_the_topic(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(5)]
        await scene.open()
        scene.arrive(events[0])
        scene.arrive(events[4])
        await scene.settled(2)
        assert scene.lane.owned.get(YOUTH_KEY) == b"300"
        assert scene.lane.owned.record.counts[SCHOOL_ABSENCES.name, "processed", ""] == 5

    play(story)


def test_holes_within_a_batch_are_read_too(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(6)]
        await scene.open()
        for number in (0, 1, 3, 5):
            scene.arrive(events[number])
        await scene.settled(4)
        assert scene.lane.owned.record.counts[SCHOOL_ABSENCES.name, "processed", ""] == 6
        assert [offset for _, offset in scene.acked] == [0, 1, 3, 5]

    play(story)


def test_what_faust_never_brings_can_be_read_directly(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        for number in range(3):
            absence(scene, number)
        scene.lane.fetch(SCHOOL_ABSENCES.name, 0, 3)
        await scene.until(lambda: scene.lane.owned.position(SCHOOL_ABSENCES.name) == 3)
        assert scene.lane.owned.get(YOUTH_KEY) == b"180"
        assert scene.acked == []

    play(story)


def test_what_was_skipped_and_is_gone_is_counted_as_gone(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(3)]
        scene.log.topics[SCHOOL_ABSENCES.name, 0][0:2] = [None, None]
        await scene.open()
        scene.arrive(events[2])
        await scene.settled(1)
        assert scene.lane.owned.record.counts[SCHOOL_ABSENCES.name, "gone", ""] == 2
        assert scene.lane.owned.record.imbalance() == {}

    play(story)


def test_an_erasure_is_answered_after_the_state_is_gone(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        assert scene.lane.owned.get(YOUTH_KEY) is not None
        scene.log.history.clear()
        request = Erasure(kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=YOUTH, component=None, occurred_at=NOW)
        scene.arrive(scene.log.put(ERASURES, request))
        await scene.settled(1)
        assert scene.lane.owned.get(YOUTH_KEY) is None
        assert scene.log.history == [f"append {CHANGELOG}", f"append {ERASURES.name}", f"append {CHANGELOG}"]
        tombstone = scene.log.topics[CHANGELOG, 0][-4:]
        assert any(row is not None and row.key == YOUTH_KEY and row.value is None for row in tombstone)

    play(story)


def test_a_request_for_a_youth_without_state_is_answered_too(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.open()
        request = Erasure(kind=ErasureKind.REQUEST, erasure_id=ERASURE_ID, youth_ref=YOUTH, component=None, occurred_at=NOW)
        scene.arrive(scene.log.put(ERASURES, request))
        await scene.settled(1)
        assert f"append {ERASURES.name}" in scene.log.history

    play(story)


def test_a_withdrawal_erases_and_refuses_what_comes_later(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.arrive(absence(scene, 1))
        await scene.settled(1)
        scene.log.put(CONSENTS, make_withdrawn())
        scene.arrive(scene.log.put(CONSENTS, make_withdrawn(3)))
        scene.arrive(absence(scene, 2))
        await scene.settled(3)
        assert scene.lane.owned.get(YOUTH_KEY) is None
        assert scene.lane.owned.record.counts[SCHOOL_ABSENCES.name, "refused", "no_consent"] == 1

    play(story)


def test_a_due_clock_wakes_the_state(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_TICK_SECONDS", 0.01)

    async def story(scene: Scene) -> None:
        scene.program.wake_after = timedelta(hours=1)
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.arrive(absence(scene, 1))
        await scene.settled(1)
        assert scene.lane.owned.get(YOUTH_KEY) == b"60"
        scene.clock.advance(timedelta(hours=2))
        await scene.until(lambda: scene.lane.owned.get(YOUTH_KEY) == b"1")

    play(story)


def test_a_full_lane_stops_its_own_sources_and_lets_them_go_again(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(lanes.HIGH + 10)]
        await scene.open()
        for event in events:
            scene.arrive(event)
        assert scene.paused == ["pause 0"]
        await scene.settled(len(events))
        assert scene.paused == ["pause 0", "resume 0"]

    play(story)


def test_a_lane_whose_batches_are_quick_does_not_wait_as_long_as_a_loaded_one(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_PACE_SECONDS", 60)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        for number in range(3):
            scene.arrive(absence(scene, number))
            await scene.settled(number + 1)

    play(story)


def test_a_lane_that_is_behind_begins_a_batch_when_it_is_full(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_FILL_SECONDS", 60)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.lane.behind = lanes._BEHIND
        scene.arrive(absence(scene, 0))
        await scene.settled(1)
        for number in range(1, lanes.BATCH):
            scene.arrive(absence(scene, number))
        await asyncio.sleep(0.02)
        assert (len(scene.acked), scene.lane.in_flight) == (1, lanes.BATCH - 1)
        scene.arrive(absence(scene, lanes.BATCH))
        await scene.settled(lanes.BATCH + 1)

    play(story)


def test_a_lane_that_is_behind_does_not_wait_for_long_when_no_more_comes(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_FILL_SECONDS", 0.01)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.lane.behind = lanes._BEHIND
        for number in range(3):
            scene.arrive(absence(scene, number))
            await scene.settled(number + 1)

    play(story)


def test_a_lane_that_waits_for_a_whole_batch_is_closed_at_once(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_FILL_SECONDS", 60)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        scene.lane.behind = lanes._BEHIND
        scene.arrive(absence(scene, 0))
        await scene.settled(1)
        scene.arrive(absence(scene, 1))
        await asyncio.sleep(0.02)
        assert scene.lane.in_flight == 1
        async with asyncio.timeout(10):
            await scene.lane.close(60)

    play(story)


def test_closing_finishes_the_batch_at_hand_and_acknowledges_nothing(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.log.gate = asyncio.Event()
        scene.arrive(absence(scene, 1))
        await scene.until(lambda: scene.lane.taken == 1)
        closing = asyncio.create_task(scene.lane.close(5.0))
        await asyncio.sleep(0)
        scene.log.gate.set()
        await closing
        assert scene.acked == []
        assert scene.lane.owned.record.positions[SCHOOL_ABSENCES.name] == 1

    play(story)


def test_a_produce_that_fails_ends_the_lane_with_nothing_acknowledged(tmp_path: Path) -> None:
    async def story() -> None:
        scene = Scene(tmp_path)
        scene.log.put(CONSENTS, make_consent())
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.log.fail = RetriableError("not acknowledged")
        scene.arrive(absence(scene, 1))
        assert scene.lane.task is not None
        with pytest.raises(RetriableError):
            await scene.lane.task
        assert scene.acked == []

    asyncio.run(story())


def test_without_rules_nothing_is_judged_and_with_the_first_marker_it_begins(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_RULES_SECONDS", 0.001)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        event = absence(scene, 1)
        await scene.open(rules=None)
        scene.arrive(event)
        await scene.until(lambda: scene.lane.awaits_rules)
        assert (scene.lane.ready, scene.acked, scene.program.seen) == (False, [], [])
        scene.log.put(RULES, make_marker())
        await scene.settled(1)
        assert not scene.lane.awaits_rules
        assert scene.program.seen == ["first", "first"]

    play(story)


def test_a_lane_that_waits_for_rules_can_be_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_RULES_SECONDS", 0.001)

    async def story() -> None:
        scene = Scene(tmp_path)
        await scene.open(rules=None)
        await scene.until(lambda: scene.lane.awaits_rules)
        await scene.lane.close(5.0)
        assert scene.lane.task is not None
        assert scene.lane.task.exception() is None

    asyncio.run(story())


def test_a_marker_in_mid_stream_wakes_every_state_in_bounded_chunks(play: Play) -> None:
    youths = [f"y{number:032x}" for number in range(600)]

    async def story(scene: Scene) -> None:
        for youth in youths:
            scene.log.put(CONSENTS, make_consent().model_copy(update={"youth_ref": youth}))
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        scene.program.seen.clear()
        scene.log.history.clear()
        scene.arrive(scene.log.put(RULES, make_marker("second")))
        await scene.until(lambda: all(scene.lane.owned.get(youth.encode()) == b"1" for youth in youths))
        assert scene.program.seen == ["second"] * 600
        assert scene.log.history.count(f"append {CHANGELOG}") == 1 + -(-600 // BATCH)  # the activation, and the rest in batches
        assert scene.lane.owned.record.stepped_with == scene.lane.owned.rules.sha256  # type: ignore[union-attr]

    play(story)


def test_the_rules_are_read_before_the_consents(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        scene.log.put(RULES, make_marker("second"))
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        assert scene.program.seen == ["second"]

    play(story)


def test_a_long_batch_gives_others_their_turn_and_is_written_as_one(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "_TURN_SECONDS", 0.0)
    monkeypatch.setattr(works, "_PIECE", 10)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number, minutes=1) for number in range(50)]
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        seen: list[int] = []

        async def other() -> None:
            while len(seen) < 100 and not scene.lane.owned.position(SCHOOL_ABSENCES.name):
                seen.append(len(scene.program.seen))
                await asyncio.sleep(0)

        written = len(scene.log.topics[CHANGELOG, 0])
        watching = asyncio.create_task(other())
        scene.lane.put(run_of(*events))
        await watching
        assert {11, 21, 31, 41, 51} <= set(seen)
        changes = {row.key for row in scene.log.topics[CHANGELOG, 0][written:] if row is not None}
        assert len(scene.log.topics[CHANGELOG, 0]) - written == len(changes)
        assert scene.lane.owned.position(SCHOOL_ABSENCES.name) == 50

    play(story)


def test_what_is_too_heavy_for_one_commit_is_done_in_parts_each_whole_by_itself(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(works, "_HEAVIEST", 5_000)  # some ten states and what they say

    async def story(scene: Scene) -> None:
        youths = [f"y{number:032x}" for number in range(40)]
        for one in youths:
            scene.log.put(CONSENTS, make_consent(youth_ref=one))
        events = [
            scene.log.put(SCHOOL_ABSENCES, make_absence(number, ago(1), 100, youth_ref=one)) for number, one in enumerate(youths)
        ]
        await scene.open()
        await scene.until(lambda: scene.lane.ready)
        written = len(scene.log.topics[CHANGELOG, 0])
        scene.lane.put(run_of(*events[:25]))
        scene.lane.put(run_of(*events[25:]))
        await scene.until(lambda: scene.lane.owned.position(SCHOOL_ABSENCES.name) == 40)
        commits: list[int] = []
        states, tasks = 0, 0
        for row in scene.log.topics[CHANGELOG, 0][written:]:
            assert row is not None
            assert row.key is not None
            states += not row.key.startswith(b"\x00")
            tasks += row.key.startswith(BEGIN) and row.value is not None
            if row.key == META_KEY:
                assert row.value is not None
                record = PartitionRecord.from_bytes(row.value)
                assert states == tasks == record.positions[SCHOOL_ABSENCES.name]
                commits.append(states)
        assert len(commits) > 3
        assert commits[-1] == 40
        assert len(scene.log.topics[TASKS_OUTREACH.name, 0]) == 40

    play(story)


def test_a_single_record_is_committed_whatever_it_weighs(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "_HEAVIEST", 1)

    async def story(scene: Scene) -> None:
        scene.log.put(CONSENTS, make_consent())
        events = [absence(scene, number) for number in range(3)]
        await scene.open()
        scene.lane.put(run_of(*events))
        await scene.until(lambda: scene.lane.owned.position(SCHOOL_ABSENCES.name) == 3)
        assert scene.lane.owned.get(YOUTH_KEY) == b"180"

    play(story)
