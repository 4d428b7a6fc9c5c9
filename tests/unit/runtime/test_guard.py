"""A lane over the limit of dead letters: nothing is lost, nothing passed over, and whatever steers the hub goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.contract.topics import CONSENTS, RULES, SCHOOL_ABSENCES, dead_letter_topic
from hub.kafka import Outgoing
from hub.runtime import lane as lanes
from hub.runtime.effects import META_KEY, Record
from hub.runtime.ledger import PartitionRecord, Rebuilding
from hub.runtime.limits import Limit, Pause, Window
from hub.runtime.runs import run_of
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_consent, make_withdrawn
from tests.unit.runtime.fakes import CHANGELOG, YOUTH_KEY, make_marker
from tests.unit.runtime.test_lane import Scene

ABSENCES = SCHOOL_ABSENCES.name
LIMIT = Limit(records=10, share=0.5)
Story = Callable[[Scene], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        async def whole() -> None:
            scene = Scene(tmp_path, LIMIT)
            scene.log.put(CONSENTS, make_consent())
            await scene.open()
            await scene.until(lambda: scene.lane.ready)
            await story(scene)
            await scene.lane.close(1.0)

        asyncio.run(whole())

    return run


Play = Callable[[Story], None]


def good(scene: Scene, number: int) -> Record:
    return scene.log.put(SCHOOL_ABSENCES, make_absence(number, ago(1), 10))


def bad(scene: Scene) -> Record:
    offset = scene.log.add(Outgoing(ABSENCES, YOUTH_KEY, b"\x01no such form"))
    return Record(ABSENCES, 0, offset, YOUTH_KEY, b"\x01no such form")


def letters(scene: Scene) -> list[int]:
    return [one.origin_offset for one in scene.log.values(dead_letter_topic(SCHOOL_ABSENCES))]


def counts(scene: Scene, topic: str = ABSENCES) -> dict[str, int]:
    found = scene.lane.owned.record.counts.items()
    return {outcome: number for (known, outcome, _), number in found if known == topic}


async def pause(scene: Scene) -> None:
    """Four good ones, eight bad ones, four good ones: the sixth bad one is one too many."""
    records = [
        *(good(scene, one) for one in range(4)),
        *(bad(scene) for _ in range(8)),
        *(good(scene, 20 + one) for one in range(4)),
    ]
    scene.lane.put(run_of(*records))
    await scene.until(lambda: scene.left_out)


def test_it_pauses_behind_the_record_that_passes_the_limit_and_keeps_the_rest(play: Play) -> None:
    async def story(scene: Scene) -> None:
        with capture_logs() as logs:
            await pause(scene)
        record = scene.lane.owned.record
        assert letters(scene) == [4, 5, 6, 7, 8, 9]
        assert record.positions[ABSENCES] == 10
        assert record.paused == {ABSENCES: Pause(10, 6, 10, int(NOW.timestamp()))}
        assert (counts(scene), record.imbalance()) == ({"processed": 4, "dead_lettered": 6}, {})
        assert scene.left_out == [frozenset({ABSENCES})]
        told = [one["command"] for one in logs if one["log_level"] == "error"]
        assert told == [f"hub dlq resume --topic {ABSENCES} --partition 0"]

    play(story)


def test_while_it_is_paused_nothing_of_it_is_taken_or_called_gone(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        scene.lane.put(run_of(good(scene, 40)))
        end = len(scene.log.topics[ABSENCES, 0])
        scene.lane.fetch(ABSENCES, 0, end)
        consent = scene.log.put(CONSENTS, make_withdrawn())
        scene.arrive(consent)
        await scene.settled(1)
        assert scene.lane.owned.position(ABSENCES) == 10
        assert (counts(scene), scene.lane.in_flight) == ({"processed": 4, "dead_lettered": 6}, 0)

    play(story)


def test_a_withdrawal_and_new_rules_act_although_events_are_paused(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        assert scene.lane.owned.get(YOUTH_KEY) == b"40"
        scene.arrive(scene.log.put(CONSENTS, make_withdrawn()))
        scene.arrive(scene.log.put(RULES, make_marker("second")))
        await scene.settled(2)
        assert scene.lane.owned.get(YOUTH_KEY) is None
        assert scene.lane.owned.rules is not None
        assert scene.lane.owned.rules.version == "second"

    play(story)


def test_clocks_run_on_while_it_is_paused(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_TICK_SECONDS", 0.01)

    async def story(scene: Scene) -> None:
        scene.program.wake_after = timedelta(hours=1)
        await pause(scene)
        scene.clock.advance(timedelta(hours=2))
        await scene.until(lambda: scene.lane.owned.get(YOUTH_KEY) == b"1")

    play(story)


def test_it_goes_on_where_it_stood_and_counts_anew(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        scene.lane.put(run_of(good(scene, 40)))
        await scene.until(lambda: not scene.lane.in_flight)
        scene.lane.resume(ABSENCES, 10, 0)
        await scene.until(lambda: scene.lane.owned.position(ABSENCES) == 17)
        assert letters(scene) == [*range(4, 12)]
        assert (counts(scene), scene.lane.owned.record.imbalance()) == ({"processed": 9, "dead_lettered": 8}, {})
        assert scene.lane.owned.record.windows[ABSENCES] == Window(11, 0b11)
        assert scene.left_out == [frozenset({ABSENCES}), frozenset()]

    play(story)


def test_so_many_as_were_allowed_do_not_pause_it_again(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        for _ in range(20):
            bad(scene)
        scene.lane.put(run_of(good(scene, 40)))
        await scene.until(lambda: not scene.lane.in_flight)
        scene.lane.resume(ABSENCES, 10, 22)
        await scene.until(lambda: scene.lane.owned.position(ABSENCES) == 37)
        assert counts(scene) == {"processed": 9, "dead_lettered": 28}
        assert not scene.lane.owned.record.paused

    play(story)


def test_an_answer_to_an_earlier_pause_lets_nothing_go_on(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        scene.lane.resume(ABSENCES, 9, 0)
        scene.arrive(scene.log.put(CONSENTS, make_withdrawn()))
        await scene.settled(1)
        assert ABSENCES in scene.lane.owned.record.paused

    play(story)


def test_the_next_owner_keeps_the_pause_and_says_so(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        await scene.lane.close(1.0)
        scene.left_out.clear()
        with capture_logs() as logs:
            await scene.open()
            await scene.until(lambda: scene.left_out)
        assert scene.lane.owned.record.paused[ABSENCES].at == 10
        assert scene.left_out == [frozenset({ABSENCES})]
        assert [one["partition"] for one in logs if one["log_level"] == "error"] == [0]

    play(story)


def test_pause_and_position_are_in_one_record_of_the_changelog(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await pause(scene)
        rows = [row for row in scene.log.topics[CHANGELOG, 0] if row is not None and row.key == META_KEY]
        records = [PartitionRecord.from_bytes(row.value) for row in rows]
        assert [bool(one.paused) for one in records] == [one.positions.get(ABSENCES) == 10 for one in records]
        assert json.loads(rows[-1].value or b"")["paused"] == {ABSENCES: [10, 6, 10, int(NOW.timestamp())]}

    play(story)


def test_what_is_read_to_rebuild_a_partition_pauses_nothing(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.lane.owned.record.rebuilding = Rebuilding({ABSENCES: 99})
        records = [bad(scene) for _ in range(20)]
        scene.lane.put(run_of(*records))
        await scene.until(lambda: scene.lane.owned.position(ABSENCES) == 20)
        assert counts(scene) == {"dead_lettered": 20}
        assert scene.left_out == []

    play(story)


def test_consents_that_cannot_be_read_are_put_aside_and_never_paused(play: Play) -> None:
    async def story(scene: Scene) -> None:
        key = YOUTH.encode()
        records = [Record(CONSENTS.name, 0, scene.log.add(Outgoing(CONSENTS.name, key, b"no")), key, b"no") for _ in range(40)]
        scene.lane.put(run_of(*records))
        scene.arrive(scene.log.put(CONSENTS, make_withdrawn()))
        await scene.settled(1)
        assert counts(scene, CONSENTS.name) == {"processed": 2, "dead_lettered": 40}
        assert scene.left_out == []

    play(story)
