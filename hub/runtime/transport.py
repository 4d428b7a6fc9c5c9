"""The asynchronous edge to Kafka: append and wait for every acknowledgement, read a span of one partition.

Faust's own consumer feeds the agent and commits; what must be acknowledged before a commit goes through here instead,
because a failed produce of Faust's is one warning in the log while the offsets move on. aiokafka's names end here.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from hub.contract.topics import CATALOGUE
from hub.errors import FatalError, RetriableError
from hub.kafka import Outgoing
from hub.kafka_admin import LARGEST_BATCH
from hub.runtime.acknowledged import repeated, settled
from hub.runtime.changelogs import COMMIT_BYTES
from hub.runtime.fetched import bring_as

__all__ = ["KafkaLog", "Log", "LogRecord"]

_CHUNK = 2000
_SLICE = 250
_REQUEST_MS = 10_000
_FETCH_BYTES = 1024 * 1024
_CHUNK_BYTES = LARGEST_BATCH // 2
# A broker that has just started may not know its topics yet; aiokafka takes its word for so long.
_METADATA_MS = 5_000
_STALL_SECONDS = 60.0

_Row: TypeAlias = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Key, value and headers of a record to write."""


class LogRecord(NamedTuple):
    """A record of a span."""

    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Log(Protocol):
    """What a lane needs of Kafka."""

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Write all; returns their (partition, offset), in order, once every one is acknowledged."""
        ...

    async def change(
        self, topic: str, partition: int, changes: Mapping[bytes, bytes | None], header: tuple[str, bytes]
    ) -> Sequence[int]:
        """Write these keys and values to a changelog, all under the header; returns their offsets as `append` does.

        In one batch, all of it or nothing, where that weighs no more than `COMMIT_BYTES`.
        """
        ...

    async def read(
        self, topic: str, partition: int, start: int, stop: int | None, sink: Callable[[list[LogRecord]], None]
    ) -> int:
        """Hand the records of [start, stop) to `sink`, chunk by chunk; `stop` None: the present end. Returns the end read to."""
        ...

    async def bounds(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[int, int]]:
        """The first offset and the next one, of each (topic, partition)."""
        ...


class KafkaLog:
    """The `Log` of a process: two idempotent producers, one consumer without a group.

    One producer is for changelogs, whose batches are large; the other puts together what several lanes write to one partition
    of a topic at once, dead letters first of all, and no more of it than such a topic takes.

    `append` repeats what Kafka did not acknowledge, whole and in order, for about half a minute, then raises RetriableError:
    the caller ends the process, and the offsets stay. Records may stand twice on a topic after a repeat, under the same ids.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self._producer = _producer(bootstrap_servers, "hub-worker", _CHUNK_BYTES)
        self._changelogs = _producer(bootstrap_servers, "hub-worker-changelog", COMMIT_BYTES)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            client_id="hub-worker-reader",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=_REQUEST_MS,
            metadata_max_age_ms=_METADATA_MS,
            isolation_level="read_committed",  # what a producer took back was never said
            max_partition_fetch_bytes=_FETCH_BYTES,
            # One request at a time and broker: a long one for a partition at its end would hold up the next partition.
            fetch_max_wait_ms=20,
        )
        self._reading = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises RetriableError when no broker answers."""
        try:
            await self._producer.start()
            await self._changelogs.start()
            await self._consumer.start()
            bring_as(self._consumer._fetcher, _log_record)  # noqa: SLF001
        except KafkaError as error:
            await self.stop()
            raise RetriableError(f"Kafka does not answer: {type(error).__name__}", code="kafka") from error

    async def stop(self) -> None:
        """Disconnect; nothing is pending, because `append` waits."""
        await self._producer.stop()
        await self._changelogs.stop()
        await self._consumer.stop()

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """See `Log.append`. Raises RetriableError when Kafka keeps refusing."""
        return [place for chunk in _chunks(records) for place in await self._append(chunk)]

    async def _append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        together: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for number, one in enumerate(records):
            if one.partition is None:
                return await repeated(lambda: self._send(records))
            together[one.topic, one.partition].append(number)
        places = dict[int, tuple[int, int]]()
        for (topic, partition), numbers in together.items():
            rows = [(records[number].key, records[number].value, list(records[number].headers)) for number in numbers]
            offsets = await repeated(partial(self._send_batches, topic, partition, rows))
            places.update((number, (partition, offset)) for number, offset in zip(numbers, offsets, strict=True))
        return [places[number] for number in range(len(records))]

    async def change(
        self, topic: str, partition: int, changes: Mapping[bytes, bytes | None], header: tuple[str, bytes]
    ) -> Sequence[int]:
        """See `Log.change`. Raises RetriableError when Kafka keeps refusing."""
        headers = [header]
        rows = [(key, value, headers) for key, value in changes.items()]
        return await repeated(lambda: self._send_batches(topic, partition, rows))

    async def _send(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        sent: list[Awaitable[Any]] = []
        try:
            for one in records:
                headers = list(one.headers)
                sent.append(await self._producer.send(one.topic, one.value, one.key, one.partition, headers=headers))
        finally:
            answers = await settled(sent)
        return [(answer.partition, answer.offset) for answer in answers]

    async def _send_batches(self, topic: str, partition: int, rows: Sequence[_Row]) -> list[int]:
        """Records of one partition, in batches built here: no future and no look at the cluster for each of them."""
        sent: list[Awaitable[Any]] = []
        sizes: list[int] = []
        try:
            for batch in self._batches(rows):
                sizes.append(batch.record_count())
                sent.append(await self._changelogs.send_batch(batch, topic, partition=partition))
        finally:
            answers = await settled(sent)
        return [
            offset for answer, size in zip(answers, sizes, strict=True) for offset in range(answer.offset, answer.offset + size)
        ]

    def _batches(self, rows: Sequence[_Row]) -> Iterator[Any]:
        batch = self._changelogs.create_batch()
        for key, value, headers in rows:
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:  # full
                yield batch
                batch = self._changelogs.create_batch()
                batch.append(timestamp=None, key=key, value=value, headers=headers)
        batch.close()
        yield batch

    async def read(
        self, topic: str, partition: int, start: int, stop: int | None, sink: Callable[[list[LogRecord]], None]
    ) -> int:
        """See `Log.read`. Raises FatalError when the partition is shorter than `start`, or stops answering."""
        async with self._reading:
            try:
                return await self._read(TopicPartition(topic, partition), start, stop, sink)
            except KafkaError as error:
                raise RetriableError(f"Kafka could not be read: {type(error).__name__}", code="read_failed") from error

    async def _read(self, where: Any, start: int, stop: int | None, sink: Callable[[list[LogRecord]], None]) -> int:
        end: int = (await self._consumer.end_offsets([where]))[where]
        if start > end:
            text = f"{where.topic} partition {where.partition} is shorter than what was read of it: was it made anew?"
            raise FatalError(text, code="topic_recreated")
        end = end if stop is None else min(stop, end)
        if start >= end:
            return max(start, end)
        self._consumer.assign([where])
        self._consumer.seek(where, start)
        loop = asyncio.get_running_loop()
        moved, position = loop.time(), start
        while position < end:
            found = await self._consumer.getmany(where, timeout_ms=500, max_records=_CHUNK)
            records = [one for one in found.get(where, ()) if one.offset < end]
            if records:
                # In slices: the next fetch is sent after the first of them, and others get their turn.
                for first in range(0, len(records), _SLICE):
                    sink(records[first : first + _SLICE])
                    await asyncio.sleep(0)
            # The position, not the last record's offset: the end of a span may hold nothing but what compaction left.
            reached = await self._consumer.position(where)
            if reached > position:
                moved, position = loop.time(), reached
            elif loop.time() - moved > _STALL_SECONDS:
                raise FatalError(f"{where.topic} partition {where.partition} does not answer", code="read_stalled")
        self._consumer.pause(where)
        return end

    async def bounds(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[int, int]]:
        """See `Log.bounds`."""
        wanted = [TopicPartition(topic, partition) for topic, partition in partitions]
        if not wanted:
            return {}
        try:
            async with self._reading:
                begins = await self._consumer.beginning_offsets(wanted)
                ends = await self._consumer.end_offsets(wanted)
        except KafkaError as error:
            raise RetriableError(f"Kafka could not be asked: {type(error).__name__}", code="read_failed") from error
        return {(one.topic, one.partition): (begins[one], ends[one]) for one in wanted}


def _log_record(_tp: Any, record: Any) -> LogRecord:
    return LogRecord(record.offset, record.key, record.value, tuple(record.headers))


def _producer(bootstrap_servers: str, client_id: str, batch_bytes: int) -> Any:
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=batch_bytes,
        request_timeout_ms=_REQUEST_MS,
        metadata_max_age_ms=_METADATA_MS,
    )


def _chunks(records: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """As much at a time as a topic of the catalogue takes in one batch; what goes to a changelog stays together."""
    chunk: list[Outgoing] = []
    size = 0
    for one in records:
        weight = len(one.key or b"") + len(one.value or b"") + sum(len(name) + len(value) for name, value in one.headers)
        if chunk and one.topic in CATALOGUE and size + weight > _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += weight
    if chunk:
        yield chunk
