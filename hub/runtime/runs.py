"""How records travel from Kafka to a lane: in runs, cut from what one poll brought of one partition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hub.runtime.effects import Record

__all__ = ["RUN_BYTES", "RUN_RECORDS", "Run", "cut", "run_of"]

RUN_RECORDS = 500
RUN_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one topic and partition, at least one, in order of their offsets; between the first and the last none is
    missing that is still on the topic. `size`: bytes of their keys and values.
    """

    records: Sequence[Record]
    size: int


def run_of(*records: Record) -> Run:
    """A run of these."""
    return Run(records, sum(_weight(one) for one in records))


def cut(topic: str, partition: int, found: Iterable[Any]) -> Iterator[Run]:
    """Cut aiokafka's records of one poll into runs of at most RUN_RECORDS and RUN_BYTES; a larger record makes a run alone."""
    records: list[Record] = []
    size = 0
    for one in found:
        record = Record(topic, partition, one.offset, one.key, one.value)
        weight = _weight(record)
        if records and (len(records) == RUN_RECORDS or size + weight > RUN_BYTES):
            yield Run(records, size)
            records, size = [], 0
        records.append(record)
        size += weight
    if records:
        yield Run(records, size)


def _weight(record: Record) -> int:
    return len(record.key or b"") + len(record.value or b"")
