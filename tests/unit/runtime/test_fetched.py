"""aiokafka's fetcher gives what it is told to make of a record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult, PartitionRecords
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from hub.runtime.fetched import bring_as

HERE = TopicPartition("topic", 3)


class Assigned:
    """An assignment that stands at offset 0 of its one partition."""

    active = True

    def state_value(self, _tp: TopicPartition) -> Any:
        return SimpleNamespace(paused=False, position=0, consumed_to=lambda _offset: None)


def result_of(value: bytes) -> FetchResult:
    batch = BatchBuilder(4096, 0)
    batch.append(timestamp=None, key=b"k", value=value, headers=[("hub-epoch", b"x")])
    found = PartitionRecords(HERE, MemoryRecords(bytes(batch._build())), [], 0, None, None, True, READ_COMMITTED)
    return FetchResult(HERE, assignment=Assigned(), partition_records=found, backoff=0)


def test_records_that_come_and_those_that_had_come_are_what_is_made_of_them() -> None:
    there = TopicPartition("topic", 4)
    fetcher = SimpleNamespace(_records={there: result_of(b"before")})
    bring_as(fetcher, lambda tp, record: (record.offset, record.key, record.value, record.headers))
    fetcher._records[HERE] = result_of(b"after")
    assert fetcher._records[there].getall() == [(0, b"k", b"before", [("hub-epoch", b"x")])]
    assert fetcher._records[HERE].getall() == [(0, b"k", b"after", [("hub-epoch", b"x")])]
