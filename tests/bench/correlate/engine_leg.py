"""The engine leg: the fixed job, worked off by each engine in turn, a process for each and round.

The load is produced once. In each round every engine reads it from the beginning into topics of its own; what it leaves there is
judged by the oracle, and a run that is wrong ends the leg: its figures would say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.correlate.engine import Run
from tests.bench.correlate.engines import ENGINES, Engine, figures, start
from tests.bench.correlate.environment import UnavailableError
from tests.bench.correlate.kafka_io import fill, make_topics, read_all
from tests.bench.correlate.load import load, values
from tests.bench.correlate.oracle import Expected, expected, judge
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.stage import Stage, stage

__all__ = ["engine_leg"]

_TOPIC = "bench.events"


def engine_leg(plan: Plan) -> Mapping[str, Measured]:
    """By engine. Raises RuntimeError when one ends without figures or leaves something wrong."""
    found: dict[str, Measured] = {}
    engines = usable(plan.engines or tuple(ENGINES), found)
    plan.say(f"{plan.events:,} events of {plan.youths:,} youths: what must come out")
    wanted = expected(load(plan.events, plan.youths), plan.youths)
    with stage() as place:
        make_topics(place.broker, plan.partitions, [_TOPIC])
        fill(place.broker, _TOPIC, plan.partitions, values(plan.events, plan.youths))
        rounds: dict[str, list[Mapping[str, float]]] = {name: [] for name in engines}
        notes: dict[str, Mapping[str, Any]] = {}
        for number in range(plan.rounds):
            for name, engine in engines.items():
                line = _work(place, plan, f"{name}-{number}", engine, wanted)
                rounds[name].append(_figures(line))
                notes[name] = {"repeated_referrals": line["repeated"]}
                plan.say(f"round {number + 1}, {name}: {rounds[name][-1]}")
    measured = {name: Measured.of(engine.title, rounds[name], notes[name]) for name, engine in engines.items()}
    return measured | found


def usable(names: Sequence[str], left_out: dict[str, Measured]) -> dict[str, Engine]:
    """The engines that can be had; of the others `left_out` gets the reason."""
    there = {}
    for name in names:
        engine = ENGINES[name]
        try:
            engine.program()
        except UnavailableError as error:
            left_out[name] = Measured(engine.title, {}, left_out=str(error))
        else:
            there[name] = engine
    return there


def prepare(place: Stage, engine: Engine, run: Run) -> None:
    """The topics that the run writes to."""
    make_topics(place.broker, run.partitions, [run.referrals])
    if not engine.makes_changelog:
        make_topics(place.broker, run.partitions, [run.changelog], compact=True)


def _work(place: Stage, plan: Plan, name: str, engine: Engine, wanted: Expected) -> dict[str, Any]:
    run = Run(place.broker, _TOPIC, plan.events, plan.partitions, plan.youths, plan.decoder, f"bench-{name}", place.folder / name)
    prepare(place, engine, run)
    line = figures(start(engine, run), run)
    referrals = (record.key for record in read_all(place.broker, [line.get("referrals", run.referrals)]))
    changelog = ((record.key, record.value) for record in read_all(place.broker, [line.get("changelog", run.changelog)]))
    verdict = judge(wanted, referrals, changelog, offset=line.get("state_offset", 0))
    if not verdict.right:
        raise RuntimeError(f"{name} left something wrong, so its figures do not count: {verdict}")
    return line | {"repeated": verdict.repeated}


def _figures(line: Mapping[str, Any]) -> dict[str, float]:
    events, cpu, wall = line["events"], line["cpu_seconds"], line["wall_seconds"]
    found = {"events per CPU second": round(events / cpu)}
    if line.get("steady_cpu_seconds"):  # nought where one batch held almost all
        found["last ¾ per CPU second"] = round(line["steady_events"] / line["steady_cpu_seconds"])
    return found | {"events per second": round(events / wall), "CPU s": cpu, "wall s": wall, "peak MiB": line["max_rss_mib"]}
