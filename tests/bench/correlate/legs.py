"""The legs by name: a leg is a function from a plan to what it measured of each engine. A new leg is one more line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.correlate.engine_leg import engine_leg
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured

__all__ = ["LEGS", "Leg"]


@dataclass(frozen=True, slots=True)
class Leg:
    """`ratio_of` is the figure by which the engines are set beside the first."""

    purpose: str
    run: Callable[[Plan], Mapping[str, Measured]]
    ratio_of: str = "events per CPU second"


LEGS: Mapping[str, Leg] = {
    "engine": Leg("the fixed job on every engine: what carries records, state and changelog", engine_leg),
}
"""By the name that `--leg` takes."""
