"""Where records stand: what is gone from a topic, and what of a key can still be read from its beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from hub.errors import RetriableError
from hub.kafka_admin import begin_offsets, end_offsets, reach

__all__ = ["KafkaPlaces"]

_TIMEOUT_MS = 10_000
_POLL_MS = 1_000
_EMPTY_POLLS = 20


class KafkaPlaces:
    """A look at the brokers, connected for each question anew: it is asked seldom. Every method may raise RetriableError."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._servers = bootstrap_servers

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """The offset that the next record of each (topic, partition) will get; ConfigError for a topic that does not exist."""
        return end_offsets(self._servers, topics)

    def begins(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """The first offset still on each (topic, partition)."""
        return begin_offsets(self._servers, topics)

    @staticmethod
    def partition_of(key: bytes, partitions: int) -> int:
        """Where every client of the hub puts a key."""
        return int((murmur2(key) & 0x7FFFFFFF) % partitions)

    def standing(self, topic: str, partition: int, keys: Collection[bytes]) -> dict[bytes, list[int]]:
        """The offsets at which records of `keys` stand, read from the very beginning, ascending."""
        found: dict[bytes, list[int]] = {key: [] for key in keys}
        reach(self._servers)
        where = TopicPartition(topic, partition)
        try:
            consumer = self._connected(where)
            try:
                self._read(consumer, where, found)
            finally:
                consumer.close(autocommit=False, timeout_ms=_POLL_MS)
        except KafkaError as error:
            raise RetriableError(f"Kafka is not available: {type(error).__name__}", code="kafka") from error
        return found

    def _connected(self, where: TopicPartition) -> Any:
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers,
            client_id="hub-places",
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_uncommitted",  # bytes are bytes, taken back or not
            bootstrap_timeout_ms=_TIMEOUT_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        consumer.assign([where])
        consumer.seek_to_beginning(where)
        return consumer

    @staticmethod
    def _read(consumer: Any, where: TopicPartition, found: dict[bytes, list[int]]) -> None:
        end = consumer.end_offsets([where], timeout_ms=_TIMEOUT_MS)[where]
        idle = 0
        while consumer.position(where, timeout_ms=_TIMEOUT_MS) < end:
            batches = consumer.poll(timeout_ms=_POLL_MS)
            idle = 0 if batches else idle + 1
            if idle > _EMPTY_POLLS:
                raise RetriableError("Kafka does not give what a topic holds", code="kafka")
            for records in batches.values():
                for record in records:
                    if record.key in found:
                        found[record.key].append(record.offset)
