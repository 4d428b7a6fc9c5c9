"""The hub's own worker, inbox and registry over a Kafka in memory, each of which can be killed between any two steps."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from hub.clock import Clock
from hub.contract.models import ReferralTask
from hub.contract.topics import CATALOGUE, CONSENTS, ERASURES, TASKS_OUTREACH, TASKS_SIG
from hub.core.state import YouthState, from_bytes
from hub.database import build_engine
from hub.delivery.inbox import TELLING_OF_WITHDRAWALS, Inbox
from hub.delivery.outbox import OutboxRelay
from hub.delivery.worklist import TaskView, Worklist
from hub.errors import RetriableError
from hub.kafka import Incoming, Outgoing
from hub.runtime.effects import Record, Wake
from hub.runtime.guard import Guard
from hub.runtime.limits import Limit
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.pipeline import Pipeline
from hub.runtime.runs import Run, run_of
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.transport import LogRecord
from hub.runtime.work import Work
from hub.runtime.youths import YouthProgram
from tests.unit.runtime.fakes import CLAIMS, CODEC, RULEBOOK, MemoryLog

TASK_TOPICS = (TASKS_OUTREACH.name, TASKS_SIG.name)
_CHANGELOG = "hub-youths-changelog"


class KilledError(Exception):
    """The process is gone: what it was about to do is not done."""


class Kafka(MemoryLog):
    """`dies_in`: the worker is killed at the n-th question to Kafka from now, before or after that is carried out."""

    dies_in: int | None = None
    chance: random.Random

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        return await self._perhaps(lambda: super(Kafka, self).append(records))

    async def read(
        self, topic: str, partition: int, start: int, stop: int | None, sink: Callable[[list[LogRecord]], None]
    ) -> int:
        return await self._perhaps(lambda: super(Kafka, self).read(topic, partition, start, stop, sink))

    async def _perhaps(self, ask):
        dies = self.dies_in is not None and self.dies_in <= 0
        if self.dies_in is not None:
            self.dies_in -= 1
        if dies and self.chance.random() < 0.5:
            raise KilledError
        answer = await ask()
        if dies:
            raise KilledError
        return answer

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """As a synchronous publisher; everything of one partition, and rule markers are of no interest."""
        return [(0, self.add(Outgoing(one.topic, one.key, one.value, one.headers))) for one in records]

    def tasks(self) -> list[ReferralTask]:
        found = [(topic, row) for topic in TASK_TOPICS for row in self.topics[topic, 0] if row is not None]
        return [CODEC.decode(CATALOGUE[topic], row.value) for topic, row in found]  # type: ignore[misc]

    def ends(self) -> Counter[str]:
        return Counter({topic: len(rows) for (topic, _partition), rows in self.topics.items()})


def mixed(chance: random.Random, waiting: dict[str, int], most: int) -> list[str]:
    """Names of topics in an arbitrary mixture, each at most as often as it has records waiting."""
    names = [topic for topic, number in waiting.items() for _ in range(number)]
    chance.shuffle(names)
    return names[: chance.randint(1, most)] if names else []


class Worker:
    """One partition of `hub worker`: the real lane's work over the real store."""

    def __init__(self, folder: Path, kafka: Kafka, clock: Clock, chance: random.Random) -> None:
        self._folder, self._kafka, self._clock, self._chance = folder, kafka, clock, chance
        self.program = YouthProgram(CODEC, CLAIMS)
        self._committed: Counter[str] = Counter()
        self._offered: Counter[str] = Counter()
        self._generation = 0
        self.kills: list[int] = []
        self.owned: OwnedPartition | None = None

    async def start(self) -> None:
        self._generation += 1
        store = PartitionStore(self._folder / "store", StoreCache())
        self.owned = OwnedPartition(0, Changelog(_CHANGELOG, {}), store, self._kafka, RULEBOOK)
        await self.owned.restore(self._generation)
        pipeline = Pipeline(self.program, self.owned, CODEC, self._clock, RULEBOOK)
        guard = Guard(self.owned, Limit(), self._clock)
        self._work = Work(self.owned, pipeline, self._kafka, guard, consents=CONSENTS.name)
        assert await self._work.read_rules()
        await self._work.read_ahead()
        self._offered = self._committed.copy()

    def behind(self) -> dict[str, int]:
        ends = self._kafka.ends()
        return {topic: ends[topic] - self._offered[topic] for topic in self.program.topics if ends[topic] > self._offered[topic]}

    async def step(self, *, dies_in: int | None = None) -> None:
        """One batch of what has arrived, in any mixture of topics; perhaps killed within it, and started again."""
        runs: list[Run] = []
        for topic in mixed(self._chance, self.behind(), 6):
            row = self._kafka.topics[topic, 0][self._offered[topic]]
            if row is not None:  # else compacted: it never arrives
                runs.append(run_of(Record(topic, 0, row.offset, row.key, row.value)))
            self._offered[topic] += 1
        assert self.owned is not None
        wakes = [Wake(key) for key in self.owned.timers.due(self._clock.now(), 250)]
        self._kafka.dies_in = dies_in
        try:
            await self._work.do(wakes, runs)
            self._settle()
            killed = dies_in is not None
        except KilledError:
            killed = True
        if killed:
            self.kills.append(sum(run.first >= self._committed[run.topic] for run in runs))
            await self._again()
        self._kafka.dies_in = None

    def _settle(self) -> None:
        assert self.owned is not None
        for topic in self.program.topics:
            self._committed[topic] = max(self._committed[topic], self.owned.position(topic))

    async def _again(self) -> None:
        """A kill: Faust's commits may lag behind what is durable, and the local files may be lost."""
        self._kafka.dies_in = None
        assert self.owned is not None
        self.owned.close()
        if self._chance.random() < 0.3:
            shutil.rmtree(self._folder / "store")
        for topic in self._committed:
            self._committed[topic] = max(0, self._committed[topic] - self._chance.choice((0, 0, 1, 5)))
        await self.start()

    def state(self, youth_ref: str) -> YouthState | None:
        assert self.owned is not None
        value = self.owned.get(youth_ref.encode())
        return None if value is None else from_bytes(value)

    def close(self) -> None:
        if self.owned is not None:
            self.owned.close()


