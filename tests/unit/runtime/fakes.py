"""In-memory twins of the worker's ports, and a program so simple that a test can do its sums."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.claims import Claims, Declared
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.models import ConsentRecord, ConsentStatus, Erasure, InfoKind, Message, RuleMarker, SchoolAbsence
from hub.contract.topics import CONSENTS, ERASURES, RULES, SCHOOL_ABSENCES, TASKS_OUTREACH, Topic
from hub.core.instants import to_ms
from hub.core.resume import Known
from hub.core.rule_set import rules_content, rules_digest
from hub.core.rules import CompiledRules
from hub.errors import FatalError
from hub.kafka import Outgoing
from hub.runtime.effects import RULES_KEY, Drop, Emission, Quiet, Read, Record, Step
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.reading import readers
from hub.runtime.rulebook import ActiveRules, Rulebook
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.transport import LogRecord
from tests.unit.core.make import LEISURE, NOW, POLICE, SCHOOL, YOUTH
from tests.unit.core.make_rules import SHIPPED

CHANGELOG = "test-youths-changelog"
CODEC = Codec.load()
DECLARED = Declared(
    {
        SCHOOL: frozenset({InfoKind.SCHOOL_ABSENCE}),
        POLICE: frozenset({InfoKind.POLICE_NOTICE}),
        LEISURE: frozenset({InfoKind.RISK_EVENT}),
    },
    {"ss12000": SCHOOL, "sdk": POLICE, "observations": LEISURE},
    frozenset({"0581-hageby"}),
)
CLAIMS = Claims(lambda: DECLARED, lambda: None)
RULEBOOK = Rulebook()


def make_marker(version: str = "first") -> RuleMarker:
    """The shipped rules under a version of one's own, as the registry announces them."""
    rules = SHIPPED.model_copy(update={"version": version})
    return RuleMarker(version=version, sha256=rules_digest(rules), activated_at=NOW, content=rules_content(rules))


FIRST = RULEBOOK.judge(make_marker())


def make_record(
    topic: Topic, offset: int, message: Message | None, *, key: bytes | None = b"", value: bytes | None = None
) -> Record:
    """A record of partition 0; its key is the message's own unless another is given."""
    named = getattr(message, "youth_ref", None) or getattr(message, "area", None) or getattr(message, "version", "")
    raw = str(named).encode() if key == b"" else key
    return Record(topic.name, 0, offset, raw, CODEC.encode(topic, message) if message is not None else value)


class MemoryState:
    """A StateView over a dictionary."""

    def __init__(self, positions: Mapping[str, int] | None = None) -> None:
        self.values: dict[bytes, bytes] = {}
        self.positions = dict(positions or {})
        self.rules: ActiveRules | None = FIRST

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def position(self, topic: str) -> int:
        return self.positions.get(topic, 0)

    def holds_back(self, key: bytes) -> bool:
        del key
        return False


@dataclass
class MemoryLog:
    """A Kafka in memory. `history` names what was done, in order; `fail` makes the next append raise; `gate` holds appends up."""

    topics: dict[tuple[str, int], list[LogRecord | None]] = field(default_factory=lambda: defaultdict(list))
    history: list[str] = field(default_factory=list)
    fail: Exception | None = None
    gate: asyncio.Event | None = None

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        if records:
            self.history.append(f"append {','.join(sorted({one.topic for one in records}))}")
        return [(one.partition or 0, self.add(one)) for one in records]

    async def change(
        self, topic: str, partition: int, changes: Mapping[bytes, bytes | None], header: tuple[str, bytes]
    ) -> Sequence[int]:
        records = [Outgoing(topic, key, value, (header,), partition) for key, value in changes.items()]
        return [offset for _, offset in await self.append(records)]

    def add(self, one: Outgoing) -> int:
        rows = self.topics[one.topic, one.partition or 0]
        rows.append(LogRecord(len(rows), one.key, one.value, one.headers))
        return len(rows) - 1

    def put(self, topic: Topic, message: Message) -> Record:
        """Publish a message to partition 0; returns it as it will be read."""
        record = make_record(topic, len(self.topics[topic.name, 0]), message)
        self.add(Outgoing(topic.name, record.key, record.value))
        return record

    async def read(
        self, topic: str, partition: int, start: int, stop: int | None, sink: Callable[[list[LogRecord]], None]
    ) -> int:
        self.history.append(f"read {topic}")
        rows = self.topics[topic, partition]
        end = len(rows) if stop is None else min(stop, len(rows))
        found = [row for row in rows[start:end] if row is not None]
        if found:
            sink(found)
        return max(start, end)

    async def bounds(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[int, int]]:
        return {where: (0, len(self.topics[where])) for where in partitions}

    def values(self, topic: Topic) -> list[Any]:
        return [CODEC.decode(topic, row.value) for row in self.topics[topic.name, 0] if row is not None]


