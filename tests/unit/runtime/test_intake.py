"""From the poll to the agent in runs, and from what is durable to the commit; Faust's own classes, no broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from faust.types import TP, ConsumerMessage

from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES
from hub.runtime import intake
from hub.runtime.intake import CROWD, RunConsumer, RunSchema
from hub.runtime.runs import RUN_RECORDS, Row, Run
from tests.unit.runtime.test_app import make_app

HERE, THERE = TP(SCHOOL_ABSENCES.name, 0), TP(SCHOOL_ABSENCES.name, 1)
OTHER = TP(CONSENTS.name, 0)


@dataclass
class Fetched:
    """A record of a changelog, as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    key: bytes = b"k"
    value: bytes = b"v"
    timestamp: int = 1000
    timestamp_type: int = 1
    headers: tuple[()] = ()
    checksum: None = None
    serialized_key_size: int = 1
    serialized_value_size: int = 1


def fetched(*offsets: int) -> list[Row]:
    return [(offset, b"k", b"v") for offset in offsets]


class Lost(RunConsumer):
    """Its partitions go away while it seeks."""

    async def seek_to_committed(self) -> Any:
        raise AssertionError("No partitions are currently assigned")


class Scene:
    """A consumer that is not connected; `messages` are what it handed on."""

    def __init__(self, folder: Path, kind: type[RunConsumer] = RunConsumer) -> None:
        self.app = make_app(folder)
        self.app.consumer_generation_id = 4
        self.messages: list[ConsumerMessage] = []
        self.after: Callable[[], None] = lambda: None
        self.consumer = kind(self.app.transport, self._take, self._nothing, self._nothing)
        self.consumer._set_active_tps({HERE, THERE, OTHER})

    async def _take(self, message: ConsumerMessage) -> None:
        self.messages.append(message)
        self.after()

    async def _nothing(self, *_: Any) -> None: ...

    @property
    def offsets(self) -> list[list[int]]:
        return [[offset for run in message.value for offset, _, _ in run.rows] for message in self.messages]

    async def hand_on(self, *polled: tuple[Any, Sequence[Row | Fetched]]) -> None:
        await self.consumer._hand_on(dict(polled), self.consumer._active_partitions)

    def committable(self) -> dict[Any, int]:
        return dict(self.consumer._filter_committable_offsets(self.consumer._filter_tps_with_pending_acks()))


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    def run(story: Callable[[Scene], Awaitable[None]], kind: type[RunConsumer] = RunConsumer) -> None:
        async def whole() -> None:
            scene = Scene(tmp_path, kind)
            try:
                await story(scene)
            finally:
                scene.consumer._thread.thread_loop.close()  # made with the consumer, for a thread that never starts

        asyncio.run(whole())

    return run


Play = Callable[..., None]


