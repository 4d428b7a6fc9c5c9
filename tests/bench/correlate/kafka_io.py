"""The harness's side of Kafka: topics made, filled in bulk, and read to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import murmur2
from kafka import KafkaAdminClient

from hub.kafka_admin import begin_offsets, end_offsets

__all__ = ["await_keys", "fill", "make_topics", "partition_of", "read_all"]


def make_topics(servers: str, partitions: int, names: Iterable[str], configs: Mapping[str, str] | None = None) -> None:
    """New topics with one replica."""
    wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(configs or {})}
    names = list(names)
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_topics(dict.fromkeys(names, wanted), timeout_ms=30_000)
        admin.wait_for_topics(names, timeout_ms=30_000)
    finally:
        admin.close()


def partition_of(key: bytes, partitions: int) -> int:
    """Where every client of the hub, and Java's, puts a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def fill(servers: str, topic: str, partitions: int, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Write all, in order per key, and wait until they are acknowledged."""
    asyncio.run(_fill(servers, topic, partitions, records))


async def _fill(servers: str, topic: str, partitions: int, records: Iterable[tuple[bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True, max_batch_size=256 * 1024)
    await producer.start()
    try:
        open_batches: dict[int, Any] = {}
        places: dict[bytes, int] = {}
        sent = []
        for key, value in records:
            place = places.get(key)
            if place is None:
                place = places[key] = partition_of(key, partitions)
            batch = open_batches.get(place)
            if batch is None or batch.append(key=key, value=value, timestamp=None) is None:
                if batch is not None:
                    sent.append(await producer.send_batch(batch, topic, partition=place))
                batch = open_batches[place] = producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        sent += [await producer.send_batch(batch, topic, partition=place) for place, batch in open_batches.items()]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def read_all(servers: str, topics: Sequence[str], starts: Mapping[tuple[str, int], int] | None = None) -> Iterator[Any]:
    """Every committed record of these topics up to their present end, in order per partition; from `starts` on where given."""
    begins, ends = begin_offsets(servers, topics) | dict(starts or {}), end_offsets(servers, topics)
    return iter(asyncio.run(_read_all(servers, {place: end for place, end in ends.items() if end > begins[place]}, starts or {})))


async def _read_all(servers: str, ends: Mapping[tuple[str, int], int], starts: Mapping[tuple[str, int], int]) -> list[Any]:
    left = {TopicPartition(*place): end for place, end in ends.items()}
    if not left:
        return []
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=1024 * 1024,
    )
    await consumer.start()
    try:
        consumer.assign(list(left))
        for place in left:
            if (place.topic, place.partition) in starts:
                consumer.seek(place, starts[place.topic, place.partition])
        found: list[Any] = []
        while left:
            for records in (await consumer.getmany(timeout_ms=500, max_records=5_000)).values():
                found += records
            left = {place: end for place, end in left.items() if await consumer.position(place) < end}
        return found
    finally:
        await consumer.stop()


def await_keys(servers: str, topic: str, starts: Mapping[tuple[str, int], int], keys: Iterable[bytes], seconds: float) -> None:
    """Until a committed record of each key has come behind `starts`. Raises TimeoutError when that takes longer than so many seconds."""
    asyncio.run(_await_keys(servers, topic, starts, set(keys), seconds))


async def _await_keys(servers: str, topic: str, starts: Mapping[tuple[str, int], int], keys: set[bytes], seconds: float) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed", fetch_max_wait_ms=20)
    await consumer.start()
    try:
        places = [TopicPartition(*place) for place in starts if place[0] == topic]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, starts[place.topic, place.partition])
        async with asyncio.timeout(seconds):
            while keys:
                for records in (await consumer.getmany(timeout_ms=100)).values():
                    keys.difference_update(record.key for record in records)
    finally:
        await consumer.stop()
