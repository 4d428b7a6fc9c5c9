"""What every Python engine of the fixed job is started with, and the one JSON line that it prints when it is through.

    python -m tests.bench.correlate.ENGINE --broker HOST:PORT --topic T --count N --partitions P --youths Y
        --decoder fastavro|quick --run NAME --folder DIR

The referrals go to the topic `NAME-referrals`, which is there already. So is `NAME-state-changelog`, where Faust and Kafka Streams
look for the states of a table or store `state`, but for engines that make their changelog themselves and say its name.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.correlate.job import Consents, consents

__all__ = ["COMMIT_SECONDS", "SETTLE_SECONDS", "Meter", "Run", "parse", "peak_mebibytes", "seek_cycles_seldom"]

COMMIT_SECONDS = 1.0
SETTLE_SECONDS = 1.7
"""How long after the last record a process is still measured: its last commit, a second apart, is part of the work."""
_WARM_SHARE = 4


@dataclass(frozen=True, slots=True)
class Run:
    """What an engine is asked to do. `folder` is its own and empty; `count` records lie on `topic`, damaged ones included."""

    broker: str
    topic: str
    count: int
    partitions: int
    youths: int
    decoder: str
    name: str
    folder: Path
    home: Path | None = None
    """Of an installation, whose rules are applied in the rules leg."""
    now: datetime | None = None
    """The rules leg's clock, which stands still."""

    @property
    def topics(self) -> tuple[str, ...]:
        """The fixed job reads one, the rules several."""
        return tuple(self.topic.split(","))

    @property
    def referrals(self) -> str:
        """The topic of the referrals."""
        return f"{self.name}-referrals"

    @property
    def changelog(self) -> str:
        """The topic of the states."""
        return f"{self.name}-state-changelog"

    def consents(self) -> Consents:
        """Of this run's youths."""
        return consents(self.youths)


def parse(arguments: Sequence[str] | None = None) -> Run:
    """The command line of an engine."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--topic", required=True, help="for the rules several, with commas")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--youths", type=int, default=5_000)
    parser.add_argument("--decoder", choices=("fastavro", "quick"), default="quick")
    parser.add_argument("--run", required=True, help="a name for topics and the consumer group")
    parser.add_argument("--folder", type=Path, required=True, help="for local state")
    parser.add_argument("--home", type=Path, help="an installation: its rules are applied")
    parser.add_argument("--now", type=datetime.fromisoformat, help="the instant at which they are")
    got = vars(parser.parse_args(arguments))
    return Run(name=got.pop("run"), **got)


def seek_cycles_seldom() -> None:
    """Look for cycles as seldom as the hub's worker does, once everything is imported: no engine pays for Python's default."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Meter:
    """Counts records, and prints the line of figures `SETTLE_SECONDS` after the last of them.

    Then the engine goes on as one does that has nothing to do, and is killed once its group has committed everything.

    CPU seconds are of the whole process, its threads included, from the first record to that end; wall seconds end with the
    last record. `steady_…` leaves out the first quarter of the records: a compiler warms up, caches fill.
    """

    def __init__(self, run: Run, changelog: str | None = None) -> None:
        self._run = run
        self._changelog = changelog or run.changelog
        self._done = 0
        self._began: tuple[float, float] | None = None
        self._steady: tuple[float, float, int] | None = None

    def begin(self) -> None:
        """To be called before the first record; later calls do nothing."""
        if self._began is None:
            self._began = (time.perf_counter(), time.process_time())

    def done(self, records: int = 1) -> None:
        """So many more are worked off, whatever became of them."""
        if self._done >= self._run.count:
            return
        self._done += records
        if self._steady is None and self._done * _WARM_SHARE >= self._run.count:
            self._steady = (time.perf_counter(), time.process_time(), self._done)
        if self._done >= self._run.count:
            threading.Thread(target=self._finish, args=(time.perf_counter(), time.process_time()), daemon=True).start()

    def _finish(self, wall: float, cpu: float) -> None:
        time.sleep(SETTLE_SECONDS)
        assert self._began is not None
        assert self._steady is not None
        steady_wall, steady_cpu, before = self._steady
        line = {
            "events": self._done,
            "cpu_seconds": round(time.process_time() - self._began[1], 3),
            "wall_seconds": round(wall - self._began[0], 3),
            "steady_events": self._done - before,
            "steady_cpu_seconds": round(cpu - steady_cpu, 3),
            "steady_wall_seconds": round(wall - steady_wall, 3),
            "max_rss_mib": peak_mebibytes(),
            "referrals": self._run.referrals,
            "changelog": self._changelog,
        }
        print(json.dumps(line), file=sys.__stdout__, flush=True)


def peak_mebibytes() -> int:
    """The most that was ever resident of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    raise OSError("the system does not tell a process's memory")
