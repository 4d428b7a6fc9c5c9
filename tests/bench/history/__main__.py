"""Imports a school year of attendances with `hub connect --history`, and once more with a kill -9 in the middle.

    python -m tests.bench.history [--attendances 1000000] [--share 10]

Prints attendances per second (of the clock and of one core), the peak memory of the connector's process, and what the kill cost.
The aim: 5,000 a second on one core within 250 MB. Kafka is real, and so is HTTP; the school and Kafka use cores of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.contract.codec import Codec
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import Reader, apply_topics, end_offsets
from hub.testing import served
from tests.support import make_settings, write_toml
from tests.unit.connect.installation import AGENCY, Subjects, make_installation

from .server import CLASS, FIRST_DAY, PUPILS, absent_minutes, personal_number

AIM_PER_SECOND, AIM_MEGABYTES = 5_000, 250
NOW = "2025-06-13T16:00:00+02:00"


class Run(NamedTuple):
    """One process: its exit code, seconds of the clock and of the processor, and its peak memory in MiB."""

    code: int
    wall: float
    cpu: float
    peak: float


class Bench:
    """An installation, its school and its Kafka."""

    def __init__(self, folder: Path, attendances: int, kafka: str, registry: str) -> None:
        self.folder = folder
        self.attendances = attendances
        self.kafka = kafka
        self.registry = registry
        self.origin = time.time()

    def install(self, name: str, school: str) -> Path:
        home = self.folder / name
        make_installation(home, 1)
        (home / "keys" / "connector-ss12000-token").write_text("jwt\n")
        source = {"base_url": school, "since": FIRST_DAY.isoformat(), "page_size": 100}
        instance = {"agency": AGENCY, "source": source}
        port = int(self.registry.rsplit(":", 1)[1])
        kafka = {"bootstrap_servers": self.kafka}
        write_toml(home / "hub.toml", {"registry": {"port": port}, "kafka": kafka, "connectors": {"ss12000": instance}})
        return home

    def connect(self, home: Path, kill_at: int = 0) -> Run:
        """Run the import; kill it once the school has served so many attendances."""
        environment = os.environ | {"HUB_HOME": str(home), "HUB_CLOCK": f"{NOW}@{self.origin}"}
        command = [sys.executable, "-m", "hub", "connect", "ss12000", "--history", "--since", FIRST_DAY.isoformat(), "--json"]
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        while kill_at and self.served() < kill_at and process.poll() is None:
            time.sleep(0.01)
        if kill_at:
            process.send_signal(signal.SIGKILL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Run(process.returncode, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    def served(self) -> int:
        text = (self.folder / "served").read_text() if (self.folder / "served").exists() else ""
        return int(text or 0)


@contextlib.contextmanager
def _school(folder: Path, attendances: int) -> Iterator[str]:
    (folder / "port").unlink(missing_ok=True)
    (folder / "served").unlink(missing_ok=True)
    arguments = [str(folder / "port"), str(folder / "served"), str(attendances)]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.history.server", *arguments])
    try:
        while not (folder / "port").exists() or not (folder / "port").read_text():
            time.sleep(0.05)
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _records(kafka: str) -> tuple[int, int]:
    """Records on the topic, and distinct (event, revision)."""
    codec, seen, found = Codec.load(), set(), 0
    due = sum(end_offsets(kafka, [SCHOOL_ABSENCES.name]).values())
    reader = Reader(kafka, [SCHOOL_ABSENCES.name], None, "bench")
    try:
        while found < due:
            for record in reader.poll(1.0, 5_000):
                message = codec.decode(SCHOOL_ABSENCES, record.value)
                seen.add((message.event_id, message.revision))
                found += 1
    finally:
        reader.close()
    return found, len(seen)


def _due(attendances: int, consenting: int) -> int:
    """Absences of those who have a reference."""
    marks = ((number // CLASS, number % CLASS, number % PUPILS) for number in range(attendances // CLASS * CLASS))
    return sum(pupil < consenting and absent_minutes(lesson, place) != (0, 0) for lesson, place, pupil in marks)


def main() -> None:
    """Run both, print, exit 1 when something is missing or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.history", description=__doc__)
    parser.add_argument("--attendances", type=int, default=1_000_000)
    parser.add_argument("--share", type=int, default=10, help="of a hundred pupils, how many have a reference")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-history-"))
    subjects, consenting = Subjects(), PUPILS * chosen.share // 100
    for number in range(consenting):
        subjects.grant(personal_number(number), number, "2024-07-01T00:00:00+02:00", "2026-07-01T00:00:00+02:00")
    broker = EmbeddedBroker(BrokerConfig(folder=folder / "broker", heap_megabytes=384))
    try:
        broker.start(timeout_seconds=90)
        apply_topics(make_settings(folder / "topics", kafka={"bootstrap_servers": broker.bootstrap_servers}))
        with served(subjects.app) as registry:
            whole = _measure(
                Bench(folder, chosen.attendances, broker.bootstrap_servers, registry), _due(chosen.attendances, consenting)
            )
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if whole else 1)


def _measure(bench: Bench, due: int) -> bool:
    number = bench.attendances // CLASS * CLASS
    with _school(bench.folder, number) as url:
        run = bench.connect(bench.install("whole", url))
        served_once = bench.served()
    found, distinct = _records(bench.kafka)
    per_core = number / run.cpu
    print(f"{number} attendances in {run.wall:.1f} s: {number / run.wall:,.0f}/s by the clock, {per_core:,.0f}/s of one core")
    print(
        f"  to the aim of {AIM_PER_SECOND:,}/s: {per_core / AIM_PER_SECOND:.2f}; peak {run.peak:.0f} MB, to {AIM_MEGABYTES} MB: {run.peak / AIM_MEGABYTES:.2f}"
    )
    print(f"  served {served_once}, on Kafka {found} records, {distinct} distinct, due {due}")
    with _school(bench.folder, number) as url:
        home = bench.install("killed", url)
        killed = bench.connect(home, kill_at=number // 2)
        again = bench.connect(home)
        more = bench.served() - number
    twice, still = _records(bench.kafka)
    lost = more / (number + more) * (killed.wall + again.wall)
    print(f"  kill -9 in the middle: exit {killed.code}, {more} attendances ({more / number:.1%}) read twice, about {lost:.0f} s")
    print(f"  of both imports on Kafka {twice} records, {still} distinct: {twice - 2 * found} told twice by the kill")
    return (run.code, again.code, distinct, still) == (0, 0, due, due)


if __name__ == "__main__":
    main()
