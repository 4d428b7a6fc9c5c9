"""A short measurement of the backtest; `python -m tests.bench.backtest` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.backtest.__main__ import lines_of, measure


@pytest.mark.bench
def test_a_hundred_thousand_events_of_four_hundred_youths(tmp_path: Path, report: Callable[[str], None]) -> None:
    run = measure(tmp_path, 100_000, 400, 2)
    for line in lines_of(run, 2):
        report(line)
    assert run.tally.youths == 400
    assert run.peak < 400
