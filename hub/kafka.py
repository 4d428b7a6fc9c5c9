"""The synchronous edge to Kafka: publish and wait, read and commit by hand. kafka-python's names end here.

Nothing connects before the first call that needs the broker, so that a process can be built while Kafka is still starting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import MessageSizeTooLargeError

from hub.contract.cloudevents import cloud_event_headers
from hub.contract.models import Message
from hub.contract.topics import Topic
from hub.errors import ContractError, RetriableError
from hub.kafka_admin import AWAY, apply_topics, begin_offsets, broker_answers, check_topics, end_offsets, reach
from hub.kafka_producer import CLOSE_SECONDS, DELIVERY_MS, RECONNECT_MS, REQUEST_MS, connected_producer, let_go
from hub.logs import get_logger

if TYPE_CHECKING:
    from hub.contract.codec import Codec

__all__ = [
    "Incoming",
    "Outgoing",
    "Publisher",
    "Reader",
    "apply_topics",
    "begin_offsets",
    "check_topics",
    "end_offsets",
    "incoming",
    "outgoing",
]

_log = get_logger(__name__)
_METADATA_MS = 30_000  # bounds how long a group can be split by what its leader did not know
# What a reader holds of what it has fetched: records have less than 10 kB, whatever a stranger may write.
_PARTITION_BYTES = 256 * 1024
_FETCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish. `partition` None: murmur2 of the key, as every client of the hub does it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it was read, undecoded; `timestamp_ms` is the broker's append time (Unix milliseconds)."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


def outgoing(
    codec: Codec,
    topic: Topic,
    key: str | bytes | None,
    message: Message,
    *,
    id: str,  # noqa: A002 -- CloudEvents calls it `id`
    source: str,
    time: datetime,
) -> Outgoing:
    """The record of one message: encoded by the topic's schema, with the CloudEvents headers every topic carries.

    `time` is when it occurred (aware). Raises ContractError when the message is not the topic's.
    """
    raw_key = key.encode("ascii") if isinstance(key, str) else key
    return Outgoing(topic.name, raw_key, codec.encode(topic, message), cloud_event_headers(topic, id, source, time))


class Publisher:
    """Publishes and waits. Safe to share between threads; calls take turns.

    Guarantee: when `publish` returns, every record is acknowledged by all in-sync replicas, in the order given per
    partition. When it raises, any of them may still be on the topic: publish the same records again, their ids make
    the repeat harmless.
    """

    def __init__(self, bootstrap_servers: str, client_id: str) -> None:
        self._servers = bootstrap_servers
        self._client_id = client_id
        self._lock = threading.Lock()
        self._producer: Any = None

    def require(self) -> None:
        """Raise RetriableError when no broker answers. Asked also when there is nothing to say, so that it looks no different."""
        if not broker_answers(self._servers):
            raise RetriableError("Kafka does not answer", code="kafka")

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Send all and block until all are acknowledged; the answer is their (partition, offset), in order.

        Raises RetriableError when one was not acknowledged within 30 seconds (repeat them all), and ContractError
        `too_large` when one is larger than the broker takes (repeating cannot help).
        """
        if not records:
            return []
        with self._lock:
            try:
                return self._publish(records)
            except MessageSizeTooLargeError as error:
                self._drop()
                raise ContractError("a record is larger than Kafka accepts", code="too_large") from error
            except AWAY as error:
                # A producer that gave a record up may hold later ones of the batch: start over with a fresh one.
                self._drop()
                raise RetriableError(f"Kafka did not acknowledge: {type(error).__name__}", code="kafka") from error

    def _publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self._producer is None:
            self._producer = connected_producer(self._servers, self._client_id)
        waiting = [
            self._producer.send(one.topic, value=one.value, key=one.key, headers=list(one.headers), partition=one.partition)
            for one in records
        ]
        self._producer.flush(timeout=(DELIVERY_MS + REQUEST_MS) / 1000)
        return [(acknowledged.partition, acknowledged.offset) for acknowledged in (one.get(timeout=0.1) for one in waiting)]

    def _drop(self, seconds: float = 0.0) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            let_go(producer, seconds)

    def close(self) -> None:
        """Let go of the connection; nothing is pending, because publish() waits."""
        with self._lock:
            self._drop(CLOSE_SECONDS)


