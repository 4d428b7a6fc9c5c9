"""The loop: reads, takes, commits; and what ends it."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import TaskState
from hub.contract.topics import CATALOGUE, TASK_EVENTS, TASKS_OUTREACH
from hub.delivery.process import INPUTS, run_delivery
from hub.delivery.worklist import Worklist
from hub.errors import ConfigError, FatalError, RetriableError
from hub.testing import MemoryPublisher
from tests.unit.delivery.make import Desk, MemoryReader, make_task


def run(desk: Desk, reader: MemoryReader, publisher: MemoryPublisher, stop: threading.Event) -> None:
    ends = dict.fromkeys(desk.offsets, 10)
    run_delivery(desk.engine, desk.codec, desk.clock, ends=lambda: ends, reader=reader, publisher=publisher, stop=stop)


class Told(MemoryPublisher):
    """Asks for the stop when a number of records was published."""

    def __init__(self, stop: threading.Event, number: int) -> None:
        super().__init__()
        self.stop, self.number = stop, number

    def publish(self, records):
        answer = super().publish(records)
        if len(self.records) >= self.number:
            self.stop.set()
        return answer


def make_batch(desk: Desk, number: int = 2) -> list:
    refs = [new_youth_ref() for _ in range(number)]
    return [desk.record(TASKS_OUTREACH, ref, make_task(ref)) for ref in refs]


def test_every_input_is_a_topic_of_the_catalogue_with_a_place_for_its_dead_letters() -> None:
    assert all(name in CATALOGUE and f"{name}.dlq" in CATALOGUE for name in INPUTS)


def test_what_is_read_is_taken_committed_counted_and_told(desk: Desk) -> None:
    stop, batch = threading.Event(), make_batch(desk)
    reader, publisher = MemoryReader(batch), Told(stop, 2)
    run(desk, reader, publisher, stop)
    assert reader.committed == batch
    assert [record.topic for record in publisher.records] == [TASK_EVENTS.name] * 2
    labels = {"topic": TASKS_OUTREACH.name, "outcome": "opened"}
    assert REGISTRY.get_sample_value("hub_delivery_messages", labels) == 2
    assert REGISTRY.get_sample_value("hub_delivery_open_tasks", {"team": "outreach", "state": "received"}) == 2


def test_a_kafka_that_is_away_for_a_moment_is_asked_again(desk: Desk) -> None:
    stop, batch = threading.Event(), make_batch(desk)
    reader, publisher = MemoryReader(batch), Told(stop, 2)
    reader.failures.append(RetriableError("away"))
    publisher.failures.append(RetriableError("away"))
    run(desk, reader, publisher, stop)
    assert reader.committed == batch
    assert len(publisher.records) == 2


def test_records_that_come_again_because_the_commit_was_lost_have_no_second_effect(desk: Desk) -> None:
    stop, batch = threading.Event(), make_batch(desk)

    class Dies(MemoryReader):
        def commit(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(desk, Dies(batch), MemoryPublisher(), stop)
    again = threading.Event()
    reader = MemoryReader(batch)
    reader.when_empty = again.set
    run(desk, reader, MemoryPublisher(), again)
    assert desk.states() == [(TaskState.RECEIVED, None)] * 2
    assert sum(desk.worklist.counts().values()) == 2


def test_a_relay_that_fails_ends_the_process(desk: Desk) -> None:
    stop, publisher = threading.Event(), MemoryPublisher()
    publisher.failures.append(ValueError("unexpected"))
    with pytest.raises(FatalError) as caught:
        run(desk, MemoryReader(make_batch(desk)), publisher, stop)
    assert caught.value.code == "relay_ended"
    assert stop.is_set()


def test_it_stops_while_kafka_is_away(desk: Desk) -> None:
    """Asked to stop while it waits to try again, it does not wait its patience out."""
    stop = threading.Event()

    class Away(MemoryReader):
        def poll(self, timeout_seconds: float, max_records: int):
            stop.set()
            raise RetriableError("away")

    run(desk, Away(), MemoryPublisher(), stop)


def test_the_lease_is_free_after_a_clean_stop(desk: Desk, engine: Engine, clock: ManualClock) -> None:
    for _ in range(2):
        stop = threading.Event()
        run(desk, MemoryReader(make_batch(desk, 1)), Told(stop, 1), stop)


@pytest.mark.parametrize("ends", [{}, {(TASKS_OUTREACH.name, 0): 1}])
def test_another_kafka_than_the_inbox_was_filled_from_is_refused(desk: Desk, ends: dict[tuple[str, int], int]) -> None:
    """Its records would stand below what was taken, and be passed over in silence."""
    desk.inbox.take(make_batch(desk))
    with pytest.raises(ConfigError, match=TASKS_OUTREACH.name) as caught:
        run_delivery(
            desk.engine, desk.codec, desk.clock, ends=lambda: ends, reader=MemoryReader(), publisher=MemoryPublisher(),
            stop=threading.Event(),
        )  # fmt: skip
    assert caught.value.code == "other_kafka"
    desk.inbox.check_ends({(TASKS_OUTREACH.name, 0): 2})


def test_that_no_withdrawal_waits_is_written_down_once_all_was_taken(desk: Desk) -> None:
    stop, batch = threading.Event(), make_batch(desk)
    worklist = Worklist(desk.engine, desk.clock, stale_after=timedelta(minutes=1))
    assert worklist.stale() is not None
    run(desk, MemoryReader(batch), Told(stop, 2), stop)
    assert worklist.stale() is None
