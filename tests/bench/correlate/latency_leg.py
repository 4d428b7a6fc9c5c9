"""The latency leg: how long after an event was told its referral or task stands on its topic, at several rates.

The fixed job on the engines, and the hub's worker with the shipped rules and consents. Latency runs from the producer's clock, when
it was handed the event, to the broker's, when it appended what came of it (whole milliseconds, one machine). What comes of an event is
known beforehand by its id. The first fifth of each run is left out. What stands at the end is judged as in the other legs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import psutil

from hub.contract.models import Action, ReferralTask
from hub.contract.topics import CATALOGUE, TASKS_OUTREACH, TASKS_SIG
from hub.kafka import Outgoing
from tests.bench.correlate import cores
from tests.bench.correlate.engine import Run
from tests.bench.correlate.engine_leg import judge_run, prepare, usable
from tests.bench.correlate.engines import ENGINES, Engine, committed, end, start
from tests.bench.correlate.job import referral_key
from tests.bench.correlate.kafka_io import make_topics, read_all
from tests.bench.correlate.load import load, values
from tests.bench.correlate.oracle import expected
from tests.bench.correlate.pacing import Seen, pace, watched
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.rules_job import RulesJob
from tests.bench.correlate.rules_leg import installation, judge_rules
from tests.bench.correlate.stage import Stage, stage
from tests.bench.runtime.load import EVENT_TOPICS, event_records, publish_consents
from tests.integration.runtime.town import CODEC, Town, WorkerProcess

__all__ = ["latency_leg"]

_RULES = "hub-rules"
_FIXED = ("hub", "faust", "kafka-streams")
_TOPIC = "bench.events"
_FOR_EVER = 10**9
_WARM = 5
_FIRST = 100
_EVENTS_OF_A_YOUTH = 40
_LIMIT_SECONDS = 600
_A_WEEK = 7.0  # more than in the rules leg, so that more tasks open in a short time
_SHARE = "CPU share"
_Rounds: TypeAlias = dict[tuple[str, float], list[Mapping[str, float]]]


def latency_leg(plan: Plan) -> Mapping[str, Measured]:
    """By engine and rate. Raises RuntimeError when what an engine leaves is wrong."""
    found: dict[str, Measured] = {}
    wanted = [name for name in plan.engines or _FIXED if name != _RULES]
    engines = usable(ENGINES, wanted, found) if wanted else {}
    cases: dict[str, tuple[str, Callable[[Stage, Plan, float], Mapping[str, float]]]] = {}
    if not plan.engines or _RULES in plan.engines:
        cases[_RULES] = ("hub worker, shipped rules", _rules)
    for name, engine in engines.items():
        cases[name] = (f"{engine.title}, fixed job", partial(_fixed, engine))
    rounds: _Rounds = {(name, rate): [] for rate in plan.rates for name in cases}
    for number in range(plan.rounds):
        for (name, rate), figures in rounds.items():
            with stage() as place:
                figures.append(cases[name][1](place, _sized(plan, rate), rate))
            plan.say(f"round {number + 1}, {name} at {rate:g}/s: {figures[-1]}")
    _beside_faust(rounds)
    measured = {
        f"{name}@{rate:g}": Measured.of(f"{cases[name][0]}, {rate:g}/s", figures) for (name, rate), figures in rounds.items()
    }
    return measured | found


def _beside_faust(rounds: _Rounds) -> None:
    """Of the fixed job what the processor is asked for, as many times as idiomatic Faust asks in the same round."""
    for (name, rate), figures in rounds.items():
        if name != _RULES and ("faust", rate) in rounds:
            pairs = zip(figures, rounds["faust", rate], strict=True)
            rounds[name, rate] = [dict(one) | {"CPU × Faust": round(one[_SHARE] / of[_SHARE], 2)} for one, of in pairs]


def _sized(plan: Plan, rate: float) -> Plan:
    events = _FIRST + round(rate * plan.seconds)
    return replace(plan, events=events, youths=max(20, min(plan.youths, events // _EVENTS_OF_A_YOUTH)))


def _fixed(engine: Engine, place: Stage, plan: Plan, rate: float) -> Mapping[str, float]:
    run = Run(
        place.broker, _TOPIC, _FOR_EVER, plan.partitions, plan.youths, plan.decoder, "bench-latency", place.folder / "engine"
    )
    make_topics(place.broker, plan.partitions, [_TOPIC])
    prepare(place, engine, run)
    records = [Outgoing(_TOPIC, key, value) for key, value in values(plan.events, plan.youths)]
    causes: dict[bytes, int] = {}
    for at, told in enumerate(load(plan.events, plan.youths)):
        causes.setdefault(referral_key(told.youth.encode("ascii"), told.event_id), at)
    process = start(engine, run)
    try:
        seen = _tell(run, process.pid, records, rate)
        judge_run(run, expected(load(plan.events, plan.youths), plan.youths), offset=engine.state_offset)
    finally:
        end(process)
    return _figures(seen, causes, ((record.key, record.timestamp) for record in read_all(place.broker, [run.referrals])))


def _rules(place: Stage, plan: Plan, rate: float) -> Mapping[str, float]:
    settings = installation(place, plan)
    pairs = list(event_records(plan.events, plan.youths, _A_WEEK))
    records, now = [record for record, _ in pairs], max(at for _, at in pairs) + timedelta(minutes=1)
    run = Run(
        place.broker, ",".join(EVENT_TOPICS), plan.events, plan.partitions, plan.youths, plan.decoder, settings.worker.group,
        place.folder, settings.home, now,
    )  # fmt: skip
    town = Town(settings)
    publish_consents(town, plan.youths)
    town.close()
    causes = _openers(RulesJob(run), records)
    began = time.monotonic()
    with cores.on_engine_core():
        worker = WorkerProcess(settings, place.folder / "worker.log", now)
    try:
        worker.ready()
        seen = _tell(run, worker.process.pid, records, rate)
        judge_rules(place, _RULES, settings.changelog("youths"), now, now + timedelta(seconds=time.monotonic() - began))
    finally:
        worker.kill()
    return _figures(seen, causes, _tasks(read_all(place.broker, [TASKS_OUTREACH.name, TASKS_SIG.name])))


def _openers(job: RulesJob, records: Sequence[Outgoing]) -> dict[str, int]:
    """By task the number of the event that opens it, told in this order."""
    youths, causes = dict(job.consented()), dict[str, int]()
    for at, one in enumerate(records):
        assert one.key is not None
        assert one.value is not None
        folded = job.fold(one.topic, one.key, one.value, youths.get(one.key) or job.load(one.key, None))
        if folded.youth is not None:
            youths[one.key] = folded.youth
        for task, _ in _tasks(folded.told):
            causes.setdefault(task, at)
    return causes


def _tasks(records: Iterable[Any]) -> Iterator[tuple[str, int]]:
    """Of those that open a task its id, and the broker's stamp where they have been on a topic."""
    for record in records:
        task = CODEC.decode(CATALOGUE[record.topic], record.value)
        assert isinstance(task, ReferralTask)
        if task.action is Action.OPEN:
            yield task.task_id, getattr(record, "timestamp", 0)


