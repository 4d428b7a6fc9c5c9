"""A hub that has run for long, without the months: the states of N youths in the worker's changelog, written by the worker's own code.

Some hundred youths are stepped through weeks of a town by the core; each of the N has what one of them has, under a reference of her
own. They are idle: consented, some events held, nothing proposed. What was written is known by number and digest.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hub.claims import read_claims
from hub.contract.models import RuleMarker
from hub.contract.topics import CATALOGUE
from hub.core.instants import to_ms
from hub.core.rule_set import rules_content, rules_digest
from hub.core.state import YouthState, from_bytes
from hub.core.state_bytes import pack, unpack
from hub.kafka import Outgoing, end_offsets
from hub.rules_file import load_rules
from hub.runtime.changelogs import Layout, changelog_name, prepare_changelogs
from hub.runtime.effects import Change, Effects
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.process import YOUTHS, build_rulebook
from hub.runtime.rulebook import ActiveRules
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.timers import sealed
from hub.runtime.transport import KafkaLog
from hub.runtime.youths import YouthProgram
from hub.settings import Settings
from tests.bench.core.step import BEGAN, make_events
from tests.bench.correlate.kafka_io import partition_of
from tests.bench.runtime.load import consent_record, event_record
from tests.integration.runtime.town import CODEC, Town
from tests.unit.core.make import NOW
from tests.unit.runtime.fakes import named

__all__ = ["HISTORY_DAYS", "Digest", "Pattern", "Seeded", "ref_of", "seed", "seeded_at"]

HISTORY_DAYS = 60
"""After so many days from `BEGAN` on nothing more is told of the patterns."""
_TOLD_DAYS = HISTORY_DAYS - 3
_A_WEEK = 0.5
_PATTERNS = 200
_COMMIT = 2_000
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Pattern:
    """What was told of one youth, and what the core holds of her at the instant of the seeding."""

    ref: str
    told: Sequence[Outgoing]
    value: bytes
    wake_ms: int | None

    def value_of(self, ref: str) -> bytes:
        """The same under another reference."""
        events, consent, (_, *rest) = unpack(self.value)
        return pack(events, consent, [ref, *rest])


class Digest:
    """Of keys and what belongs to them, in whatever order they come."""

    def __init__(self) -> None:
        self.number = 0
        self._sum = 0

    def add(self, key: bytes, value: bytes) -> None:
        """One more."""
        self.number += 1
        self._sum += int.from_bytes(hashlib.blake2b(value, digest_size=8, key=key).digest())

    def __str__(self) -> str:
        return f"{self.number}:{self._sum & _MASK:016x}"


@dataclass(frozen=True, slots=True)
class Seeded:
    """`states`: keys and values as they are stored; `clocks`: keys that have a wake; `ends` of the changelog, by partition."""

    youths: int
    patterns: Sequence[Pattern]
    states: str
    clocks: str
    state_bytes: int
    ends: Mapping[tuple[str, int], int]

    @property
    def bytes_of_a_youth(self) -> float:
        """As they are stored, her key with them."""
        return self.state_bytes / self.youths

    def told_of(self, number: int) -> Iterator[Outgoing]:
        """The consent and the events that her state holds, as they would stand on the topics."""
        pattern, ref = self.patterns[number % len(self.patterns)], ref_of(number).encode()
        for one in pattern.told:
            assert one.value is not None
            yield Outgoing(one.topic, ref, one.value.replace(pattern.ref.encode(), ref))


def ref_of(number: int) -> str:
    """The reference of a youth."""
    return f"y{number:032x}"


def seed(settings: Settings, youths: int, now: datetime) -> Seeded:
    """Write them all, as a worker that has come to the ends of its topics would have. The installation and its topics are new."""
    Town(settings).close()  # the shipped rules, in force by their markers
    rules = _rules(settings)
    program = YouthProgram(CODEC, read_claims(settings))
    patterns = _patterns(program, rules, now)
    layout = prepare_changelogs(settings, {YOUTHS: program.topics})
    writer = _Writer(settings, rules, patterns)
    with tempfile.TemporaryDirectory(prefix="hub-seed-") as folder:
        asyncio.run(writer.write(youths, layout, program.topics, Path(folder)))
    ends = end_offsets(settings.bootstrap_servers, [settings.changelog(YOUTHS)])
    return Seeded(youths, patterns, str(writer.states), str(writer.clocks), writer.size, ends)


def _rules(settings: Settings) -> ActiveRules:
    found = load_rules(settings.home / "rules")
    content = rules_content(found)
    marker = RuleMarker(version=found.version, sha256=rules_digest(found), activated_at=NOW, content=content)
    return build_rulebook(settings).judge(marker)


def _patterns(program: YouthProgram, rules: ActiveRules, now: datetime) -> Sequence[Pattern]:
    told: defaultdict[str, list[tuple[Outgoing, datetime]]] = defaultdict(list)
    for number in range(_PATTERNS):
        told[ref_of(number)].append((consent_record(ref_of(number)), BEGAN))
    for event, at in make_events(_PATTERNS, _TOLD_DAYS, _A_WEEK, seed=11):
        told[event.youth_ref].append((event_record(event, at), at))
    return [pattern for ref, rows in told.items() if (pattern := _pattern(program, rules, ref, rows, now)) is not None]


def _pattern(
    program: YouthProgram, rules: ActiveRules, ref: str, rows: Iterable[tuple[Outgoing, datetime]], now: datetime
) -> Pattern | None:
    """None where something has been proposed: such a youth is not idle."""
    state: object | None = None
    wake_ms: int | None = None
    records = []
    for record, at in rows:
        assert record.value is not None
        records.append(record)
        step = named(program.step(ref, state, CODEC.decode(CATALOGUE[record.topic], record.value), rules.compiled, at))
        if step.changed:
            state, wake_ms = step.state, step.wake_ms
    while wake_ms is not None and wake_ms <= to_ms(now):
        step = program.wake(ref, state, rules.compiled, now)
        state, wake_ms = step.state, step.wake_ms
    assert isinstance(state, YouthState)
    if state.episodes or state.spent:
        return None
    pattern = Pattern(ref, records, program.dump(state), wake_ms)
    assert pattern.value_of(ref) == pattern.value
    assert from_bytes(pattern.value_of(ref_of(_PATTERNS))).youth_ref == ref_of(_PATTERNS)
    return pattern


class _Writer:
    """Writes what the patterns say of every youth, and counts it."""

    def __init__(self, settings: Settings, rules: ActiveRules, patterns: Sequence[Pattern]) -> None:
        self._settings, self._rules, self._patterns = settings, rules, patterns
        self.states, self.clocks = Digest(), Digest()
        self.size = 0

    async def write(self, youths: int, layout: Layout, topics: Sequence[str], folder: Path) -> None:
        """One partition after another, each as its owner."""
        changelog = Changelog(changelog_name(self._settings, YOUTHS), layout.topic_ids)
        places: list[list[int]] = [[] for _ in range(layout.partitions[changelog.topic])]
        for number in range(youths):
            places[partition_of(ref_of(number).encode(), len(places))].append(number)
        log, cache, rulebook = KafkaLog(self._settings.bootstrap_servers), StoreCache(), build_rulebook(self._settings)
        await log.start()
        try:
            for partition, numbers in enumerate(places):
                store = PartitionStore(folder / str(partition), cache)
                owned = OwnedPartition(partition, changelog, store, log, rulebook)
                await owned.restore(0)
                await owned.commit(Effects(activated=self._rules, positions=dict.fromkeys(topics, 0)))
                for first in range(0, len(numbers), _COMMIT):
                    changes = dict(self._change(number) for number in numbers[first : first + _COMMIT])
                    await owned.commit(Effects(state_changes=changes))
                owned.close()
        finally:
            await log.stop()

    def _change(self, number: int) -> tuple[bytes, Change]:
        pattern, key = self._patterns[number % len(self._patterns)], ref_of(number).encode()
        change = Change(pattern.value_of(ref_of(number)), pattern.wake_ms)
        value = sealed(change)
        assert value is not None
        self.states.add(key, value)
        self.size += len(key) + len(value)
        if change.wake_ms is not None:
            self.clocks.add(key, b"")
        return key, change


def seeded_at(days: int) -> datetime:
    """At night, so many days after the patterns' last: no clock of theirs comes meanwhile, for nothing is told of them at night."""
    return BEGAN + timedelta(days=HISTORY_DAYS + days, hours=-4)
