"""What one event costs the core: `python -m tests.bench.core.step [--events N] [--youths N] [--rounds N] [--profile]`.

The shipped rules over generated weeks of a town: nine of ten events are lessons missed, a quarter unexcused, the rest notices and
observations, some corrected or repeated. Each youth is known before (the windows are full), as in a hub that has run for
months. Prints microseconds per step: the median of several rounds over the same events, and what share was a match. Cycles are
sought as seldom as in a worker.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from hub.compiled.form import form
from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    InfoKind,
    PersonEvent,
    PoliceCategory,
    PoliceNotice,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
    Scope,
)
from hub.core.rules import compile_rules
from hub.core.state import YouthState, new_state
from hub.core.step import step
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from hub.runtime.memory import seek_cycles_seldom

__all__ = ["make_events", "measure"]

BEGAN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
FULL_DAYS = 70
"""Days that are stepped through before the clock runs: longer than the longest window."""
Timed: TypeAlias = tuple[PersonEvent, datetime]


def make_consent(ref: str) -> ConsentRecord:
    """One to SSPF by school, police and leisure."""
    scope = Scope(
        scope_id="00000000-0000-4000-8000-000000000001",
        cooperation=Cooperation.SSPF,
        agencies=("school", "police", "leisure"),
        recipients=("outreach", "sspf"),
        kinds=tuple(InfoKind),
        valid_from=BEGAN - timedelta(days=30),
        valid_to=BEGAN + timedelta(days=3650),
    )
    return ConsentRecord(
        youth_ref=ref, version=1, status=ConsentStatus.IN_FORCE, age_years=15, age_valid_until=None, area="0581-hageby",
        legal_basis="consent", scopes=(scope,), recorded_at=BEGAN - timedelta(days=30),
    )  # fmt: skip


def make_events(youths: int, days: int, a_week: float, seed: int) -> Iterator[Timed]:
    """In order of arrival, each an hour to two days after it occurred; `a_week` events per youth."""
    chance = random.Random(seed)
    refs = [f"y{number:032x}" for number in range(youths)]
    number = 0
    for day in range(days):
        arrivals = []
        for ref in refs:
            if chance.random() < a_week / 7:
                number += 1
                occurred = BEGAN + timedelta(days=day, hours=chance.randrange(9), minutes=chance.randrange(60))
                arrivals.append((occurred + timedelta(hours=1 + chance.random() * 47), ref, number, occurred))
        for at, ref, its, occurred in sorted(arrivals):
            event = _event(ref, its, occurred, at, chance)
            yield event, at
            if chance.random() < 0.02:
                yield event.model_copy(update={"revision": 2, "retracted": chance.random() < 0.5}), at + timedelta(minutes=1)


def _event(ref: str, number: int, occurred: datetime, at: datetime, chance: random.Random) -> PersonEvent:
    common = {
        "youth_ref": ref,
        "event_id": f"e{number:040d}",
        "revision": 1,
        "retracted": False,
        "occurred_at": occurred,
        "recorded_at": at,
    }
    sort = chance.random()
    if sort < 0.9:
        kind = AbsenceKind.UNEXCUSED if sort < 0.25 else AbsenceKind.EXCUSED
        minutes = chance.choice((20, 40, 60, 60, 80))
        return SchoolAbsence(agency="school", connector="ss12000", kind=kind, minutes=minutes, offered_minutes=80, **common)
    if sort < 0.94:
        return PoliceNotice(
            agency="police",
            connector="sdk",
            category=chance.choice(tuple(PoliceCategory)),
            area=None,
            may_tell_youth=False,
            **common,
        )
    return RiskEvent(agency="leisure", connector="observations", concern=chance.choice(tuple(RiskConcern)), area=None, **common)


def measure(events: int, youths: int, rounds: int) -> dict[str, Any]:
    """Steps through the same events `rounds` times from the same states; times nothing but the steps."""
    rules = compile_rules(load_rules(defaults_folder() / "rules"))
    a_week = 3.5
    timed = make_events(youths, FULL_DAYS + 1 + round(events / (youths * a_week / 7)), a_week, seed=7)
    states = {}
    for ref in (f"y{number:032x}" for number in range(youths)):
        consent = make_consent(ref)
        states[ref] = step(new_state(ref), consent, rules, consent.recorded_at).state
    edge = BEGAN + timedelta(days=FULL_DAYS)
    sample: list[Timed] = []
    for event, at in timed:
        if event.occurred_at < edge:
            states[event.youth_ref] = step(states[event.youth_ref], event, rules, at).state
        elif len(sample) < events:
            sample.append((event, at))
    held = statistics.fmean(sum(1 for _ in state.held()) for state in states.values())
    figures = [_round(dict(states), sample, rules) for _ in range(rounds)]
    micros = [one[0] for one in figures]
    return {
        "form": form().text, "events": len(sample), "youths": youths, "held_per_youth": round(held, 1), "tasks": figures[0][1],
        "open_share": round(statistics.fmean(bool(state.episodes) for state in states.values()), 3),
        "us_per_step": round(statistics.median(micros), 2), "min": round(min(micros), 2), "max": round(max(micros), 2),
    }  # fmt: skip


def _round(states: dict[str, YouthState], sample: Sequence[Timed], rules) -> tuple[float, int]:
    tasks = 0
    seek_cycles_seldom()
    began = time.process_time()
    for event, at in sample:
        ref = event.youth_ref
        done = step(states[ref], event, rules, at)
        states[ref] = done.state
        tasks += len(done.tasks)
    spent = time.process_time() - began
    gc.unfreeze()
    return spent / len(sample) * 1e6, tasks


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--youths", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="profile one round instead")
    chosen = parser.parse_args()
    if chosen.profile:
        profile = cProfile.Profile()
        profile.runcall(measure, chosen.events, chosen.youths, 1)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    print(json.dumps(measure(chosen.events, chosen.youths, chosen.rounds)))


if __name__ == "__main__":
    main()
