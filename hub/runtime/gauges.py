"""The worker's figures, from what is durable: the ledger of every owned partition, and how far the topics reach beyond it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from hub.errors import RetriableError
from hub.logs import get_logger
from hub.metrics import (
    LEDGER_EVENTS,
    WORKER_IN_FLIGHT,
    WORKER_LAG,
    WORKER_PARTITIONS,
    WORKER_PAUSED_SINCE,
    WORKER_REBUILDING,
    WORKER_RECOVERING,
    WORKER_RESTORED,
    WORKER_STALLED,
)
from hub.runtime.driver import Driver
from hub.runtime.effects import LedgerKey
from hub.runtime.lane import Lane
from hub.runtime.ledger import PartitionRecord
from hub.runtime.progress import Bounds, Progress
from hub.runtime.transport import Log

__all__ = ["Gauges"]

_log = get_logger(__name__)


class Gauges:
    """Sets the worker's gauges when asked; a series that has no partition here any more goes to zero.

    The ends of the topics are told to the drivers too, which notice by them what Faust does not deliver.
    """

    def __init__(self, drivers: Sequence[Driver], log: Log, progress: Progress) -> None:
        self._drivers = drivers
        self._log = log
        self._progress = progress
        self._shown: set[LedgerKey] = set()
        self._paused: set[tuple[str, int]] = set()
        for driver in drivers:
            # Asked when somebody looks: while a partition is restored, nothing else is asked of the broker.
            WORKER_RESTORED.labels(driver.name).set_function(partial(getattr, driver, "restored"))

    async def publish(self) -> None:
        """Ask the broker for the ends of the topics, then set every figure at once, so that they belong together."""
        bounds = await self._bounds()
        self._progress.look(bounds)
        WORKER_STALLED.set(self._progress.stalled_seconds)
        if bounds is None:
            WORKER_RECOVERING.set(1)  # what was true before may not be any more
            return
        for driver in self._drivers:
            driver.observe(bounds)
            WORKER_PARTITIONS.labels(driver.name).set(sum(1 for _ in driver.lanes))
            WORKER_REBUILDING.labels(driver.name).set(sum(lane.owned.rebuilding is not None for lane in driver.lanes))
        lanes = [lane for driver in self._drivers for lane in driver.lanes]
        WORKER_IN_FLIGHT.set(sum(lane.in_flight for lane in lanes))
        self._publish_ledger()
        self._publish_lag(bounds)
        self._publish_pauses(lanes)
        # Lanes that came while the broker was asked are not told of yet: neither is the worker done recovering.
        whole = self._progress.whole and set(self._sources()) == bounds.keys()
        WORKER_RECOVERING.set(0 if whole else 1)

    def _sources(self) -> Iterator[tuple[str, int]]:
        for driver in self._drivers:
            yield from driver.sources()

    async def _bounds(self) -> Bounds | None:
        try:
            return await self._log.bounds(set(self._sources()))
        except RetriableError:
            _log.warning("the broker did not tell how far its topics reach")
            return None

    def _publish_ledger(self) -> None:
        total: Counter[LedgerKey] = Counter()
        for driver in self._drivers:
            counts = PartitionRecord.total(lane.owned.record for lane in driver.lanes)
            # What two programs read counts once: at the one that has it from Faust.
            total.update({key: number for key, number in counts.items() if key[0] not in driver.followed})
        for key in self._shown - total.keys():
            LEDGER_EVENTS.labels(*key).set(0)
        for key, number in total.items():
            LEDGER_EVENTS.labels(*key).set(number)
        self._shown |= total.keys()

    def _publish_pauses(self, lanes: Sequence[Lane]) -> None:
        found = {(topic, lane.partition): pause.since for lane in lanes for topic, pause in lane.owned.record.paused.items()}
        for topic, partition in self._paused - found.keys():
            WORKER_PAUSED_SINCE.labels(topic, str(partition)).set(0)
        for (topic, partition), since in found.items():
            WORKER_PAUSED_SINCE.labels(topic, str(partition)).set(since)
        self._paused |= found.keys()

    def _publish_lag(self, bounds: Bounds) -> None:
        lag: Counter[str] = Counter()
        for driver in self._drivers:
            lag.update(dict.fromkeys(driver.program.topics, 0))
            for lane in driver.lanes:
                for topic in driver.program.topics:
                    begin, end = bounds.get((topic, lane.partition), (0, 0))
                    # Below the beginning there is nothing left to read.
                    lag[topic] += max(0, end - max(begin, lane.owned.position(topic)))
        for topic, records in lag.items():
            WORKER_LAG.labels(topic).set(records)
