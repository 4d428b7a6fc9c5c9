"""Faust's consumer reads committed records only, and gives them as rows."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from hub.runtime.committed import CommittedConsumer, _Fetched
from tests.unit.runtime.test_app import make_app


def test_the_consumer_that_the_worker_makes_reads_committed(tmp_path: Path) -> None:
    async def story() -> str:
        app = make_app(tmp_path)
        assert isinstance(app.consumer, CommittedConsumer)
        made = app.consumer._new_consumer_thread()._create_worker_consumer(app.transport)
        level = str(made._isolation_level)
        await made.stop()
        return level

    assert asyncio.run(story()) == "read_committed"


HERE = TopicPartition("topic", 3)


class Assigned:
    """An assignment that stands at offset 0 of its one partition."""

    active = True

    def __init__(self) -> None:
        self.position = 0

    def state_value(self, _tp: TopicPartition) -> Any:
        return SimpleNamespace(paused=False, position=self.position, consumed_to=self._reach)

    def _reach(self, offset: int) -> None:
        self.position = offset


def result_of(records: int) -> FetchResult:
    """What aiokafka's fetcher makes of an answer, of which the first record has no key and no value."""
    batch = BatchBuilder(4096, 0)
    for number in range(records):
        given = {"key": b"k", "value": b"v%d" % number} if number else {"key": None, "value": None}
        batch.append(timestamp=None, headers=[("ce_id", b"x")], **given)
    found = PartitionRecords(HERE, MemoryRecords(bytes(batch._build())), [], 0, None, None, True, READ_COMMITTED)
    return FetchResult(HERE, assignment=Assigned(), partition_records=found, backoff=0)


def test_what_was_fetched_of_a_source_is_polled_in_rows() -> None:
    fetched = _Fetched(lambda _tp: False, {})
    fetched[HERE] = result_of(3)
    assert fetched[HERE].getall(2) == [(0, None, None), (1, b"k", b"v1")]
    assert fetched[HERE].getall(2) == [(2, b"k", b"v2")]
    assert not fetched[HERE].has_more()


def test_what_had_been_fetched_before_comes_in_rows_too() -> None:
    assert _Fetched(lambda _tp: False, {HERE: result_of(1)})[HERE].getall() == [(0, None, None)]


def test_what_was_fetched_of_a_changelog_is_polled_as_aiokafka_gives_it() -> None:
    fetched = _Fetched(lambda tp: bool(tp == HERE), {})
    fetched[HERE] = result_of(2)
    assert [type(one) for one in fetched[HERE].getall()] == [ConsumerRecord, ConsumerRecord]


def test_an_error_of_the_fetch_is_raised_by_the_poll_as_before() -> None:
    fetched = _Fetched(lambda _tp: False, {})
    fetched[HERE] = FetchError(error=ValueError("no"), backoff=0)
    with pytest.raises(ValueError, match="no"):
        fetched[HERE].check_raise()
