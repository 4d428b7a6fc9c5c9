"""Where records stand: what is gone from a topic, and what of a key can still be read from its beginning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from kafka.partitioner.default import murmur2

from hub.errors import RetriableError
from hub.kafka import Incoming, incoming
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

    def record_at(self, topic: str, partition: int, offset: int) -> Incoming | None:
        """The record at that very place; None when it is gone, was taken back by its producer, or never was."""
        where = (topic, partition)
        if not self.begins([topic]).get(where, 0) <= offset < self.ends([topic]).get(where, 0):
            return None
        found = self._walk(TopicPartition(topic, partition), offset, lambda record: record.offset >= offset)
        return incoming(found) if found is not None and found.offset == offset else None

    def newest_of(self, topic: str, key: bytes) -> Incoming | None:
        """The last record of a key on a topic, read from the beginning of its partition."""
        partitions = [number for name, number in self.ends([topic]) if name == topic]
        newest: list[Any] = []

        def note(record: Any) -> bool:
            if record.key == key:
                newest[:] = [record]
            return False

        self._walk(TopicPartition(topic, self.partition_of(key, len(partitions))), None, note)
        return incoming(newest[0]) if newest else None

    def each(self, topic: str, partition: int, note: Callable[[Incoming], None]) -> None:
        """Show every record of a partition, in order, up to its present end."""

        def shown(record: Any) -> bool:
            note(incoming(record))
            return False

        self._walk(TopicPartition(topic, partition), None, shown)

    def _walk(self, where: TopicPartition, start: int | None, enough: Callable[[Any], bool]) -> Any:
        """Read a partition on to its present end, or to the first record that is enough, which is the answer."""
        reach(self._servers)
        try:
            consumer = self._connected(where, "read_committed")
            try:
                if start is not None:
                    consumer.seek(where, start)
                return self._first(consumer, where, enough)
            finally:
                consumer.close(autocommit=False, timeout_ms=_POLL_MS)
        except KafkaError as error:
            raise RetriableError(f"Kafka is not available: {type(error).__name__}", code="kafka") from error

    @staticmethod
    def _first(consumer: Any, where: TopicPartition, enough: Callable[[Any], bool]) -> Any:
        end = consumer.end_offsets([where], timeout_ms=_TIMEOUT_MS)[where]
        idle = 0
        while consumer.position(where, timeout_ms=_TIMEOUT_MS) < end:
            batches = consumer.poll(timeout_ms=_POLL_MS)
            idle = 0 if batches else idle + 1
            if idle > _EMPTY_POLLS:
                raise RetriableError("Kafka does not give what a topic holds", code="kafka")
            found = next((record for records in batches.values() for record in records if enough(record)), None)
            if found is not None:
                return found
        return None

    def _connected(self, where: TopicPartition, isolation: str = "read_uncommitted") -> Any:
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers,
            client_id="hub-places",
            group_id=None,
            enable_auto_commit=False,
            isolation_level=isolation,  # by default bytes are bytes, taken back or not
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
