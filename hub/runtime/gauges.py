"""The worker's figures, from what is durable: the ledger of every owned partition, and how far the topics reach beyond it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hub.errors import RetriableError
from hub.logs import get_logger
from hub.metrics import LEDGER_EVENTS, WORKER_IN_FLIGHT, WORKER_LAG, WORKER_RECOVERING
from hub.runtime.driver import Driver
from hub.runtime.effects import LedgerKey
from hub.runtime.ledger import PartitionRecord
from hub.runtime.transport import Log

__all__ = ["Gauges"]

_log = get_logger(__name__)


class Gauges:
    """Sets the worker's gauges when asked; a series that has no partition here any more goes to zero.

    The ends of the topics are told to the drivers too, which notice by them what Faust does not deliver.
    """

    def __init__(self, drivers: Sequence[Driver], log: Log) -> None:
        self._drivers = drivers
        self._log = log
        self._shown: set[LedgerKey] = set()

    async def publish(self) -> None:
        """Read the state of every lane and ask the broker for the ends of its topics."""
        lanes = [lane for driver in self._drivers for lane in driver.lanes]
        WORKER_IN_FLIGHT.set(sum(lane.in_flight for lane in lanes))
        self._publish_ledger(PartitionRecord.total(lane.owned.record for lane in lanes))
        try:
            await self._publish_lag()
        except RetriableError:
            _log.warning("the broker did not tell how far its topics reach")
        WORKER_RECOVERING.set(0 if all(driver.ready for driver in self._drivers) else 1)

    def _publish_ledger(self, total: Counter[LedgerKey]) -> None:
        for key in self._shown - total.keys():
            LEDGER_EVENTS.labels(*key).set(0)
        for key, number in total.items():
            LEDGER_EVENTS.labels(*key).set(number)
        self._shown |= total.keys()

    async def _publish_lag(self) -> None:
        lag: Counter[str] = Counter()
        for driver in self._drivers:
            lag.update(dict.fromkeys(driver.program.topics, 0))
            lanes = list(driver.lanes)
            bounds = await self._log.bounds((topic, lane.partition) for lane in lanes for topic in driver.program.topics)
            driver.observe(bounds)
            positions = {lane.partition: lane.owned for lane in lanes}
            for (topic, partition), (begin, end) in bounds.items():
                # Below the beginning there is nothing left to read.
                lag[topic] += max(0, end - max(begin, positions[partition].position(topic)))
        for topic, records in lag.items():
            WORKER_LAG.labels(topic).set(records)
