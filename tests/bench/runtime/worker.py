"""Events per CPU second of the worker: `python -m tests.bench.runtime.worker [--events N] [--youths N] [--profile]`.

On an embedded Kafka: consents and the shipped rules first, and a worker that takes them and leaves; then N events beforehand, and
one worker process that works them off. Beside its figures stand those of a bare consume loop over the same records. The figures
are of the worker's whole process: of its life from the first event to the last, and with its start and restore ("in all").
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import psutil

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.contract.topics import TASKS_OUTREACH, TASKS_SIG
from hub.kafka import Outgoing, apply_topics
from hub.settings import Settings
from tests.bench.core.step import BEGAN
from tests.bench.runtime.areas import told
from tests.bench.runtime.load import EVENT_TOPICS, publish_consents, publish_events
from tests.integration.runtime.town import Town, WorkerProcess
from tests.support import make_settings

__all__ = ["Figures", "measure"]

_LOOK_SECONDS = 0.25
_LIMIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Figures:
    """CPU seconds are of the worker's process, all its threads; `steady` from the first look that finds events done."""

    events: int
    youths: int
    partitions: int
    events_per_cpu_second: int
    events_per_wall_second: int
    us_per_event: float
    cpu_seconds_in_all: float
    wall_seconds_in_all: float
    start_cpu_seconds: float
    peak_mebibytes: int
    tasks: int
    changelog_records: int
    ledger: dict[str, int]
    bare_events_per_cpu_second: int


class SampledWorker(WorkerProcess):
    """With the sampling profiler, which writes beside the log when the worker leaves."""

    def __init__(self, settings: Settings, log: Path, start: datetime) -> None:
        self.program = ("tests.bench.runtime.sampled", str(log.with_suffix(".profile")))
        super().__init__(settings, log, start)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=60)  # what it has seen is written when it has left


def measure(
    settings: Settings,
    folder: Path,
    events: int,
    youths: int,
    *,
    profile: bool = False,
    spoil: Callable[[Outgoing], Outgoing] = lambda record: record,
    say: Callable[[str], None] = print,
) -> Figures:
    """Fill the topics, which must be new, and let one worker work them off. `spoil`: what comes in the place of an event."""
    town = Town(settings)
    try:
        publish_consents(town, youths)
        first = WorkerProcess(settings, folder / "first.log", BEGAN).ready()
        # A worker that begins with nothing reads in silence what is there: that is a rebuilding, and another measure.
        if first.stop() != 0:
            raise RuntimeError(first.log()[-2000:])
        began = time.monotonic()
        now = publish_events(town, events, youths, spoil)
        say(f"{events} events of {youths} youths published in {time.monotonic() - began:.0f} s")
        logs = town.ends(settings.changelog("youths"))
        kind = SampledWorker if profile else WorkerProcess
        run = _Run(kind(settings, folder / "worker.log", now), town, events)
        bare = _bare(settings, events)
        ends = town.ends(settings.changelog("youths"), TASKS_OUTREACH.name, TASKS_SIG.name)
        changelog = ends.pop(settings.changelog("youths")) - sum(logs.values())
        return run.figures(youths, settings.kafka.partitions, sum(ends.values()), changelog, bare)
    finally:
        town.close()


class _Run:
    """One worker's life over the events, looked at through what it commits: to ask itself would be work for it."""

    def __init__(self, worker: WorkerProcess, town: Town, events: int) -> None:
        self._events = events
        began = time.monotonic()
        process = psutil.Process(worker.process.pid)
        looks: list[tuple[float, float, int]] = []
        try:
            deadline = began + _LIMIT_SECONDS
            while not looks or looks[-1][2] < events:
                if worker.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the worker did not work them off: {worker.log()[-2000:]}")
                time.sleep(_LOOK_SECONDS)
                done = sum(town.committed(topic) for topic in EVENT_TOPICS)
                if done:
                    looks.append((time.monotonic() - began, _cpu(process), done))
            self.peak = _peak(process)
            worker.reached(town, EVENT_TOPICS)
            self.ledger: Counter[str] = Counter()
            for topic in EVENT_TOPICS:
                self.ledger.update(worker.ledger(topic))
            self.looks: Sequence[tuple[float, float, int]] = looks
            if worker.stop() != 0:
                raise RuntimeError(worker.log()[-2000:])
        finally:
            worker.kill()

    def figures(self, youths: int, partitions: int, tasks: int, changelog: int, bare: int) -> Figures:
        (wall, cpu, done), (last_wall, last_cpu, all_done) = self.looks[0], self.looks[-1]
        if all_done == done or last_cpu == cpu:  # so quick that one look saw it all
            wall = cpu = done = 0
        events, seconds = all_done - done, last_cpu - cpu
        return Figures(
            self._events, youths, partitions, round(events / seconds), round(events / (last_wall - wall)),
            round(seconds / events * 1e6, 1), round(last_cpu, 2), round(last_wall, 2), round(cpu, 2), self.peak, tasks,
            changelog, dict(self.ledger), bare,
        )  # fmt: skip


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _peak(process: psutil.Process) -> int:
    """MiB of the most that was resident; where the system does not tell, of what is now."""
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(found.split()[1]) // 1024
    return process.memory_info().rss // 1024**2


def _bare(settings: Settings, events: int) -> int:
    command = [sys.executable, "-m", "tests.bench.runtime.bare", settings.bootstrap_servers, str(events), *EVENT_TOPICS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return int(json.loads(done.stdout)["events_per_cpu_second"])


def main() -> None:
    """Print the figures as JSON, and with `--profile` where the time went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--youths", type=int, default=5_000)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--profile", action="store_true", help="sample where the worker's processor time goes; slows it a little")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        broker = EmbeddedBroker(BrokerConfig(folder=folder / "broker", heap_megabytes=384))
        broker.start(timeout_seconds=90)
        try:
            kafka = {"bootstrap_servers": broker.bootstrap_servers, "partitions": chosen.partitions}
            settings = make_settings(folder / "home", kafka=kafka)
            apply_topics(settings)
            found = measure(
                settings,
                folder,
                chosen.events,
                chosen.youths,
                profile=chosen.profile,
                say=lambda text: print(text, file=sys.stderr),
            )
        finally:
            broker.stop()
        print(json.dumps(asdict(found), indent=1))
        if chosen.profile:
            print(told(json.loads((folder / "worker.profile").read_text(encoding="utf-8")), chosen.events))


if __name__ == "__main__":
    main()
