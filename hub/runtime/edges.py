"""Where a worker meets Kafka, its disk and Faust: given at its composition, so that each of them can be seen to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.runtime.lane import Flow
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.transport import KafkaLog

__all__ = ["Edges"]


def _as_it_is(flow: Flow) -> Flow:
    return flow


@dataclass(frozen=True, slots=True)
class Edges:
    """What makes the `KafkaLog` of some servers, and the store of a partition; `flow` may stand before the one to Faust.

    A worker's own are the defaults.
    """

    log: Callable[[str], KafkaLog] = KafkaLog
    store: Callable[[Path, StoreCache], PartitionStore] = PartitionStore
    flow: Callable[[Flow], Flow] = _as_it_is
