"""What the bytes of a youth's state cost: `python -m tests.bench.core.codec [--youths N] [--rounds N]`.

States as `tests.bench.core.step` makes them. Prints microseconds to write and to read one, and its bytes, beside the same of
the former format in the same run (rounds take turns). A state is written as a worker does it: stepped from one that was read,
so that its consent's bytes are known. Processor time, the best of several rounds; cycles are sought as seldom as in a worker.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from hub.compiled.form import form
from hub.core.rules import compile_rules
from hub.core.state import YouthState, from_bytes, new_state, to_bytes
from hub.core.step import step
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from hub.runtime.memory import seek_cycles_seldom
from tests.bench.core.step import FULL_DAYS, make_consent, make_events
from tests.unit.core.former_state import former_bytes

__all__ = ["full_states", "measure_codec"]


def full_states(youths: int) -> list[YouthState]:
    """One state per youth, with full windows, read from its bytes."""
    rules = compile_rules(load_rules(defaults_folder() / "rules"))
    states = {}
    for ref in (f"y{number:032x}" for number in range(youths)):
        consent = make_consent(ref)
        states[ref] = step(new_state(ref), consent, rules, consent.recorded_at).state
    for event, at in make_events(youths, FULL_DAYS, 3.5, seed=7):
        states[event.youth_ref] = step(states[event.youth_ref], event, rules, at).state
    return [from_bytes(to_bytes(state)) for state in states.values()]


def measure_codec(youths: int, rounds: int) -> dict[str, float]:
    """Microseconds and bytes per state."""
    states = full_states(youths)
    now, former = [to_bytes(state) for state in states], [former_bytes(state) for state in states]
    jobs: dict[str, tuple[Callable[[Any], object], Iterable[Any]]] = {
        "us_dump": (to_bytes, states), "us_load": (from_bytes, now),
        "former_us_dump": (former_bytes, states), "former_us_load": (from_bytes, former),
    }  # fmt: skip
    seek_cycles_seldom()
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(rounds):
        for name, (job, values) in jobs.items():
            best[name] = min(best[name], _micros(job, values))
    gc.unfreeze()
    idle = [len(value) for value, state in zip(now, states, strict=True) if not state.episodes]
    return {
        "youths": youths, "held_per_youth": round(statistics.fmean(sum(1 for _ in state.held()) for state in states), 1),
        **{name: round(micros, 1) for name, micros in best.items()},
        "bytes": round(statistics.fmean(map(len, now))), "idle_bytes": round(statistics.fmean(idle)),
        "former_bytes": round(statistics.fmean(map(len, former))),
    }  # fmt: skip


def _micros(job: Callable[[Any], object], values: Iterable[Any]) -> float:
    began, count = time.process_time(), 0
    for value in values:
        job(value)
        count += 1
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--youths", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    print(json.dumps({"form": form().text} | measure_codec(chosen.youths, chosen.rounds)))


if __name__ == "__main__":
    main()
