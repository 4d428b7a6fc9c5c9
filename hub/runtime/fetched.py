"""What aiokafka has fetched, as something lighter than its own record, which is an object of eleven fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiokafka.consumer.fetcher import FetchResult

__all__ = ["bring_as"]


def bring_as(fetcher: Any, make: Callable[[Any, Any], Any]) -> None:
    """From here on the fetcher's records are what `make` gives for a partition and a record as it lies in its batch."""
    fetcher._records = _Fetched(make, fetcher._records)  # noqa: SLF001


class _Fetched(dict[Any, Any]):
    """Where aiokafka's fetcher puts what it has fetched, until it is polled."""

    def __init__(self, make: Callable[[Any, Any], Any], found: Mapping[Any, Any]) -> None:
        super().__init__()
        self._make = make
        for tp, result in found.items():
            self[tp] = result

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult:
            result._partition_records._consumer_record = self._make  # noqa: SLF001
        super().__setitem__(tp, result)
