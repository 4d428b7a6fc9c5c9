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
from tests.bench.correlate.oracle import Expected, Verdict, expected, judge
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.stage import Stage, stage

__all__ = ["as_figures", "engine_leg", "judge_run", "prepare", "usable"]

_TOPIC = "bench.events"


def engine_leg(plan: Plan) -> Mapping[str, Measured]:
    """By engine. Raises RuntimeError when one ends without figures or leaves something wrong."""
    found: dict[str, Measured] = {}
    engines = usable(ENGINES, plan.engines, found)
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
                rounds[name].append(as_figures(line))
                notes[name] = {"repeated_referrals": line["repeated"]}
                plan.say(f"round {number + 1}, {name}: {rounds[name][-1]}")
    measured = {name: Measured.of(engine.title, rounds[name], notes[name]) for name, engine in engines.items()}
    return measured | found


def usable(engines: Mapping[str, Engine], wanted: Sequence[str], left_out: dict[str, Measured]) -> dict[str, Engine]:
    """The engines that are wanted (none named: all) and can be had; of the others `left_out` gets the reason."""
    there = {}
    for name in wanted or engines:
        engine = engines.get(name)
        if engine is None:
            left_out[name] = Measured(name, {}, left_out="not an engine of this leg")
            continue
        try:
            engine.program()
        except UnavailableError as error:
            left_out[name] = Measured(engine.title, {}, left_out=str(error))
        else:
            there[name] = engine
    return there


def prepare(place: Stage, engine: Engine, run: Run) -> None:
    """The topics that the run writes to; the broker's clock stamps the referrals."""
    make_topics(place.broker, run.partitions, [run.referrals], {"message.timestamp.type": "LogAppendTime"})
    if not engine.makes_changelog:
        make_topics(place.broker, run.partitions, [run.changelog], {"cleanup.policy": "compact"})


def judge_run(run: Run, wanted: Expected, *, changelog: str = "", offset: int = 0) -> Verdict:
    """Hold what the run left against what must be. Raises RuntimeError when it is not so."""
    referrals = (record.key for record in read_all(run.broker, [run.referrals]))
    states = ((record.key, record.value) for record in read_all(run.broker, [changelog or run.changelog]))
    verdict = judge(wanted, referrals, states, offset=offset)
    if not verdict.right:
        raise RuntimeError(f"{run.name} left something wrong, so its figures do not count: {verdict}")
    return verdict


def _work(place: Stage, plan: Plan, name: str, engine: Engine, wanted: Expected) -> dict[str, Any]:
    run = Run(place.broker, _TOPIC, plan.events, plan.partitions, plan.youths, plan.decoder, f"bench-{name}", place.folder / name)
    prepare(place, engine, run)
    line = figures(start(engine, run), run)
    verdict = judge_run(run, wanted, changelog=line["changelog"], offset=engine.state_offset)
    return line | {"repeated": verdict.repeated}


def as_figures(line: Mapping[str, Any]) -> dict[str, float]:
    """An engine's line as figures to be compared."""
    events, cpu, wall = line["events"], line["cpu_seconds"], line["wall_seconds"]
    found = {"events per CPU second": round(events / cpu)}
    if line.get("steady_cpu_seconds"):  # nought where one batch held almost all
        found["last ¾ per CPU second"] = round(line["steady_events"] / line["steady_cpu_seconds"])
    return found | {"events per second": round(events / wall), "CPU s": cpu, "wall s": wall, "peak MiB": line["max_rss_mib"]}
