"""What a step of the core costs, beside a yardstick of plain Python in the same run; a figure to read, not a bound."""

from __future__ import annotations

import timeit
from collections.abc import Callable

import pytest

from tests.bench.core.step import measure

pytestmark = pytest.mark.bench
AIM_MICROSECONDS = 18.0


def test_a_step_on_the_shipped_rules(report: Callable[[str], None]) -> None:
    yard = min(timeit.repeat("x + 1", "x = 1", number=200_000, repeat=9)) / 200_000 * 1e9
    found = measure(events=8_000, youths=400, rounds=5)
    micros = found["min"]
    report(
        f"{micros} µs per step over {found['held_per_youth']} held events per youth, {found['open_share']:.0%} with a task open "
        f"(aim {AIM_MICROSECONDS:g}: {AIM_MICROSECONDS / micros:.2f}); x + 1 takes {yard:.1f} ns here"
    )
    assert found["tasks"] > 0, "nothing was proposed: the figure would say nothing"