class Reader:
    """Reads raw records from the earliest on and commits by hand. Not for sharing between threads.

    With a `group`, members share the partitions and go on at what was committed; without one, it reads every partition
    from its beginning and has nothing to commit. Guarantee: at least once; what was polled but not committed comes again.
    """

    def __init__(self, bootstrap_servers: str, topics: Sequence[str], group: str | None, client_id: str) -> None:
        self._servers = bootstrap_servers
        self._topics = tuple(topics)
        self._group = group
        self._client_id = client_id
        self._consumer: Any = None

    def poll(self, timeout_seconds: float, max_records: int) -> list[Incoming]:
        """At most `max_records`, in order per partition; empty when none came within `timeout_seconds`.

        Raises RetriableError when the broker cannot be reached; poll again.
        """
        consumer = self._connected()
        batches = _edge(lambda: consumer.poll(timeout_ms=round(timeout_seconds * 1000), max_records=max_records))
        return [incoming(record) for batch in batches.values() for record in batch]

    def commit(self) -> None:
        """Commit everything polled so far; call it after the effects are durable.

        Raises RetriableError when the group has moved on (the records go to another member, or come again).
        """
        if self._group is None:
            raise ValueError("a reader without a group has nothing to commit")
        if self._consumer is not None:
            _edge(lambda: self._consumer.commit(timeout_ms=REQUEST_MS))

    def caught_up(self) -> frozenset[tuple[str, int]]:
        """The (topic, partition) of its share that was polled to its present end.

        Raises RetriableError when the broker does not say how far they reach.
        """
        consumer = self._connected()
        share = sorted(consumer.assignment())
        ends = _edge(lambda: consumer.end_offsets(share, timeout_ms=REQUEST_MS)) if share else {}
        reached = {where: _edge(partial(consumer.position, where, timeout_ms=REQUEST_MS)) for where in share}
        return frozenset((where.topic, where.partition) for where in share if (reached[where] or 0) >= ends[where])

    def close(self) -> None:
        """Leave the group at once, without committing."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            _leave(consumer, CLOSE_SECONDS)

    def _connected(self) -> Any:
        if self._consumer is None:
            consumer = _edge(lambda: _connected_consumer(self._servers, self._group, self._client_id))
            try:
                _edge(lambda: self._take_topics(consumer))
            except RetriableError:
                _leave(consumer, 0.0)
                raise
            self._consumer = consumer
        return self._consumer

    def _take_topics(self, consumer: Any) -> None:
        if self._group is not None:
            consumer.subscribe(self._topics)
        # In a group too: a leader that does not know the partitions yet would give none to anybody, and kafka-python
        # notices only when the metadata are renewed.
        partitions = []
        for topic in self._topics:
            numbers = consumer.partitions_for_topic(topic)
            if not numbers:
                raise RetriableError(f"topic {topic} does not exist (yet): `hub topics apply` makes it", code="no_topic")
            partitions += [TopicPartition(topic, number) for number in sorted(numbers)]
        if self._group is None:
            consumer.assign(partitions)


def _connected_consumer(servers: str, group: str | None, client_id: str) -> Any:
    reach(servers)
    return KafkaConsumer(
        bootstrap_servers=servers,
        group_id=group,
        client_id=client_id,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",  # what a producer took back was never said
        max_partition_fetch_bytes=_PARTITION_BYTES,
        fetch_max_bytes=_FETCH_BYTES,
        session_timeout_ms=10_000,
        metadata_max_age_ms=_METADATA_MS,
        reconnect_backoff_max_ms=RECONNECT_MS,
        request_timeout_ms=REQUEST_MS,
        bootstrap_timeout_ms=REQUEST_MS,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def _leave(consumer: Any, seconds: float) -> None:
    try:
        consumer.close(autocommit=False, timeout_ms=round(seconds * 1000))
    except AWAY as error:  # nothing is owed: the group notices by itself
        _log.info("left without a farewell", error=type(error).__name__)


def incoming(record: Any) -> Incoming:
    """A record of kafka-python, as the hub passes it on."""
    headers = tuple((name, value or b"") for name, value in record.headers)
    return Incoming(record.topic, record.partition, record.offset, record.key, record.value, headers, record.timestamp)


def _edge(call: Callable[[], Any]) -> Any:
    """Run a call of kafka-python and translate what it raises."""
    try:
        return call()
    except AWAY as error:
        raise RetriableError(f"Kafka is not available: {type(error).__name__}", code="kafka") from error
