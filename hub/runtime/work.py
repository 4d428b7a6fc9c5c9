"""What a lane does with a batch: read what is missing, judge, write."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence

from hub.contract.topics import RULES
from hub.core.resume import Known
from hub.logs import get_logger
from hub.metrics import CONSENT_DECISIONS, WORKER_HELD_BACK, WORKER_LATE, WORKER_TASKS
from hub.runtime.changelogs import COMMIT_BYTES
from hub.runtime.effects import Effects, Wake
from hub.runtime.guard import Guard
from hub.runtime.ownership import OwnedPartition
from hub.runtime.pipeline import Pipeline
from hub.runtime.runs import Row, Run, cut
from hub.runtime.transport import Log, LogRecord

__all__ = ["BATCH", "Work"]

_log = get_logger(__name__)
BATCH = 4_000
_PIECE = 100  # records between two looks at how long a batch has kept the others waiting
_TURN_SECONDS = 0.005
_HEAVIEST = COMMIT_BYTES * 3 // 4  # what a batch of the changelog takes for certain: the rest is for frames and the record
_SPAN = 2000  # records read directly at a time, and states of a rebuilt partition: bounds memory when much is missing


def _halved(batch: Sequence[Run | Wake]) -> Sequence[Sequence[Run | Wake]]:
    """A batch in two, in its order; empty for a single record or wake."""
    if len(batch) > 1:
        return batch[: len(batch) // 2], batch[len(batch) // 2 :]
    [one] = batch
    if isinstance(one, Wake) or len(one) == 1:
        return ()
    return [[half] for half in one.slices((len(one) + 1) // 2)]


class _Turn:
    """Of somebody who has much to do, and shares the event loop with others."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def pass_on(self) -> None:
        """Let the others work, if it has lasted long enough."""
        if time.perf_counter() - self._began > _TURN_SECONDS:
            await asyncio.sleep(0)
            self._began = time.perf_counter()