def _tell(run: Run, process: int, records: Sequence[Outgoing], rate: float) -> Seen:
    """The first few at once, so that all that starts has started; then the rest at the rate, until everything is committed."""
    seen = Seen()
    pace(run.broker, run.partitions, records[:_FIRST], _FOR_EVER, seen)
    _await(run, process, _FIRST)

    def tell() -> None:
        pace(run.broker, run.partitions, records[_FIRST:], rate, seen)

    watched(run, process, seen, tell)
    _await(run, process, len(records))
    return seen


def _await(run: Run, process: int, records: int) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while committed(run) < records:
        if time.monotonic() > deadline or psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError(f"{run.name} did not work off {records} records")
        time.sleep(0.25)


def _figures(seen: Seen, causes: Mapping[Any, int], came: Iterable[tuple[Any, int]]) -> Mapping[str, float]:
    first: dict[Any, int] = {}
    for name, stamp in came:
        first[name] = min(stamp, first.get(name, stamp))
    begin = _FIRST + (len(seen.told) - _FIRST) // _WARM
    waits = sorted(stamp - seen.told[causes[name]] * 1000 for name, stamp in first.items() if causes.get(name, -1) >= begin)
    if not waits:
        raise RuntimeError("nothing came of the events: tell more of them")
    lasted = seen.told[-1] - seen.told[_FIRST]
    return {
        "p50 ms": _quantile(waits, 0.5), "p99 ms": _quantile(waits, 0.99), "max ms": round(waits[-1], 1), "timed": len(waits),
        "told per second": round((len(seen.told) - _FIRST - 1) / lasted) if lasted else 0,
        _SHARE: round(seen.cpu_share, 3), "most lag": seen.lag, "lag spread": seen.lag_spread,
        "progress spread": round(seen.progress_spread, 3), "standstill s": round(seen.standstill_seconds, 1),
    }  # fmt: skip


def _quantile(waits: Sequence[float], share: float) -> float:
    return round(waits[min(len(waits) - 1, int(len(waits) * share))], 1)
