"""Faust's consumer, but reading committed records only: what a producer took back in an aborted transaction was never said.

Faust 0.15.3 reads committed records only with `exactly_once`, which is avoided here (`hub.runtime.app`).
"""

from __future__ import annotations

import logging
from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer

__all__ = ["CommittedConsumer"]

_log = logging.getLogger("faust.transport")  # else mode makes one by our module's name, and tells every start and stop at INFO


class _Thread(AIOKafkaConsumerThread):  # type: ignore[misc]
    logger = _log

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 -- taken up when it starts; no setting of Faust's leads there
        return consumer


class CommittedConsumer(Consumer):  # type: ignore[misc]
    """What `hub.runtime.intake` builds on."""

    logger = _log

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)
