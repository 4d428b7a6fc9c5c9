"""Faust's consumer, but reading committed records only: what a producer took back in an aborted transaction was never said.

Faust 0.15.3 reads committed records only with `exactly_once`, which is avoided here (`hub.runtime.app`). And what is
fetched comes as bare rows: aiokafka makes of each record an object of eleven fields, of which the hub looks at three.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from aiokafka.consumer.fetcher import FetchResult
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

from hub.runtime.fetching import Fetching
from hub.runtime.runs import Row

__all__ = ["CommittedConsumer"]

_log = logging.getLogger("faust.transport")  # else mode makes one by our module's name, and tells every start and stop at INFO
# How long a broker holds a fetch that finds nothing. Faust's second and a half held up what else is asked over that connection,
# and the first fetch after it: three seconds of each start.
_FETCH_WAIT_MS = 250


class _Thread(AIOKafkaConsumerThread):  # type: ignore[misc]
    logger = _log

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 -- taken up when it starts; no setting of Faust's leads there
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS  # noqa: SLF001 -- and so is this
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001
        fetcher._proc_fetch_request = Fetching(fetcher._proc_fetch_request)  # noqa: SLF001
        fetcher._records = _Fetched(self.consumer._is_changelog_tp, fetcher._records)  # noqa: SLF001


class _Fetched(dict[Any, Any]):
    """Where aiokafka's fetcher puts what it has fetched, until it is polled: in rows, but for changelogs."""

    def __init__(self, is_changelog: Callable[[Any], bool], found: Mapping[Any, Any]) -> None:
        super().__init__()
        self._is_changelog = is_changelog
        for tp, result in found.items():
            self[tp] = result

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult and not self._is_changelog(tp):
            result._partition_records._consumer_record = _row  # noqa: SLF001
        super().__setitem__(tp, result)


def _row(_tp: Any, record: Any) -> Row:
    return record.offset, record.key, record.value


class CommittedConsumer(Consumer):  # type: ignore[misc]
    """What `hub.runtime.intake` builds on."""

    logger = _log

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)
