"""The rules leg: the shipped rules over weeks of a town, in the hub's worker and, with the same core, in others' loops.

The worker's time runs from the first look that finds events committed to the last, which says something from some 50,000 events on;
"with its start" is its process's whole life. The others' time runs from their first event to the commit behind the last.

Each run has a broker of its own, filled from the same seed, so that all may write to the hub's own topics. What stands there
afterwards, open tasks and states, is held against the reference engine, which knows nothing of the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from hub.core.instants import to_ms
from hub.kafka import apply_topics
from hub.settings import Settings
from tests.bench.correlate import cores
from tests.bench.correlate.engine import Run
from tests.bench.correlate.engine_leg import as_figures, usable
from tests.bench.correlate.engines import RULES_ENGINES, Engine, figures, start
from tests.bench.correlate.kafka_io import make_topics
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.stage import Stage, stage
from tests.bench.runtime.load import EVENT_TOPICS, last_arrival, publish_consents, publish_events
from tests.bench.runtime.worker import measure
from tests.chaos.matrix.judging import Verdict, judge
from tests.chaos.matrix.oracle import expect
from tests.chaos.matrix.reading import Topics
from tests.integration.runtime.town import Town
from tests.support import make_settings

__all__ = ["installation", "judge_rules", "rules_leg"]

_SHOWN = 5


def rules_leg(plan: Plan) -> Mapping[str, Measured]:
    """By engine. Raises RuntimeError when one ends without figures or leaves something wrong."""
    found: dict[str, Measured] = {}
    engines = usable(RULES_ENGINES, plan.engines, found)
    rounds: dict[str, list[Mapping[str, float]]] = {name: [] for name in engines}
    for number in range(plan.rounds):
        for name, engine in engines.items():
            with stage() as place:
                one = _hub(place, plan) if name == "hub" else _other(place, plan, name, engine)
            rounds[name].append(one)
            plan.say(f"round {number + 1}, {name}: {one}")
    return {name: Measured.of(engine.title, rounds[name]) for name, engine in engines.items()} | found


def installation(place: Stage, plan: Plan) -> Settings:
    """A new one in the stage's folder, with its topics."""
    kafka = {"bootstrap_servers": place.broker, "partitions": plan.partitions}
    settings = make_settings(place.folder / "home", kafka=kafka)
    apply_topics(settings)
    return settings


def _hub(place: Stage, plan: Plan) -> Mapping[str, float]:
    settings = installation(place, plan)
    with cores.on_engine_core():  # where the worker that is measured begins
        done = measure(settings, place.folder, plan.events, plan.youths, say=plan.say)
    until = last_arrival(plan.events, plan.youths)
    judge_rules(place, "hub", settings.changelog("youths"), until, until + timedelta(seconds=done.wall_seconds_in_all))
    return {
        "events per CPU second": done.events_per_cpu_second,
        "with its start": round(plan.events / done.cpu_seconds_in_all), "events per second": done.events_per_wall_second,
        "CPU s": done.cpu_seconds_in_all, "wall s": done.wall_seconds_in_all, "peak MiB": done.peak_mebibytes,
    }  # fmt: skip


def _other(place: Stage, plan: Plan, name: str, engine: Engine) -> Mapping[str, float]:
    settings = installation(place, plan)
    town = Town(settings)
    try:
        publish_consents(town, plan.youths)
        now = publish_events(town, plan.events, plan.youths)
    finally:
        town.close()
    run = Run(
        place.broker, ",".join(EVENT_TOPICS), plan.events, plan.partitions, plan.youths, plan.decoder, f"bench-{name}",
        place.folder / name, settings.home, now,
    )  # fmt: skip
    make_topics(place.broker, plan.partitions, [run.changelog], {"cleanup.policy": "compact"})
    line = figures(start(engine, run), run)
    judge_rules(place, name, run.changelog, now, now)
    return as_figures(line)


def judge_rules(place: Stage, name: str, changelog: str, *looks: datetime) -> None:
    """Raises RuntimeError where a youth is not as she should be at any of the looks: a window may end while a worker runs."""
    topics = Topics(place.broker, changelog)
    try:
        topics.catch_up()
        found = topics.found()
    finally:
        topics.close()
    verdicts = [_different(judge(expect(topics.told, to_ms(now)), found)) for now in looks]
    different = set.intersection(*verdicts)
    if different:
        shown = "; ".join(sorted(different)[:_SHOWN])
        raise RuntimeError(f"{name} left {len(different)} youths wrong, so its figures do not count: {shown}")


def _different(verdict: Verdict) -> set[str]:
    """What is lost, doubled or wrong; what is counted is the hub's own, and others count nothing."""
    return {*verdict.lost, *verdict.doubled, *verdict.wrong}
