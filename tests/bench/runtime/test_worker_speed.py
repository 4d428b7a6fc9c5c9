"""How many events a worker works off per second of its own processor time, on a real Kafka; a figure to read, not a bound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.runtime.worker import measure
from tests.support import make_settings

pytestmark = [pytest.mark.bench, pytest.mark.kafka]
EVENTS, YOUTHS = 10_000, 1_000


def test_a_worker_works_off_what_stands_on_its_topics(fresh_kafka: str, tmp_path: Path, report: Callable[[str], None]) -> None:
    settings = make_settings(tmp_path / "home", kafka={"bootstrap_servers": fresh_kafka, "partitions": 4})
    found = measure(settings, tmp_path, EVENTS, YOUTHS)
    report(
        f"{found.events_per_cpu_second} events per CPU second ({found.us_per_event} µs each), {found.peak_mebibytes} MiB at most; "
        f"a bare consume loop takes {found.bare_events_per_cpu_second}"
    )
    assert found.ledger["processed"] > EVENTS * 0.9, "hardly anything was judged: the figure would say nothing"
    assert found.tasks > 0
