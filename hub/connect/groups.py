"""Batches in groups that are written, published and settled together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from hub.connector import Batch, PersonRecord
from hub.errors import HubError

__all__ = ["grouped", "latest_time"]

_GROUP_RECORDS = 1000  # one write-ahead, one publish and one settlement for about so many


def latest_time(group: list[Batch], now: datetime) -> datetime:
    """The latest time that the group tells of, no later than now."""
    times = [record.occurred_at for batch in group for record in batch.records if isinstance(record, PersonRecord)]
    return min(now, max(times, default=now))


def grouped(batches: Iterable[Batch]) -> Iterator[list[Batch]]:
    """Batches in groups of about `_GROUP_RECORDS` records.

    When the source fails, what it gave before comes first and the error after it: a source that never reaches its end
    still makes progress.
    """
    group: list[Batch] = []
    try:
        for batch in batches:
            group.append(batch)
            if sum(len(one.records) for one in group) >= _GROUP_RECORDS:
                full, group = group, []
                yield full
    except HubError:
        if group:
            yield group
        raise
    if group:
        yield group