class Work:
    """One partition's work, batch by batch; not for sharing between tasks.

    Guarantee: a position moves over an event only when everything that it and all before it on the partition brought about is
    durable. The order of one batch:

    1. dead letters are acknowledged by Kafka;
    2. erasures are in the changelog and the local store, then their receipts are acknowledged; the local files are rid of
       earlier values, and that is told;
    3. states, the partition's record and the tasks to be said are in the changelog, then in the local store;
    4. the tasks are acknowledged by Kafka; after a kill before that, whoever restores the partition says them again, under the
       ids that the states know (`hub.runtime.outbox`);
    5. the lane tells the positions, which Faust commits.

    `rules_partition`: where it reads rule markers, for a program whose topics have another number of partitions (None: its own).
    """

    def __init__(
        self,
        owned: OwnedPartition,
        pipeline: Pipeline,
        log: Log,
        guard: Guard,
        *,
        consents: str | None,
        rules_partition: int | None = None,
    ) -> None:
        self._owned = owned
        self._pipeline = pipeline
        self._log = log
        self.guard = guard
        self._consents = consents
        self._rules_partition = owned.partition if rules_partition is None else rules_partition
        self.revoked = False

    async def read_rules(self) -> bool:
        """Take every rule marker that was written by now; says whether rules are in force: nothing can be judged before."""
        await self._read_to_end(RULES.name)
        return self._owned.rules is not None

    async def read_ahead(self) -> None:
        """Fold every consent that was written by now: no event may be judged before."""
        if self._consents is not None:
            await self._read_to_end(self._consents)

    async def _read_to_end(self, topic: str) -> None:
        where = self._where(topic)
        begin, end = (await self._log.bounds([where]))[where]
        await self._read_through(topic, begin, end)

    async def fetch(self, topic: str, begin: int, end: int) -> None:
        """Fold a topic's records up to `end` without waiting for Faust."""
        await self._read_through(topic, begin, end)

    async def look_back(self) -> None:
        """Before anything is read: a partition that begins with nothing while its topics hold records is to be rebuilt."""
        if self._owned.record.positions:
            return
        wanted = [self._where(topic) for topic in self._pipeline.program.topics if topic not in (RULES.name, self._consents)]
        bounds = await self._log.bounds(wanted)
        self._owned.rebuild_to({topic: end for (topic, _), (begin, end) in bounds.items() if begin < end})

    async def rebuild(self) -> None:
        """Read a partition that is being rebuilt to its goals in silence, then say exactly what its receivers lack.

        Goes on where a former owner stopped; stops early when revoked.
        """
        rebuilding = self._owned.rebuilding
        if rebuilding is None:
            return
        _log.info(
            "rebuilding: nothing is said until the topics' ends", partition=self._owned.partition, topics=len(rebuilding.goals)
        )
        for topic, goal in rebuilding.goals.items():
            begin, _ = (await self._log.bounds([self._where(topic)]))[self._where(topic)]
            start = max(begin, self._owned.position(topic))
            while start < goal and not self.revoked:
                await self._read_through(topic, start, min(start + _SPAN, goal))
                start += _SPAN
        if not self.revoked:
            known = await self._read_known()
            await self._say_missing(known, rebuilding.through.encode())

    async def _read_known(self) -> dict[str, Known]:
        known: dict[str, Known] = {}
        for topic in self._pipeline.program.task_topics:
            where = self._where(topic)
            begin, end = (await self._log.bounds([where]))[where]

            def hear(records: list[LogRecord], where: tuple[str, int] = where) -> None:
                for one in records:
                    self._pipeline.hear(known, where[0], (one.offset, one.key, one.value))

            await self._log.read(*where, begin, end, hear)
        return known

    async def _say_missing(self, known: Mapping[str, Known], key: bytes) -> None:
        said = 0
        while keys := self._next_keys(known, key):
            if self.revoked:
                return
            effects = self._pipeline.resume(keys, known)
            while effects.weight > _HEAVIEST and len(keys) > 1:
                keys = keys[: len(keys) // 2]
                effects = self._pipeline.resume(keys, known)
            await self._carry_out(effects)
            said, key = said + len(effects.tasks), keys[-1]
        await self._carry_out(Effects(rebuilt=True))
        _log.info("rebuilt: what was missing is said", partition=self._owned.partition, tasks=said)

    def _next_keys(self, known: Mapping[str, Known], key: bytes) -> list[bytes]:
        """Of whom a state is held or a task is known, behind this one and in order: where all events have left their windows
        nothing is held of an area, and which ids its tasks have had must be remembered all the same.
        """
        held = self._owned.keys_after(key, _SPAN)
        heard = (raw for one in known if (raw := one.encode("ascii")) > key)
        return sorted({*held, *heard})[:_SPAN]

    async def do(self, wakes: Sequence[Wake], runs: Sequence[Run]) -> None:
        """Fold wakes and runs, in order; some of each.

        A rebalance may drop a run on its way, and a lost state may lie before the committed offset. The state's own position
        is the truth: whatever still exists between it and a run is read and folded first.
        """
        segment: list[Run] = []
        expected: dict[str, int] = {}
        for run in runs:
            position = expected.get(run.topic, self._owned.position(run.topic))
            if run.first > position:
                await self._fold(wakes, segment)
                wakes, segment = (), []
                await self._read_missing(run.topic, run.first)
            segment.append(run)
            expected[run.topic] = max(position, run.last + 1)
        await self._fold(wakes, segment)

    async def _read_missing(self, topic: str, end: int) -> None:
        where = self._where(topic)
        begin, _ = (await self._log.bounds([where]))[where]
        await self._read_through(topic, begin, end)

    async def _read_through(self, topic: str, begin: int, end: int) -> None:
        start = max(begin, self._owned.position(topic))
        while start < end and topic not in self.guard.paused:
            stop = min(start + _SPAN, end)
            runs, reached = await self._read(topic, start, stop)
            for run in runs:
                await self._fold((), [run])
            if topic in self.guard.paused:  # what was not taken is not gone
                return
            await self._pass_over(topic, min(reached, stop))
            start = stop

    async def _pass_over(self, topic: str, reached: int) -> None:
        """Move the position over offsets that hold no record: no later one need come (what ends a transaction is none)."""
        gone = reached - self._owned.position(topic)
        if gone > 0:
            await self._owned.commit(Effects(positions={topic: reached}, ledger=Counter({(topic, "gone", ""): gone})))

    async def _fold(self, wakes: Sequence[Wake], runs: Sequence[Run]) -> None:
        runs = self.guard.admitted(runs)
        if not wakes and not runs:
            return
        effects = await self._judge([*wakes, *runs])
        if effects.awaits_consent and self._consents is not None:
            # One look per batch is enough: what was written before these events were is there now. A flood of unknown
            # references costs one round trip per batch.
            fresh, _ = await self._read(self._consents, self._owned.position(self._consents), None)
            if fresh:
                effects = await self._judge([*fresh, *wakes, *runs])
        if effects.weight > _HEAVIEST and (parts := _halved([*wakes, *runs])):
            for part in parts:
                await self._fold([one for one in part if isinstance(one, Wake)], [one for one in part if isinstance(one, Run)])
            return
        await self._carry_out(effects)

    async def _judge(self, batch: Sequence[Run | Wake]) -> Effects:
        """Up to the dead letter of a source that passes the limit: what lies behind it is left on its topic."""
        effects = await self._process(batch)
        ends = self.guard.weigh(effects)
        if ends:
            within = [one if isinstance(one, Wake) else one.through(ends.get(one.topic, one.last)) for one in batch]
            effects = await self._process([one for one in within if one is not None])
            self.guard.weigh(effects)
        return effects

    async def _process(self, batch: Sequence[Run | Wake]) -> Effects:
        """A batch may take a good part of a second: every few milliseconds others get their turn."""
        pipeline, turn = self._pipeline, _Turn()
        fold = pipeline.begin()
        for part in batch:
            for piece in part.slices(_PIECE) if isinstance(part, Run) else (part,):
                pipeline.take(fold, self._owned.partition, piece)
                await turn.pass_on()
        while pipeline.spell(fold, _PIECE):
            await turn.pass_on()
        return fold.effects

    async def resume(self, topic: str, at: int, allowed: int) -> int:
        """Let a source go on that paused at `at`; the answer is the end of what was fetched of it meanwhile, 0 for nothing."""
        effects = self.guard.resuming(topic, at, allowed)
        if effects is None:
            return 0
        await self._owned.commit(effects)
        return self.guard.missed(topic)

    async def _carry_out(self, effects: Effects) -> None:
        await self._log.append(effects.first)
        if effects.receipts:
            # A receipt before the erasure would be untrue, one after the position has moved could be lost in a crash.
            await self._owned.commit(effects.erasures)
            await self._owned.let_go_of_said()  # what was said last may be hers, though no state of hers changes now
            await self._log.append([receipt.record for receipt in effects.receipts])
            await self._owned.compact(effects.erased)
            await self._log.append([removal.record for removal in effects.removals])
        await self._owned.commit(effects)
        self._pipeline.settle(effects)
        await self._log.append(effects.said)
        WORKER_HELD_BACK.inc(effects.held_back)
        for labels, number in Counter(task.labels for task in effects.tasks if task.labels is not None).items():
            WORKER_TASKS.labels(*labels).inc(number)
        for decision, times in effects.decisions.items():
            CONSENT_DECISIONS.labels("emission", decision).inc(times)
        for (topic, days), number in effects.late.items():
            WORKER_LATE.labels(topic, str(days)).inc(number)

    async def _read(self, topic: str, start: int, stop: int | None) -> tuple[Sequence[Run], int]:
        """The records of [start, stop), and the end that was read to."""
        found: list[Row] = []
        where = self._where(topic)

        def keep(records: list[LogRecord]) -> None:
            found.extend((one.offset, one.key, one.value) for one in records)

        reached = await self._log.read(*where, start, stop, keep)
        return list(cut(*where, found, BATCH)), reached

    def _where(self, topic: str) -> tuple[str, int]:
        """The partition of a source that belongs to this lane."""
        return topic, self._rules_partition if topic == RULES.name else self._owned.partition
