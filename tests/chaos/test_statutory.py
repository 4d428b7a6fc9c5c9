"""The statutory lane in short, for every change: a few hundred malformed reports, one kill, and nothing else of the hub running.

All of it: `python -m tests.chaos.statutory`. HUB_CHAOS_SEED: the seed (1).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.connector import RawMessage
from hub.errors import ConfigError
from hub.process import read_announcements
from hub.statutory.opening import open_hand_overs, open_writer
from hub.statutory.simulator import CaseSystem
from tests.chaos.statutory.payloads import payload
from tests.chaos.statutory.running import run
from tests.integration.erasure.hub_running import Running, short_bounds
from tests.support import missing

SEED = int(os.environ.get("HUB_CHAOS_SEED", "1"))

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


def test_every_report_is_registered_once_and_unchanged_though_the_lane_is_killed_and_nothing_else_of_the_hub_runs(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    row = run(tmp_path, SEED, reports=300, kills=1, say=report)
    report(f"{row.in_flight} in flight, {row.repeats} given again, slowest {row.slowest_seconds} s, {row.seconds} s")
    assert (row.registered, row.lost, row.twice, row.changed) == (300, 0, 0, 0)
    assert min(row.in_flight) > 0


@contextmanager
def everything_up(folder: Path) -> Iterator[Running]:
    """Kafka, the registry, the worker and the lane, each a process."""
    receiver = {"title": "Mottagningen", "folder": str(folder / "reception")}
    lane = {"receiver": "reception", "after_hours": "reception", "receivers": {"reception": receiver}}
    running = Running(folder / "home", {**short_bounds(3600), "connectors": {}, "statutory": lane})
    try:
        running.start(["registry"], ["worker"], ["statutory"])
        names = {"registry", "worker", "statutory"}
        running.until(lambda: names <= {one.name for one in read_announcements(running.settings)}, "every process is up")
        yield running
    except ConfigError as error:
        if error.code in {"jars_unreachable", "no_java", "old_java"}:
            missing(f"an embedded Kafka: {error}")
        raise
    finally:
        running.close()


@contextmanager
def stopped(pid: int | None) -> Iterator[None]:
    """A process that does not answer, and goes on afterwards; none at all, where `pid` is None."""
    if pid is not None:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if pid is not None:
            os.kill(pid, signal.SIGCONT)


@pytest.mark.kafka
def test_every_report_is_registered_with_registry_worker_and_kafka_stopped_in_turn(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    system = CaseSystem(tmp_path / "reception", tmp_path / "register")
    with everything_up(tmp_path) as running:
        store, hand_overs = open_writer(running.settings, SystemClock()), open_hand_overs(running.settings)
        pids = {"nobody": None, "Kafka": running.broker.pid} | {
            one.name: one.pid for one in read_announcements(running.settings) if one.name != "statutory"
        }

        def seconds(number: int) -> float:
            name, began = f"message-{number}", time.monotonic()
            store.put(RawMessage(name, SystemClock().now(), payload(SEED, number)))
            running.until(lambda: system.fetch() < 0 or hand_overs.has(name), f"{name} is registered")
            return time.monotonic() - began

        for place, (victim, pid) in enumerate(pids.items()):
            with stopped(pid):
                times = [seconds(10 * place + number) for number in range(10)]
            report(f"{victim} stopped: the slowest of ten in {max(times):.1f} s")
    assert len(pids) == 4
    assert len(system.register()) == 10 * len(pids)
