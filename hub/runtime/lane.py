"""One partition's pipeline at work: waiting records and due wakes in, effects out, acknowledgements last and in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.clock import Clock
from hub.logs import get_logger
from hub.metrics import WORKER_BATCH_SECONDS, WORKER_TASKS
from hub.runtime.effects import Effects, Record, Wake
from hub.runtime.ownership import OwnedPartition
from hub.runtime.pipeline import Pipeline
from hub.runtime.transport import Log, LogRecord

__all__ = ["Arrival", "Flow", "Lane"]

_log = get_logger(__name__)
BATCH = 250
# A lane that holds this many stops the fetching of its own partition only; Faust's queue must never reach its high mark,
# because what it then resumes is one arbitrary partition at a time.
HIGH = 400
LOW = 100
_TICK_SECONDS = 1.0
# Batches of one lane begin at least so far apart: a trickle is answered at once, a stream in batches that pay for their
# round trips.
_PACE_SECONDS = 0.025


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record from Faust, and how to acknowledge it."""

    record: Record
    ack: Callable[[], object]


class Flow(Protocol):
    """Whether a partition's sources are being fetched."""

    def pause(self, partition: int) -> None:
        """Fetch no more for now."""
        ...

    def resume(self, partition: int) -> None:
        """Fetch again."""
        ...


class Lane:
    """Runs as one task from `start` to `close`. Guarantee: an event is acknowledged only when everything that it and all
    before it on the partition brought about is durable, and acknowledgements go in offset order per topic.

    Any error ends the task; the driver then ends the process.
    """

    def __init__(
        self, owned: OwnedPartition, pipeline: Pipeline, *, log: Log, clock: Clock, flow: Flow, consents: str | None
    ) -> None:
        self._owned = owned
        self._pipeline = pipeline
        self._log = log
        self._clock = clock
        self._flow = flow
        self._consents = consents
        self._waiting: deque[Arrival] = deque()
        self._stirred = asyncio.Event()
        self._closing = False
        self._paused = False
        self.taken = 0
        self.ready = False
        self.task: asyncio.Task[None] | None = None

    @property
    def partition(self) -> int:
        """The partition's number."""
        return self._owned.partition

    @property
    def owned(self) -> OwnedPartition:
        """Its state."""
        return self._owned

    @property
    def in_flight(self) -> int:
        """Records taken from Faust and not acknowledged yet."""
        return len(self._waiting) + self.taken

    def start(self) -> asyncio.Task[None]:
        """Begin to work."""
        self.task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")
        return self.task

    def put(self, arrival: Arrival) -> None:
        """Queue a record; never blocks."""
        self._waiting.append(arrival)
        self._stirred.set()
        if len(self._waiting) >= HIGH and not self._paused:
            self._paused = True
            self._flow.pause(self.partition)

    async def close(self, grace_seconds: float) -> None:
        """Finish the batch at hand, at most `grace_seconds`, and drop the rest unacknowledged: the next owner gets it."""
        if self._closing:
            return
        self._closing = True
        self._stirred.set()
        if self.task is not None:
            done, _ = await asyncio.wait({self.task}, timeout=grace_seconds)
            if not done:
                self.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self.task
        self._waiting.clear()
        self._owned.close()

    async def _run(self) -> None:
        # No event is judged before every consent that was written by now has been read.
        for batch in _slices(await self._read_consents()):
            await self._carry_out(self._pipeline.process_batch(self.partition, batch), ())
        self.ready = True
        while not self._closing:
            began = time.perf_counter()
            wakes = [Wake(key) for key in self._owned.timers.due(self._clock.now(), BATCH)]
            arrivals = self._take()
            if not wakes and not arrivals:
                await self._rest()
                continue
            await self._work(wakes, arrivals)
            finished = time.perf_counter()
            WORKER_BATCH_SECONDS.observe(finished - began)
            if not self._closing:
                await asyncio.sleep(max(0.0, began + _PACE_SECONDS - finished))

    async def _rest(self) -> None:
        self._stirred.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK_SECONDS):
                await self._stirred.wait()

    def _take(self) -> list[Arrival]:
        arrivals = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        self.taken = len(arrivals)
        if self._paused and len(self._waiting) <= LOW:
            self._paused = False
            self._flow.resume(self.partition)
        return arrivals

    async def _work(self, wakes: list[Wake], arrivals: list[Arrival]) -> None:
        records = await self._without_gaps([arrival.record for arrival in arrivals])
        effects = self._pipeline.process_batch(self.partition, [*wakes, *records])
        if effects.awaits_consent:
            # One look per batch is enough: what was written before these events were is there now. A flood of unknown
            # references costs one round trip per batch.
            fresh = await self._read_consents()
            if fresh:
                effects = self._pipeline.process_batch(self.partition, [*fresh, *wakes, *records])
        await self._carry_out(effects, arrivals)

    async def _carry_out(self, effects: Effects, arrivals: Sequence[Arrival]) -> None:
        await self._log.append(effects.outgoing)
        if effects.receipts:
            # A receipt before the erasure would be untrue, one after the position has moved could be lost in a crash.
            await self._owned.commit(effects.erasures)
            await self._log.append([receipt.record for receipt in effects.receipts])
        await self._owned.commit(effects)
        for task in effects.tasks:
            if task.labels is not None:
                WORKER_TASKS.labels(*task.labels).inc()
        if not self._closing:
            # After a revocation Faust has forgotten these partitions; the next owner passes over the repeats.
            for arrival in arrivals:
                arrival.ack()
        self.taken = 0

    async def _without_gaps(self, records: list[Record]) -> list[Record]:
        """Read what Faust did not deliver.

        Its commit bookkeeping may step over a record, and a lost state may lie before the committed offset; the state's
        own position is the truth, so whatever still exists between that and an arrival is read here.
        """
        expected: dict[str, int] = {}
        whole: list[Record] = []
        for record in records:
            position = expected.get(record.topic, self._owned.position(record.topic))
            if record.offset > position:
                whole.extend(await self._read(record.topic, position, record.offset))
            whole.append(record)
            expected[record.topic] = max(position, record.offset + 1)
        return whole

    async def _read_consents(self) -> list[Record]:
        if self._consents is None:
            return []
        return await self._read(self._consents, self._owned.position(self._consents), None)

    async def _read(self, topic: str, start: int, stop: int | None) -> list[Record]:
        found: list[Record] = []

        def keep(records: list[LogRecord]) -> None:
            found.extend(Record(topic, self.partition, one.offset, one.key, one.value) for one in records)

        await self._log.read(topic, self.partition, start, stop, keep)
        return found


def _slices(records: list[Record]) -> list[list[Record]]:
    return [records[begin : begin + BATCH] for begin in range(0, len(records), BATCH)]
