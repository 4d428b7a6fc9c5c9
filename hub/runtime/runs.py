"""How records travel from Kafka to a lane: in runs, cut from what one poll brought of one partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hub.runtime.effects import Record

__all__ = ["RUN_BYTES", "RUN_RECORDS", "Row", "Run", "cut", "run_of"]

RUN_RECORDS = 2_000
RUN_BYTES = 1024 * 1024

Row: TypeAlias = tuple[int, bytes | None, bytes | None]
"""A record within its run: offset, key and value. A bare tuple, because one is made for each event."""


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one topic and partition, at least one, in order of their offsets; between the first and the last none is
    missing that is still on the topic. `size`: bytes of their keys and values.
    """

    topic: str
    partition: int
    rows: Sequence[Row]
    size: int

    @property
    def first(self) -> int:
        """The offset of the first record."""
        return self.rows[0][0]

    @property
    def last(self) -> int:
        """The offset of the last record."""
        return self.rows[-1][0]

    def __len__(self) -> int:
        return len(self.rows)

    def through(self, last: int) -> Run | None:
        """The run as far as the record at offset `last`; None when all of it lies behind that."""
        if self.last <= last:
            return self
        rows = [row for row in self.rows if row[0] <= last]
        return Run(self.topic, self.partition, rows, sum(map(_weight, rows))) if rows else None

    def slices(self, most: int) -> Iterator[Run]:
        """The run in pieces of at most so many records; of a piece nobody asks its size."""
        if len(self.rows) <= most:
            yield self
            return
        for begin in range(0, len(self.rows), most):
            yield Run(self.topic, self.partition, self.rows[begin : begin + most], 0)


def run_of(*records: Record) -> Run:
    """A run of these."""
    rows = [(one.offset, one.key, one.value) for one in records]
    return Run(records[0].topic, records[0].partition, rows, sum(map(_weight, rows)))


def cut(topic: str, partition: int, found: Sequence[Row], most: int = RUN_RECORDS) -> Iterator[Run]:
    """Cut what one poll brought into runs of at most `most` records and RUN_BYTES; a larger record makes a run alone."""
    weights = list(map(_weight, found))
    whole = sum(weights)
    if found and whole <= RUN_BYTES and len(found) <= most:
        yield Run(topic, partition, found, whole)
        return
    start = size = 0
    for end, weight in enumerate(weights):
        if end > start and (end - start == most or size + weight > RUN_BYTES):
            yield Run(topic, partition, found[start:end], size)
            start, size = end, 0
        size += weight
    if start < len(weights):
        yield Run(topic, partition, found[start:], size)


def _weight(row: Row) -> int:
    return len(row[1] or b"") + len(row[2] or b"")
