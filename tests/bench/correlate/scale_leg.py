"""The scale leg: what an event costs, and what is resident, in a hub of few youths and in one of many.

Both begin with the states of all their youths in the changelog (`seeding.py`), restored before the first event. Then the same number
of events comes at once, of youths at random, spread over so many days before the worker's clock, sixteen at most, that each youth has
3.5 a week. Of the youths who were touched some thousand are held against the reference engine, and all events against the worker's ledger.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psutil

from hub.contract.topics import TASKS_OUTREACH, TASKS_SIG
from hub.core.instants import to_ms
from hub.kafka import Outgoing
from hub.settings import Settings
from tests.bench.core.step import BEGAN, make_events
from tests.bench.correlate import cores
from tests.bench.correlate.kafka_io import read_all
from tests.bench.correlate.pacing import Seen, pace
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.rules_leg import installation
from tests.bench.correlate.seeding import HISTORY_DAYS, Seeded, ref_of, seed, seeded_at
from tests.bench.correlate.stage import Stage, stage
from tests.bench.runtime.load import EVENT_TOPICS, event_record
from tests.chaos.matrix.judging import judge
from tests.chaos.matrix.oracle import expect
from tests.chaos.matrix.reading import Topics
from tests.integration.runtime.town import Town, WorkerProcess

__all__ = ["scale_leg"]

_FEW = 5_000
_A_DAY = 0.5
_MOST_DAYS = 16  # what is older than every rule's window is refused, and costs less
_KINDS = 2_000
_FIRST_NUMBER = 10**9
_JUDGED = 2_000
_LOOK_SECONDS = 0.25
_LIMIT_SECONDS = 3_600
_QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MEBIBYTE = 1024 * 1024
_AT_ONCE = 1e9


class _Look(NamedTuple):
    done: int
    cpu: float
    resident: int


@dataclass(frozen=True, slots=True)
class _Case:
    """One size: its installation, what stands in its changelog, and what is told."""

    settings: Settings
    seeded: Seeded
    now: datetime
    events: Sequence[Outgoing]


def scale_leg(plan: Plan) -> Mapping[str, Measured]:
    """By number of youths. Raises RuntimeError when a worker leaves something wrong."""
    sizes = (min(_FEW, max(1, plan.youths // 10)), plan.youths)
    rounds: dict[int, list[Mapping[str, float]]] = {size: [] for size in sizes}
    for number in range(plan.rounds):
        for size in sizes:
            with stage() as place:
                rounds[size].append(_measured(place, plan, size))
            plan.say(f"round {number + 1}, {size:,} youths: {rounds[size][-1]}")
        few, many = (rounds[size][-1] for size in sizes)
        many |= {
            "cost ratio": round(many["µs per event"] / few["µs per event"], 2),
            "resident beyond the few, MiB": round(many["MiB at 100 %"] - few["MiB at 100 %"], 1),
        }
    return {str(size): Measured.of(f"hub worker, {size:,} youths", rounds[size]) for size in sizes}


def _measured(place: Stage, plan: Plan, youths: int) -> dict[str, float]:
    days = min(_MOST_DAYS, max(1, round(plan.events / (youths * _A_DAY))))
    settings, now = installation(place, plan), seeded_at(days)
    plan.say(f"{youths:,} youths' states into the changelog; {plan.events:,} events of {days} days")
    seeded = seed(settings, youths, now)
    case = _Case(settings, seeded, now, list(_events(plan.events, youths, days)))
    began = time.monotonic()
    with cores.on_engine_core():
        worker = WorkerProcess(settings, place.folder / "worker.log", now)
    town = Town(settings, rules=False)
    try:
        worker.until(lambda: worker.samples().get(("hub_worker_recovering", "")) == 0, "readiness", _LIMIT_SECONDS)
        plan.say(f"restored after {time.monotonic() - began:.0f} s")
        looks = _work(case, worker, town, plan.partitions)
        _judge(case, worker, town, now + timedelta(seconds=time.monotonic() - began))
    finally:
        town.close()
        worker.kill()
    return _figures(looks, seeded)


def _events(count: int, youths: int, days: int) -> Iterator[Outgoing]:
    """In no order: what is told of a youth need not come in the order in which it occurred."""
    chance = random.Random(13)
    kinds = [event for event, _ in make_events(_KINDS, 2, 7.0, seed=5) if event.revision == 1][:_KINDS]
    for number in range(count):
        occurred = BEGAN + timedelta(
            days=HISTORY_DAYS + chance.randrange(days), hours=chance.randrange(9), minutes=chance.randrange(60)
        )
        told = kinds[number % len(kinds)].model_copy(
            update={
                "youth_ref": ref_of(chance.randrange(youths)),
                "event_id": f"e{_FIRST_NUMBER + number:040d}",
                "occurred_at": occurred - timedelta(days=1),
                "recorded_at": occurred,
            }
        )
        yield event_record(told, occurred)


def _work(case: _Case, worker: WorkerProcess, town: Town, partitions: int) -> Sequence[_Look]:
    """From just before the first event to the commit behind the last."""
    process = psutil.Process(worker.process.pid)
    telling = threading.Thread(
        target=pace, args=(case.settings.bootstrap_servers, partitions, case.events, _AT_ONCE, Seen()), name="telling"
    )
    looks = [_look(process, 0)]
    telling.start()
    deadline = time.monotonic() + _LIMIT_SECONDS
    while looks[-1].done < len(case.events):
        if worker.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the worker did not work them off: {worker.log()[-2000:]}")
        time.sleep(_LOOK_SECONDS)
        looks.append(_look(process, sum(town.committed(topic) for topic in EVENT_TOPICS)))
    telling.join()
    return looks


def _look(process: psutil.Process, done: int) -> _Look:
    times = process.cpu_times()
    return _Look(done, times.user + times.system, process.memory_info().rss)


def _figures(looks: Sequence[_Look], seeded: Seeded) -> dict[str, float]:
    first, last = looks[0], looks[-1]
    cpu = last.cpu - first.cpu
    shares = {share: next(look for look in looks if look.done >= share * last.done) for share in _QUARTERS}
    resident = {f"MiB at {share:.0%}".replace("%", " %"): round(look.resident / _MEBIBYTE, 1) for share, look in shares.items()}
    return {
        "events per CPU second": round(last.done / cpu), "µs per event": round(cpu / last.done * 1e6, 1), **resident,
        "bytes of an idle youth": round(seeded.bytes_of_a_youth),
    }  # fmt: skip


def _judge(case: _Case, worker: WorkerProcess, town: Town, until: datetime) -> None:
    """Raises RuntimeError where the ledger does not have every event, or a youth is not as she should be at any moment of the run."""
    worker.reached(town, EVENT_TOPICS)
    counted = sum(number for topic in EVENT_TOPICS for outcome, number in worker.ledger(topic).items() if outcome == "processed")
    if counted != len(case.events):
        raise RuntimeError(f"{counted} of {len(case.events)} events count in the ledger: {[*map(worker.ledger, EVENT_TOPICS)]}")
    touched = dict.fromkeys(one.key for one in case.events if one.key is not None)
    judged = set(list(touched)[:: max(1, len(touched) // _JUDGED)])
    servers, changelog = case.settings.bootstrap_servers, case.settings.changelog("youths")
    topics = Topics(servers, changelog)
    try:
        for number in (int(key[1:], 16) for key in judged):
            for place, one in enumerate(case.seeded.told_of(number)):
                topics.take(_as_read(one, place))
        for record in read_all(servers, [*EVENT_TOPICS, TASKS_OUTREACH.name, TASKS_SIG.name]):
            if record.key in judged:
                topics.take(record)
        for record in read_all(servers, [changelog], case.seeded.ends):
            if record.key in judged:
                topics.take(record)
        found = topics.found()
    finally:
        topics.close()
    verdicts = [judge(expect(topics.told, to_ms(now)), found) for now in (case.now, until)]
    wrong = set.intersection(*({*one.lost, *one.doubled, *one.wrong} for one in verdicts))
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(judged)} youths are wrong, so the figures do not count: {sorted(wrong)[:5]}")


class _AsRead(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def _as_read(one: Outgoing, place: int) -> Any:
    return _AsRead(one.topic, 0, place, one.key, one.value)
