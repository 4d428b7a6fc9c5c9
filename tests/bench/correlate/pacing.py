"""Records told at a steady rate, and what is seen of an engine meanwhile: how far it lags on each partition, what it costs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psutil
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from hub.kafka import Outgoing
from tests.bench.correlate.engine import Run
from tests.bench.correlate.kafka_io import partition_of

__all__ = ["Seen", "note", "pace", "watched"]

_TICK_SECONDS = 0.005
_LOOK_SECONDS = 0.5
_ENOUGH = 50  # records of each partition, below which a share of them says little


@dataclass
class Seen:
    """`told`: Unix seconds at which each record was handed to the producer, in order. The rest is filled by the watch."""

    told: list[float] = field(default_factory=list)
    ends: Counter[int] = field(default_factory=Counter)
    cpu_share: float = 0.0
    lag_spread: int = 0
    """The most records by which one partition's committed position lagged behind its end further than another's."""
    lag: int = 0
    """The most records that were not committed yet on all partitions together."""
    progress_spread: float = 0.0
    """The most by which the share that was committed of what was told differed between two partitions."""
    standstill_seconds: float = 0.0
    """The longest that a partition lagged and committed nothing."""


class _Placed(NamedTuple):
    topic: str
    partition: int


def pace(broker: str, partitions: int, records: Sequence[Outgoing], rate: float, seen: Seen) -> None:
    """Tell so many a second, those of one tick in one batch for each partition; returns when all are acknowledged."""
    asyncio.run(_pace(broker, partitions, records, rate, seen))


async def _pace(broker: str, partitions: int, records: Sequence[Outgoing], rate: float, seen: Seen) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        waiting: list[Any] = []
        began, sent = time.time(), 0
        while sent < len(records):
            due = min(len(records), int((time.time() - began) * rate) + 1)
            waiting += await _tell(producer, partitions, records[sent:due], seen)
            sent = due
            await asyncio.sleep(max(_TICK_SECONDS, began + sent / rate - time.time()))
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def _tell(producer: AIOKafkaProducer, partitions: int, records: Sequence[Outgoing], seen: Seen) -> list[Any]:
    now = time.time()
    batches: dict[_Placed, Any] = defaultdict(producer.create_batch)
    full: list[tuple[_Placed, Any]] = []
    for one in records:
        assert one.key is not None
        place = _Placed(one.topic, partition_of(one.key, partitions))
        rest = {"key": one.key, "value": one.value, "timestamp": round(now * 1000), "headers": list(one.headers)}
        if batches[place].append(**rest) is None:
            full.append((place, batches.pop(place)))
            batches[place].append(**rest)
        seen.ends[place.partition] += 1
    seen.told += [now] * len(records)
    sends = [producer.send_batch(batch, place.topic, partition=place.partition) for place, batch in (*full, *batches.items())]
    return list(await asyncio.gather(*sends))


def watched(run: Run, process: int, seen: Seen, during: Callable[[], None]) -> None:
    """Call `during`, and look meanwhile at what the run's group has committed and at the time of its process (by id)."""
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(run, seen, stop))
    began, before = time.monotonic(), _cpu(process)
    watch.start()
    try:
        during()
        seen.cpu_share = (_cpu(process) - before) / (time.monotonic() - began)
    finally:
        stop.set()
        watch.join()


def _watch(run: Run, seen: Seen, stop: threading.Event) -> None:
    admin = KafkaAdminClient(bootstrap_servers=run.broker)
    moved: dict[int, tuple[int, float]] = {}
    try:
        while not stop.wait(_LOOK_SECONDS):
            ends = dict(seen.ends)  # before the positions: what is told in between is no lag
            try:
                offsets: Mapping[Any, Any] = admin.list_group_offsets(run.name)[run.name]
            except KafkaError:
                continue
            done: Counter[int] = Counter()
            for place, found in offsets.items():
                if place.topic in run.topics:
                    done[place.partition] += found.offset
            if ends:
                note(seen, ends, done, moved, time.monotonic())
    finally:
        admin.close()


def note(seen: Seen, ends: Mapping[int, int], done: Mapping[int, int], moved: dict[int, tuple[int, float]], now: float) -> None:
    """One look; `moved` holds what each partition had committed when it last went on, and when that was."""
    lags = [max(0, end - done[partition]) for partition, end in ends.items()]
    seen.lag_spread = max(seen.lag_spread, max(lags) - min(lags))
    seen.lag = max(seen.lag, sum(lags))
    if min(ends.values()) >= _ENOUGH:
        shares = [min(1.0, done[partition] / end) for partition, end in ends.items()]
        seen.progress_spread = max(seen.progress_spread, max(shares) - min(shares))
    for partition, end in ends.items():
        before, at = moved.get(partition, (-1, now))
        if done[partition] != before or done[partition] >= end:
            moved[partition] = done[partition], now
        else:
            seen.standstill_seconds = max(seen.standstill_seconds, now - at)


def _cpu(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return times.user + times.system
