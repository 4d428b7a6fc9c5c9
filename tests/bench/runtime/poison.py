"""A worker fed with poison: `python -m tests.bench.runtime.poison [--events 100000] [--poison 10000] [--rounds 2] [--youths 5000]`.

Each round works off so many events twice, without bad records and with them (one in ten, spread evenly, of seven sorts), each time
on a Kafka of its own; the order changes with the round. Then, over what the last poisoned run left, a flood of nothing but
poison on one partition: it pauses, `hub dlq resume` lets it go on, and the ledger is held against the topics' offsets again.

Printed: dead letters on their topics against bad records sent, throughput with and without in processor time and by the clock,
how often a worker ended, and the balance of the ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.contract.topics import CATALOGUE, SCHOOL_ABSENCES, dead_letter_topic
from hub.kafka import Outgoing, apply_topics
from hub.settings import Settings
from tests.bench.core.step import BEGAN
from tests.bench.runtime.load import EVENT_TOPICS
from tests.bench.runtime.worker import Figures, measure
from tests.integration.runtime.town import CODEC, Town, WorkerProcess
from tests.support import make_settings
from tests.unit.contract.hostile import REFUSED, absence, framed, text

__all__ = ["Given", "Spoiler", "rounds"]

ABSENCES = SCHOOL_ABSENCES.name
_LONG = framed(CODEC, SCHOOL_ABSENCES, absence(agency=text("a" * 3000)))
_VALUES = {
    name: REFUSED[name][1](CODEC) for name in ("JSON", "last byte missing", "a number without end", "minutes beyond a day")
} | {"a field too long": _LONG}
_KEYS = {"a key of another form": b"nobody", "a key of somebody else": b"y" + b"f" * 32}
SORTS = (*_VALUES, *_KEYS)
_LATER = timedelta(days=400)
_SPEEDS = ("events_per_cpu_second", "events_per_wall_second")


@dataclass(frozen=True, slots=True)
class Given:
    """What a run is asked for: `poison` among `events`, and a `flood` of poison alone on one partition."""

    events: int = 100_000
    poison: int = 10_000
    youths: int = 5_000
    partitions: int = 12
    rounds: int = 2
    flood: int = 2_000


def poisoned(record: Outgoing, sort: str) -> Outgoing:
    """A bad record on the topic of absences, on the partition of the good one in whose place it comes but for a strange key."""
    good = record.value if record.topic == ABSENCES else framed(CODEC, SCHOOL_ABSENCES, absence())
    key = _KEYS.get(sort, record.key)
    return Outgoing(ABSENCES, key, _VALUES.get(sort, good), record.headers)


class Spoiler:
    """Puts `poison` bad records in the place of good ones, evenly over `events`, and remembers how many of each sort."""

    def __init__(self, events: int, poison: int) -> None:
        self._events, self._poison = events, poison
        self._seen = 0
        self.sent: Counter[str] = Counter()

    def __call__(self, record: Outgoing) -> Outgoing:
        """The record itself, or what comes in its place."""
        number, self._seen = self._seen, self._seen + 1
        if number * self._poison // self._events == (number + 1) * self._poison // self._events:
            return record
        sort = SORTS[self.sent.total() % len(SORTS)]
        self.sent[sort] += 1
        return poisoned(record, sort)


@dataclass(frozen=True, slots=True)
class Balance:
    """What the topics hold against what the ledger says of them, and the dead letters on theirs; `twice`: more than one a record."""

    on_topics: dict[str, int]
    in_ledger: dict[str, int]
    dead_lettered: int
    letters: int
    reasons: dict[str, int]
    twice: int

    @property
    def holds(self) -> bool:
        """Every offset is counted once, and each record that the ledger calls a dead letter has one on its topic."""
        return self.on_topics == self.in_ledger and self.dead_lettered == self.letters - self.twice


def weighed(town: Town, worker: WorkerProcess) -> Balance:
    """Once the worker has reached the ends of the event topics and committed them."""
    worker.reached(town, EVENT_TOPICS)
    ends = town.ends(*EVENT_TOPICS)
    worker.until(lambda: {one: town.committed(one) for one in EVENT_TOPICS} == ends, "the last commit")
    ledger = {topic: worker.ledger(topic) for topic in EVENT_TOPICS}
    counted = {topic: sum(counts.values()) for topic, counts in ledger.items()}
    told = sum(_dead_lettered(counts) for counts in ledger.values())
    letters = [one for topic in EVENT_TOPICS for one in town.read(dead_letter_topic(CATALOGUE[topic]))]
    places = {(one.origin_topic, one.origin_partition, one.origin_offset) for one in letters}
    reasons = dict(Counter(one.error_class for one in letters))
    return Balance(ends, counted, told, len(letters), reasons, len(letters) - len(places))


def _dead_lettered(counts: Mapping[str, int]) -> int:
    return sum(number for outcome, number in counts.items() if outcome.startswith("dead_lettered"))


@dataclass(frozen=True, slots=True)
class Flood:
    """What a worker did when nothing but poison came on one partition. `exit_code`: with which it left when it was asked to."""

    sent: int
    paused_after: int
    exit_code: int
    before: Balance
    after: Balance


def flood(settings: Settings, folder: Path, number: int) -> Flood:
    """Send so much poison to one partition of a worker that runs, let it go on by the command, and weigh before and after."""
    town = Town(settings, rules=False)
    worker = WorkerProcess(settings, folder / "flooded.log", BEGAN + _LATER)
    try:
        before = weighed(town, worker.ready())
        bad = [Outgoing(ABSENCES, b"y" + b"e" * 32, value, partition=0) for value in _VALUES.values()]
        town.publish(*(bad[one % len(bad)] for one in range(number)))
        worker.until(lambda: worker.sum("hub_worker_paused_since_seconds", f'topic="{ABSENCES}"') > 0, "the pause")
        paused_after = _dead_lettered(worker.ledger(ABSENCES)) - before.dead_lettered
        worker.until(lambda: f"{ABSENCES} partition 0: paused" in _dlq(settings, "paused"), "its mark", pause=1.0)
        _dlq(settings, "resume", "--all", "--reason", "a drill", "--limit", str(number), "--as", "bench")
        after = weighed(town, worker)
        return Flood(number, paused_after, worker.stop(), before, after)
    finally:
        worker.kill()
        town.close()


def _dlq(settings: Settings, *words: str) -> str:
    command = [sys.executable, "-m", "hub", "dlq", *words]
    done = subprocess.run(command, env=os.environ | {"HUB_HOME": str(settings.home)}, capture_output=True, text=True, check=True)
    return done.stdout


def speed(found: Sequence[Figures], clean: Sequence[Figures]) -> dict[str, float]:
    """Medians a second, and what share of those without poison they are."""
    cpu, wall = (statistics.median(getattr(one, name) for one in found) for name in _SPEEDS)
    base_cpu, base_wall = (statistics.median(getattr(one, name) for one in clean) for name in _SPEEDS)
    return {"cpu": cpu, "wall": wall, "of_clean_cpu": round(cpu / base_cpu, 3), "of_clean_wall": round(wall / base_wall, 3)}


def rounds(
    make: Callable[[str], AbstractContextManager[tuple[Settings, Path]]], given: Given, say: Callable[[str], None]
) -> dict[str, Any]:
    """`make` opens an installation with a Kafka of its own, by name. The answer is what is printed.

    A worker that ends before it is asked to raises RuntimeError: where there is an answer, none did.
    """
    figures: dict[bool, list[Figures]] = {False: [], True: []}
    sent, flooded = Counter[str](), None
    for number in range(given.rounds):
        for spoiled in (False, True) if number % 2 == 0 else (True, False):
            with make(f"{'spoiled' if spoiled else 'clean'}-{number}") as (settings, folder):
                spoiler = Spoiler(given.events, given.poison if spoiled else 0)
                found = measure(settings, folder, given.events, given.youths, spoil=spoiler, say=say)
                figures[spoiled].append(found)
                say(f"{folder.name}: {found.events_per_cpu_second} a CPU second, {found.events_per_wall_second} a second")
                if spoiled:
                    sent, flooded = spoiler.sent, flood(settings, folder, given.flood)
    assert flooded is not None
    return {
        "bad_records_sent": dict(sent), "bad_records": sent.total(), "dead_letters": flooded.before.letters,
        "without": speed(figures[False], figures[False]), "with": speed(figures[True], figures[False]),
        "balance_holds": flooded.before.holds, "flood": asdict(flooded), "balance_holds_after_the_flood": flooded.after.holds,
    }  # fmt: skip


@contextmanager
def own_kafka(folder: Path, partitions: int, name: str) -> Iterator[tuple[Settings, Path]]:
    """An installation under `folder` with an embedded broker that ends with the block."""
    place = folder / name
    place.mkdir()
    broker = EmbeddedBroker(BrokerConfig(folder=place / "broker", heap_megabytes=384))
    broker.start(timeout_seconds=90)
    try:
        kafka = {"bootstrap_servers": broker.bootstrap_servers, "partitions": partitions}
        # A machine that is busy with other things may keep a broker from answering for minutes.
        settings = make_settings(place / "home", kafka=kafka, worker={"stall_limit_seconds": 600})
        apply_topics(settings)
        yield settings, place
    finally:
        broker.stop()


def main() -> None:
    """Print what was found as JSON; exits 1 when a bad record has no dead letter or the ledger does not add up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in asdict(Given()).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = Given(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="hub-poison-") as name:
        found = rounds(partial(own_kafka, Path(name), given.partitions), given, lambda text: print(text, file=sys.stderr))
    print(json.dumps(found, indent=1))
    whole = found["dead_letters"] == found["bad_records"] and found["balance_holds"] and found["balance_holds_after_the_flood"]
    raise SystemExit(0 if whole else 1)


if __name__ == "__main__":
    main()