@dataclass
class _Relayed:
    """A publisher that dies after every publish that `dies` says."""

    kafka: Kafka
    dies: Callable[[], bool]

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        answer = self.kafka.publish(records)
        if self.dies():
            raise RetriableError("killed before it was written down", code="kafka")
        return answer


class Delivery:
    """`hub deliver` and the team's pages, over a SQLite inbox."""

    inputs = (CONSENTS.name, ERASURES.name, *TASK_TOPICS)

    def __init__(self, file: Path, kafka: Kafka, clock: Clock, chance: random.Random) -> None:
        self._kafka, self._clock, self._chance = kafka, clock, chance
        self.engine: Engine = build_engine(f"sqlite:///{file}")
        self._taken: Counter[str] = Counter()
        self.kills = 0
        self._start()
        self.worklist = Worklist(self.engine, clock, stale_after=timedelta(seconds=60))

    def _start(self) -> None:
        self.inbox = Inbox(self.engine, CODEC, self._clock)
        relayed = _Relayed(self._kafka, lambda: self._chance.random() < 0.1)
        self._relay = OutboxRelay(self.engine, relayed, self._clock, "interleaving")

    def behind(self) -> dict[str, int]:
        ends = self._kafka.ends()
        return {topic: ends[topic] - self._taken[topic] for topic in self.inputs if ends[topic] > self._taken[topic]}

    def step(self) -> None:
        """One batch; sometimes killed before the group's offsets are committed, so that it comes again."""
        taken = self._taken.copy()
        records = []
        for topic in mixed(self._chance, self.behind(), 6):
            row = self._kafka.topics[topic, 0][taken[topic]]
            if row is not None:
                records.append(Incoming(topic, 0, taken[topic], row.key, row.value, (), 0))
            taken[topic] += 1
        self.inbox.take(records)
        if self._chance.random() < 0.1:
            self.kills += 1
            self._start()
        else:
            self._taken = taken
        if not self.behind():
            self.beat()

    def beat(self) -> None:
        self.inbox.beat([(topic, 0) for topic in TELLING_OF_WITHDRAWALS], self._clock.now())

    def tell(self) -> None:
        """What it has to say goes to Kafka, twice when it is killed in between."""
        self.inbox.tell_emptied()
        self.inbox.pass_on_acknowledgements()
        try:
            self._relay.run_once()
        except RetriableError:
            self.kills += 1

    def views(self) -> list[TaskView]:
        """Every task, each opened as its team would."""
        return [self.worklist.open_task(one.task_id, one.team) for one in self.worklist.all_tasks()]

    def acknowledge(self) -> None:
        for one in self.worklist.all_tasks():
            if one.recalled and self._chance.random() < 0.5:
                self.worklist.acknowledge(one.task_id, one.team)

    def close(self) -> None:
        self.engine.dispose()


def played(coroutine):
    """Run one interleaving."""
    return asyncio.run(coroutine)
