"""`kill -9` of the process that hands tasks over, while receivers fail three times in ten.

The whole run: `HUB_CHAOS_TASKS=10000 HUB_CHAOS_SINK_KILLS=20 pytest -m chaos tests/chaos/test_sinks.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .handing import play

TASKS = int(os.environ.get("HUB_CHAOS_TASKS", "200"))
KILLS = int(os.environ.get("HUB_CHAOS_SINK_KILLS", "1"))


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_whoever_is_killed_each_receiver_has_each_task_once_and_says_what_the_hub_says(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    outcome = play(tmp_path, tasks=TASKS, kills=KILLS)
    report(str(outcome))
    assert outcome.faults == []
    assert len(outcome.in_flight) == KILLS
    assert any(outcome.in_flight), "no kill hit a call"
    assert outcome.failures > 0
