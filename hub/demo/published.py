"""Counts what really stands on the topics of a demo, each event or message once however often it was sent."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hub.contract.topics import CATALOGUE
from hub.errors import ConfigError, RetriableError
from hub.kafka import Reader
from hub.kafka_admin import end_offsets
from hub.settings import Settings
from hub.status import topic_lengths

__all__ = ["distinct_records", "require_empty_topics"]

_PATIENCE_SECONDS = 60.0


def require_empty_topics(settings: Settings) -> None:
    """Look before anything is changed. Raises ConfigError `not_empty` when a topic of the hub holds a record already."""
    for name in CATALOGUE if settings.kafka.bootstrap_servers else ():
        try:
            length = topic_lengths(settings, [name])[name]
        except ConfigError:  # there is no such topic yet
            continue
        if length:
            raise ConfigError("the configured brokers hold records of the hub: the demo needs empty ones", code="not_empty")


def distinct_records(settings: Settings, topics: Sequence[str]) -> dict[str, int]:
    """Distinct records by topic, told by key, source and CloudEvents id (identity and revision), up to the present end.

    Raises RetriableError when Kafka does not give them all within a minute: count again.
    """
    found: dict[str, set[tuple[bytes | None, bytes, bytes]]] = {topic: set() for topic in topics}
    due = sum(end_offsets(settings.bootstrap_servers, list(topics)).values())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    reader = Reader(settings.bootstrap_servers, topics, None, "demo")
    try:
        read = 0
        while read < due:
            for record in reader.poll(1.0, 5_000):
                read += 1
                headers = dict(record.headers)
                found[record.topic].add((record.key, headers["ce_source"], headers["ce_id"]))
            if time.monotonic() > deadline:
                raise RetriableError("Kafka did not give all events in time", code="kafka")
    finally:
        reader.close()
    return {topic: len(ids) for topic, ids in found.items()}
