"""How many entries per second the audit log takes, each on the medium before the next: what every opening of a page waits for."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.opening import open_audit
from hub.clock import SystemClock
from hub.installation import initialise
from hub.settings import load_settings
from tests.unit.audit.make import make_entry

ENTRIES, TOGETHER = 1_000, 20_000


@pytest.mark.bench
def test_a_reader_waits_for_the_log_less_than_a_twentieth_of_a_second(tmp_path: Path, report: Callable[[str], None]) -> None:
    initialise(tmp_path)
    log = open_audit(load_settings(tmp_path), SystemClock())
    took = []
    began = time.perf_counter()
    for number in range(ENTRIES):
        start = time.perf_counter()
        log.append(make_entry(number))
        took.append(time.perf_counter() - start)
    alone = ENTRIES / (time.perf_counter() - began)
    began = time.perf_counter()
    for first in range(0, TOGETHER, 250):
        log.append_many([make_entry(number) for number in range(first, first + 250)])
    together = TOGETHER / (time.perf_counter() - began)
    log.close()
    p50, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    report(f"{alone:,.0f} appends/s one by one (p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms), {together:,.0f}/s in 250s")
    assert p95 < 0.05