def test_all_that_a_poll_brought_of_a_topic_is_one_message(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.hand_on((HERE, fetched(3, 4, 8)), (OTHER, fetched(0)), (THERE, fetched(5)))
        assert scene.offsets == [[3, 4, 8, 5], [0]]
        first = scene.messages[0]
        assert [(run.topic, run.partition) for run in first.value] == [HERE, THERE]
        assert (first.tp, first.offset, first.generation_id) == (THERE, 5, 4)
        assert [scene.consumer._read_offset[tp] for tp in (HERE, THERE, OTHER)] == [8, 5, 0]

    play(story)


def test_more_than_a_batch_should_hold_is_more_than_one_run(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.hand_on((HERE, fetched(*range(RUN_RECORDS + 1))))
        assert [len(run) for message in scene.messages for run in message.value] == [RUN_RECORDS, 1]

    play(story)


def test_a_partition_that_is_paused_is_left_out_and_one_that_is_braked_is_not(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.consumer.pause_partitions([THERE])
        scene.app.in_recovery = False
        scene.consumer.on_buffer_full(HERE)
        await scene.hand_on((HERE, fetched(1)), (THERE, fetched(1)), (OTHER, fetched(1)))
        assert [run.partition for message in scene.messages for run in message.value if run.topic == HERE.topic] == [
            HERE.partition
        ]
        assert scene.messages[-1].tp == OTHER

    play(story)


def test_what_a_former_assignment_fetched_is_not_handed_on(play: Play) -> None:
    async def story(scene: Scene) -> None:
        def rebalance() -> None:
            scene.app.consumer_generation_id = 5

        scene.after = rebalance
        await scene.hand_on((HERE, fetched(1)), (OTHER, fetched(1)))
        assert [message.tp for message in scene.messages] == [HERE]

    play(story)


def test_a_flow_that_stops_ends_the_handing_on(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.after = scene.consumer.stop_flow
        await scene.hand_on((HERE, fetched(1)), (OTHER, fetched(1)))
        assert [message.tp for message in scene.messages] == [HERE]

    play(story)


def test_a_changelog_reaches_faust_s_recovery_record_by_record(play: Play) -> None:
    async def story(scene: Scene) -> None:
        log = TP(next(iter(scene.app.tables.changelog_topics)), 0)
        scene.consumer._set_active_tps({log})
        scene.consumer._read_offset[log] = 2
        await scene.hand_on((log, [Fetched(log.topic, log.partition, offset) for offset in (1, 2, 3)]))
        assert [(message.offset, message.value) for message in scene.messages] == [(2, b"v"), (3, b"v")]

    play(story)


def test_only_what_was_settled_is_committed_and_never_back(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.hand_on((HERE, fetched(3, 4)))
        assert scene.committable() == {}
        scene.consumer.settle(HERE, 4)
        scene.consumer.settle(THERE, 0)
        scene.consumer._committed_offset.update({HERE: 3, THERE: 0})
        assert scene.committable() == {HERE: 4}
        scene.consumer._committed_offset[HERE] = 4
        assert scene.committable() == {}
        scene.consumer.settle(HERE, 2)
        assert scene.committable() == {}

    play(story)


def test_a_commit_of_some_topics_takes_those(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.consumer.settle(HERE, 4)
        scene.consumer.settle(OTHER, 4)
        assert list(scene.consumer._filter_tps_with_pending_acks({OTHER.topic})) == [OTHER]
        assert list(scene.consumer._filter_tps_with_pending_acks({HERE})) == [HERE]

    play(story)


def test_a_revoked_partition_is_committed_no_more_and_comes_back_without_its_brake(play: Play) -> None:
    async def story(scene: Scene) -> None:
        scene.consumer.settle(HERE, 4)
        scene.consumer.settle(THERE, 6)
        scene.app.in_recovery = False
        scene.consumer.on_buffer_full(HERE)
        scene.consumer.on_buffer_full(THERE)
        await scene.consumer.on_partitions_revoked({HERE})
        assert scene.committable() == {THERE: 6}
        assert scene.consumer._buffered_partitions == {THERE}

    play(story)


def test_seeking_while_the_partitions_go_away_is_a_rebalance_to_faust_s_recovery(play: Play) -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(IllegalStateError):
            await scene.consumer.perform_seek()

    play(story, Lost)


def test_with_every_lane_full_nothing_is_polled_until_one_has_room(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_IDLE_SECONDS", 60)  # it does not come to an end by itself meanwhile

    async def story(scene: Scene) -> None:
        scene.app.in_recovery = False
        for tp in (HERE, THERE, OTHER):
            scene.consumer.on_buffer_full(tp)
        waiting = asyncio.create_task(scene.consumer._await_room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        scene.consumer.on_buffer_drop(HERE)
        async with asyncio.timeout(10):
            await waiting

    play(story)


def test_an_agent_that_is_behind_is_waited_for(play: Play) -> None:
    async def story(scene: Scene) -> None:
        [channel, *_] = [agent.channel for agent in scene.app.agents.values()]
        scene.app.topics.add(channel)
        for number in range(CROWD):
            channel.queue.force_put_nowait(number)
        waiting = asyncio.create_task(scene.consumer._await_room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        channel.queue.get_nowait()
        async with asyncio.timeout(10):
            await waiting

    play(story)


def test_a_message_s_runs_reach_the_agent_as_they_are(play: Play) -> None:
    async def story(scene: Scene) -> None:
        await scene.hand_on((HERE, fetched(1)))
        decode = RunSchema().compile(scene.app)
        event = await decode(scene.messages[0], propagate=True)
        assert [type(run) for run in event.value] == [Run]
        assert event.value is scene.messages[0].value
        assert event.message is scene.messages[0]

    play(story)
