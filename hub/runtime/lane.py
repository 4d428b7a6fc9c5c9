"""One partition at work: waiting records and due wakes, taken in turns that are worth their round trips."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from hub.clock import Clock
from hub.logs import get_logger
from hub.metrics import WORKER_BATCH_SECONDS
from hub.runtime.effects import Wake
from hub.runtime.ownership import OwnedPartition
from hub.runtime.runs import RUN_BYTES, Run
from hub.runtime.work import BATCH, Work

__all__ = ["Flow", "Lane"]

_log = get_logger(__name__)
# A lane that holds this many records, or this many bytes of them, stops the fetching of its own partition only, until it has
# little left.
HIGH = 2 * BATCH
HIGH_BYTES = 2 * RUN_BYTES
LOW = BATCH
_TICK_SECONDS = 1.0
_CLOCKS_SECONDS = 0.05  # between two looks for clocks, while there are more to be read: others start meanwhile
_RULES_SECONDS = 0.25  # between two looks for the first rule marker
# Batches of one lane begin so many times as far apart as the last one took, at most so many seconds: a trickle is answered at
# once, a stream in batches that pay for their round trips, and who has time to spare waits less.
_PACE, _PACE_SECONDS = 3.0, 0.015
# While so many records lie behind what is done, the next batch begins when it is full, or so much later: lanes at work leave the
# intake few turns to bring more, and a youth is written once for many of her events, not for a few.
_BEHIND, _FILL_SECONDS = 2_000, 0.25


class Flow(Protocol):
    """Whether a partition's sources are being fetched, and what of them is done."""

    def pause(self, partition: int) -> None:
        """Fetch no more for now."""
        ...

    def resume(self, partition: int) -> None:
        """Fetch again."""
        ...

    def leave_out(self, partition: int, topics: frozenset[str]) -> None:
        """Do not fetch these topics, whatever else is said of the partition; fetch again what is not named any more."""
        ...

    def settle(self, partition: int, positions: Mapping[str, int]) -> None:
        """Everything below these offsets, by topic, is durable, and need never be fetched again."""
        ...


class Lane:
    """Runs as one task from `start` to `close`. Any error ends the task; the driver then ends the process."""

    def __init__(self, owned: OwnedPartition, work: Work, *, clock: Clock, flow: Flow) -> None:
        self._owned = owned
        self._work = work
        self._clock = clock
        self._flow = flow
        self._waiting: deque[Run] = deque()
        self._records = self._bytes = 0
        self._stirred = asyncio.Event()
        self._overdue: dict[str, tuple[int, int, bool]] = {}
        self._paused = False
        self._left_out = frozenset[str]()
        self._resumed: dict[str, tuple[int, int]] = {}
        self.taken = 0
        self.behind = 0
        """Records on its topics that were not done when the broker was last asked; set by the driver."""
        self.ready = False
        self.awaits_rules = False
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
        """Records taken from Faust and not durable yet."""
        return self._records + self.taken

    def start(self) -> asyncio.Task[None]:
        """Begin to work."""
        self.task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")
        return self.task

    def put(self, run: Run) -> None:
        """Queue a run; never blocks."""
        self._waiting.append(run)
        self._records += len(run)
        self._bytes += run.size
        self._stirred.set()
        if (self._records >= HIGH or self._bytes >= HIGH_BYTES) and not self._paused:
            self._paused = True
            self._flow.pause(self.partition)

    def fetch(self, topic: str, begin: int, end: int, *, late: bool = True) -> None:
        """Read a source's records in [begin, end) directly. `late`: Faust should have brought them, and has not."""
        self._overdue[topic] = (begin, end, late)
        self._stirred.set()

    def resume(self, topic: str, at: int, allowed: int) -> None:
        """Let a source go on that paused at `at` for its dead letters; the next `allowed` of them are not counted."""
        self._resumed[topic] = (at, allowed)
        self._stirred.set()

    async def close(self, grace_seconds: float) -> None:
        """Finish the batch at hand, at most `grace_seconds`, and drop the rest: the next owner gets it."""
        if self._work.revoked:
            return
        self._work.revoked = True
        self._stirred.set()
        if self.task is not None:
            done, _ = await asyncio.wait({self.task}, timeout=grace_seconds)
            if not done:
                self.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self.task
        self._waiting.clear()
        self._records = self._bytes = 0
        self._owned.close()

    async def _run(self) -> None:
        while not await self._begun():
            if self._work.revoked:
                return
            self.awaits_rules = True
            await asyncio.sleep(_RULES_SECONDS)
        self.awaits_rules = False
        await self._work.read_ahead()
        await self._work.rebuild()
        self._settle()
        self.ready = not self._work.revoked
        while not self._work.revoked:
            began = time.perf_counter()
            await self._go_on()
            more = self._owned.read_clocks()
            wakes = [Wake(key) for key in self._owned.timers.due(self._clock.now(), BATCH)]
            runs = self._take()
            if not wakes and not runs and not self._overdue:
                await self._rest(_CLOCKS_SECONDS if more else _TICK_SECONDS)
                continue
            await self._fetch_overdue()
            await self._work.do(wakes, runs)
            self._settle()
            self.taken = 0
            finished = time.perf_counter()
            WORKER_BATCH_SECONDS.observe(finished - began)
            if not self._work.revoked:
                await asyncio.sleep(max(0.0, began + min(_PACE_SECONDS, _PACE * (finished - began)) - finished))
            if self.behind >= _BEHIND:
                await self._fill()
        await self._owned.let_go_of_said()  # or the next owner would say it again

    async def _begun(self) -> bool:
        """Whether rules are in force; what was there before they were read is known."""
        await self._work.look_back()
        return await self._work.read_rules()

    async def _rest(self, seconds: float) -> None:
        self._stirred.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._stirred.wait()
        except TimeoutError:
            await self._owned.let_go_of_said()

    async def _fill(self) -> None:
        """Wait until a whole batch waits, not for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FILL_SECONDS):
                while self._records < BATCH and self._bytes < RUN_BYTES and not self._work.revoked:
                    self._stirred.clear()
                    await self._stirred.wait()

    def _settle(self) -> None:
        """After a revocation Faust has forgotten these partitions, and the next owner passes over the repeats."""
        if not self._work.revoked:
            self._flow.settle(self.partition, self._owned.record.positions)
            paused = self._owned.record.paused
            if paused.keys() != self._left_out:
                self._work.guard.tell(frozenset(paused) - self._left_out)
                self._left_out = frozenset(paused)
                self._flow.leave_out(self.partition, self._left_out)

    async def _go_on(self) -> None:
        while self._resumed:
            topic, (at, allowed) = self._resumed.popitem()
            missed = await self._work.resume(topic, at, allowed)
            if missed > at:
                self.fetch(topic, at, missed, late=False)
            self._settle()

    def _take(self) -> list[Run]:
        runs: list[Run] = []
        while self._waiting and self.taken < BATCH:
            run = self._waiting.popleft()
            runs.append(run)
            self.taken += len(run)
            self._records -= len(run)
            self._bytes -= run.size
        if self._paused and self._records <= LOW and self._bytes <= RUN_BYTES:
            self._paused = False
            self._flow.resume(self.partition)
        return runs

    async def _fetch_overdue(self) -> None:
        overdue, self._overdue = self._overdue, {}
        for topic, (begin, end, late) in overdue.items():
            if late:
                _log.warning("reading what Faust did not deliver", topic=topic, partition=self.partition)
            await self._work.fetch(topic, begin, end)
