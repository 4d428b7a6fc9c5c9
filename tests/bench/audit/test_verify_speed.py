"""How long verifying takes: a log of years must be checked in minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.audit.opening import open_audit, open_checkpoints, open_verifier
from hub.audit.verify import verify
from hub.clock import SystemClock
from hub.installation import initialise
from hub.settings import load_settings
from tests.unit.audit.make import make_entry

ENTRIES = 100_000


@pytest.mark.bench
def test_a_hundred_thousand_entries_are_verified_in_half_a_minute(tmp_path: Path, report: Callable[[str], None]) -> None:
    initialise(tmp_path)
    settings = load_settings(tmp_path)
    log = open_audit(settings, SystemClock())
    for first in range(0, ENTRIES, 1000):
        log.append_many([make_entry(number) for number in range(first, first + 1000)])
    began = time.perf_counter()
    open_checkpoints(settings, log.engine, SystemClock()).sign()
    signed = time.perf_counter() - began
    began, used = time.perf_counter(), time.process_time()
    verdict = verify(log.engine, open_verifier(settings))
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    size = sum(path.stat().st_size for path in (settings.data / "audit").iterdir())
    log.close()
    report(
        f"{ENTRIES:,} entries, {size / 1e6:.0f} MB: signed in {signed:.1f} s, verified in {wall:.1f} s ({ENTRIES / cpu:,.0f} per CPU second)"
    )
    assert (verdict.whole, verdict.size, verdict.checkpoints) == (True, ENTRIES, 1)
    assert cpu < 30
