"""What it costs to write and read a youth's state, beside the former format in the same run; a figure to read, not a bound."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench.core.codec import measure_codec

pytestmark = pytest.mark.bench
AIM_BYTES = 1_500


def test_the_bytes_of_a_state(report: Callable[[str], None]) -> None:
    found = measure_codec(youths=300, rounds=9)
    report(
        f"{found['held_per_youth']} held events: written in {found['us_dump']} µs, read in {found['us_load']} µs (formerly "
        f"{found['former_us_dump']} and {found['former_us_load']}), {found['bytes']:g} bytes, of which idle {found['idle_bytes']:g} "
        f"(formerly {found['former_bytes']:g}; aim {AIM_BYTES})"
    )
    assert found["held_per_youth"] > 20, "nothing was held: the figures would say nothing"
