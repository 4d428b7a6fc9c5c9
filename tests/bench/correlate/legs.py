"""The legs by name: a leg is a function from a plan to what it measured of each engine. A new leg is one more line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.correlate.engine_leg import engine_leg
from tests.bench.correlate.latency_leg import latency_leg
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.recovery_leg import recovery_leg
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.rules_leg import rules_leg
from tests.bench.correlate.scale_leg import scale_leg

__all__ = ["LEGS", "Leg"]


@dataclass(frozen=True, slots=True)
class Leg:
    """`ratio_of` is the figure by which the engines are set beside the first, if they are."""

    purpose: str
    run: Callable[[Plan], Mapping[str, Measured]]
    ratio_of: str | None = "events per CPU second"
    others: tuple[str, ...] = ()
    """Names that `--engines` takes beside those of the fixed job."""
    events: int = 400_000
    youths: int = 5_000
    partitions: int = 4


LEGS: Mapping[str, Leg] = {
    "engine": Leg("the fixed job on every engine: what carries records, state and changelog", engine_leg),
    "latency": Leg(
        "from an event to what comes of it, at steady rates; how evenly partitions are served, and at what cost",
        latency_leg,
        ratio_of=None,
        others=("hub-rules",),
    ),
    "recovery": Leg(
        "a changelog of many youths into an empty folder; how soon a worker answers after an end",
        recovery_leg,
        ratio_of=None,
        youths=1_000_000,
        partitions=12,
    ),
    "rules": Leg("the shipped rules in the hub's worker, and the same core in a bare loop and in Faust", rules_leg),
    "scale": Leg(
        "what an event costs and what is resident, with few youths (5,000) and with many",
        scale_leg,
        ratio_of=None,
        events=40_000,
        youths=1_000_000,
        partitions=12,
    ),
}
"""By the name that `--leg` takes."""
