"""The statutory lane in short, for every change: a few hundred malformed reports, one kill, and nothing else of the hub running.

All of it: `python -m tests.chaos.statutory`. HUB_CHAOS_SEED: the seed (1).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.statutory.running import run

SEED = int(os.environ.get("HUB_CHAOS_SEED", "1"))

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def test_every_report_is_registered_once_and_unchanged_though_the_lane_is_killed_and_nothing_else_of_the_hub_runs(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    row = run(tmp_path, SEED, reports=300, kills=1, say=report)
    report(f"{row.in_flight} in flight, {row.repeats} given again, slowest {row.slowest_seconds} s, {row.seconds} s")
    assert (row.registered, row.lost, row.twice, row.changed) == (300, 0, 0, 0)
    assert min(row.in_flight) > 0