class SumProgram:
    """Adds up minutes of youths who have consented; every full 100 is a task. State: `consented minutes`.

    `seen`: the version of the rules at each event and wake.
    """

    topics = (CONSENTS.name, SCHOOL_ABSENCES.name, RULES.name, ERASURES.name)
    task_topics = (TASKS_OUTREACH.name,)
    wake_after: timedelta | None = None

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._readers = readers(CODEC, (*self.topics, *self.task_topics))

    def reader(self, topic: str) -> Read:
        return self._readers[topic]

    def load(self, key: str, value: bytes | None) -> object | None:
        del key
        return None if value is None else int(value)

    def dump(self, state: object) -> bytes:
        return str(state).encode()

    def step(self, key: str, state: object | None, message: Message, rules: CompiledRules, now: datetime) -> Step:
        self.seen.append(rules.version)
        match message:
            case Erasure():
                return Step(None, receipts=(Emission(Outgoing(ERASURES.name, key.encode(), b"receipt")),))
            case ConsentRecord(status=ConsentStatus.WITHDRAWN):
                return Step(None)
            case ConsentRecord():
                return Step(state or 0)
            case SchoolAbsence() if state is None:
                drops = (Drop("no_consent", intentional=True),)
                return Step(None, outcome="refused", reason="no_consent", drops=drops, changed=False, awaits_consent=True)
            case SchoolAbsence():
                return self._add(key, state, message.minutes, now)
        raise FatalError("unexpected")

    def _add(self, key: str, state: object, minutes: int, now: datetime) -> Step:
        total = int(str(state)) + minutes
        task = Emission(Outgoing(TASKS_OUTREACH.name, key.encode(), b"task"), ("outreach", "sum", "open"))
        due = None if self.wake_after is None else to_ms(now + self.wake_after)
        return Step(total, emissions=(task,) if total // 100 > int(str(state)) // 100 else (), wake_ms=due)

    def wake(self, key: str, state: object, rules: CompiledRules, now: datetime) -> Step:
        self.seen.append(rules.version)
        del key, state, now
        return Step(1)

    def resume(self, key: str, state: object, known: Known, rules: CompiledRules, now: datetime) -> Step:
        del key, known, rules, now
        return Step(state, changed=False)


def make_owned(
    folder: Path,
    log: MemoryLog,
    *,
    ids: Mapping[str, str] | None = None,
    rules: ActiveRules | None = FIRST,
    rulebook: Rulebook = RULEBOOK,
) -> OwnedPartition:
    """Partition 0, not yet restored. `rules`: what its local copy says is in force, where that says nothing yet."""
    store = PartitionStore(folder / "store", StoreCache())
    if rules is not None and store.get(RULES_KEY) is None:
        store.write({RULES_KEY: rules.content.encode()}, store.mark)
    return OwnedPartition(0, Changelog(CHANGELOG, ids or {}), store, log, rulebook)


def named(done: Step | Quiet) -> Step:
    """With names, for who looks at more than a quiet step has."""
    return done if isinstance(done, Step) else Step(*done[:2], days_late=done[2])


async def until(met: Callable[[], object]) -> None:
    """Give other tasks the loop until a condition holds."""
    async with asyncio.timeout(10):
        while not met():  # noqa: ASYNC110 -- what is waited for sets no event
            await asyncio.sleep(0.001)


def make_clock() -> ManualClock:
    return ManualClock(NOW)


YOUTH_KEY = YOUTH.encode()
