"""How a producer is made and let go: kafka-python's, with every wait bounded."""

from __future__ import annotations

import contextlib
from typing import Any

from kafka import KafkaProducer

from hub.kafka_admin import AWAY, LARGEST_BATCH, reach
from hub.logs import get_logger

__all__ = ["CLOSE_SECONDS", "DELIVERY_MS", "RECONNECT_MS", "REQUEST_MS", "connected_producer", "let_go"]

_log = get_logger(__name__)
REQUEST_MS = 10_000
RECONNECT_MS = 3_000
"""The longest pause before the next try: a restarted broker is found soon."""
DELIVERY_MS = 30_000
"""After this a record that was not acknowledged is given up, and who published it is told."""
CLOSE_SECONDS = 5.0
_BATCH_BYTES = LARGEST_BATCH // 2


def connected_producer(servers: str, client_id: str) -> Any:
    """An idempotent producer that waits for all in-sync replicas. Raises RetriableError when no broker answers."""
    reach(servers)
    return KafkaProducer(
        bootstrap_servers=servers,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        linger_ms=2,  # the records of one publish() share batches; a single one hardly waits
        batch_size=_BATCH_BYTES,
        reconnect_backoff_max_ms=RECONNECT_MS,
        request_timeout_ms=REQUEST_MS,
        delivery_timeout_ms=DELIVERY_MS,
        max_block_ms=REQUEST_MS,
        bootstrap_timeout_ms=REQUEST_MS,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def let_go(producer: Any, seconds: float) -> None:
    """Close within `seconds`; what is still on its way after them is given up. Then wait for its thread, at most CLOSE_SECONDS.

    Without time to finish, kafka-python's close raises while a record waits, and else returns before the thread has ended.
    """
    sender = producer._sender  # noqa: SLF001 -- there is no other way to have it let go, and to know that it did
    try:
        producer.close(timeout=seconds)
    except AWAY as error:
        _log.info("what was not acknowledged is given up", error=type(error).__name__)
        sender.force_close()
        with contextlib.suppress(*AWAY):
            producer.close(timeout=CLOSE_SECONDS)
    sender.join(CLOSE_SECONDS)
