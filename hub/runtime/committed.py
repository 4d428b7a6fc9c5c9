"""Faust's consumer, but reading committed records only: what a producer took back in an aborted transaction was never said.

Faust 0.15.3 reads committed records only with `exactly_once`, which is avoided here (`hub.runtime.app`).
"""

from __future__ import annotations

from typing import Any, ClassVar

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

__all__ = ["CommittedTransport"]


class _Thread(AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # noqa: SLF001 -- taken up when it starts; no setting of Faust's leads there
        return consumer


class _Consumer(Consumer):  # type: ignore[misc]
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class CommittedTransport(Transport):  # type: ignore[misc]
    """For `app.transport`."""

    Consumer: ClassVar[type[Any]] = _Consumer
