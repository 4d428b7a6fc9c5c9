"""The recovery leg: how quickly a changelog of N youths becomes a local state, and how soon a worker answers after an end.

`restore` is the path alone, in a process of its own and an empty folder (`restore_engine.py`); what comes out is held against what was
written: number and digest of the states, and the keys of the index of clocks. Then real workers: with an empty folder, after kill -9,
after a stop, and one that takes over from another that was killed, once the group's session of ten seconds has run out. "Answers" is
the moment at which an event of every partition is in the changelog; each of the events was told when the worker ended.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.kafka import end_offsets
from hub.runtime.process import YOUTHS
from hub.settings import Settings
from hub.status import collect_status
from tests.bench.core.step import make_events
from tests.bench.correlate import cores
from tests.bench.correlate.engines import started
from tests.bench.correlate.kafka_io import await_keys, partition_of
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import Measured
from tests.bench.correlate.rules_leg import installation
from tests.bench.correlate.seeding import Seeded, ref_of, seed, seeded_at
from tests.bench.correlate.stage import Stage, stage
from tests.bench.runtime.load import event_record
from tests.integration.runtime.town import Town, WorkerProcess

__all__ = ["recovery_leg"]

_LIMIT_SECONDS = 600
_STATUS_SECONDS = 0.5
_DAYS = 1
_FIRST_NUMBER = 10**9
_RESTORING = "restoring the youths"


def recovery_leg(plan: Plan) -> Mapping[str, Measured]:
    """One row. Raises RuntimeError when what was restored is not what was written, or a worker does not answer."""
    rounds: list[Mapping[str, float]] = []
    for number in range(plan.rounds):
        with stage() as place:
            rounds.append(_measured(place, plan))
        plan.say(f"round {number + 1}: {rounds[-1]}")
    return {"hub": Measured.of(f"hub worker, {plan.youths:,} youths", rounds)}


def _measured(place: Stage, plan: Plan) -> dict[str, float]:
    settings, now = installation(place, plan), seeded_at(_DAYS)
    plan.say(f"{plan.youths:,} youths' states into the changelog")
    seeded = seed(settings, plan.youths, now)
    figures = _restored(place, settings, seeded)
    plan.say(f"restored, and as it was written: {figures}")
    town = Town(settings, rules=False)
    try:
        return figures | _Lives(place.folder, settings, town, plan, now).figures()
    finally:
        town.close()


def _restored(place: Stage, settings: Settings, seeded: Seeded) -> dict[str, float]:
    folder = place.folder / "restored"
    folder.mkdir()
    command = [sys.executable, "-m", "tests.bench.correlate.restore_engine", str(settings.home), str(folder / "state")]
    if started(command, folder).wait(timeout=_LIMIT_SECONDS):
        raise RuntimeError((folder / "log").read_text(encoding="utf-8")[-2000:])
    line: dict[str, Any] = json.loads((folder / "out").read_text(encoding="utf-8"))
    if (line["states"], line["clocks"]) != (seeded.states, seeded.clocks):
        raise RuntimeError(f"restored is {line['states']} with clocks {line['clocks']}, written {seeded.states}, {seeded.clocks}")
    return {
        "records": line["records"], "records/s": round(line["records"] / line["wall_seconds"]),
        "records per CPU second": round(line["records"] / line["cpu_seconds"]), "restore s": line["wall_seconds"],
        "grown MiB": line["grown_mib"], "bytes of an idle youth": round(seeded.bytes_of_a_youth),
    }  # fmt: skip


class _Lives:
    """Workers of one installation, one after another; each is given an event of every partition."""

    def __init__(self, folder: Path, settings: Settings, town: Town, plan: Plan, now: datetime) -> None:
        self._folder, self._settings, self._town, self._say, self._now = folder, settings, town, plan.say, now
        self._youths = _one_of_each(plan.partitions, plan.youths)
        self._told = 0
        self._alive: list[WorkerProcess] = []

    def figures(self) -> dict[str, float]:
        """Seconds until every partition answers."""
        try:
            with _status_heard(self._settings) as heard:
                first, from_nothing = self._begun()
            self._say(f"hub status, meanwhile: {', '.join(heard) or 'nothing, it was that quick'}")
            first.kill()
            second, killed = self._begun()
            stopping = _timed(lambda: _stopped(second))
            third, stopped = self._begun()
            other = self._worker().ready()
            taken_over = _timed(lambda: (third.kill(), self._await(self._tell())))
            _stopped(other)
        finally:
            for one in self._alive:
                one.kill()
        seconds = {
            "empty folder s": from_nothing, "kill -9 s": killed, "stop s": stopping, "after a stop s": stopped,
            "taken over s": taken_over,
        }  # fmt: skip
        return {name: round(one, 2) for name, one in seconds.items()}

    def _begun(self) -> tuple[WorkerProcess, float]:
        """A worker that answers, and how long it took."""
        began = time.monotonic()
        worker = self._worker()
        self._await(self._tell())
        return worker, time.monotonic() - began

    def _worker(self) -> WorkerProcess:
        with cores.on_engine_core():
            self._alive.append(WorkerProcess(self._settings, self._folder / "worker.log", self._now))
        return self._alive[-1]

    def _tell(self) -> Mapping[tuple[str, int], int]:
        """An event of each youth; the answer is where the changelog ended before."""
        ends = end_offsets(self._settings.bootstrap_servers, [self._settings.changelog(YOUTHS)])
        records = []
        at = self._now - timedelta(days=1)
        for youth, (event, _) in zip(self._youths, make_events(1, 2 * len(self._youths), 7.0, seed=3), strict=False):
            self._told += 1
            own = {"youth_ref": youth, "event_id": f"e{_FIRST_NUMBER + self._told:040d}", "revision": 1, "retracted": False}
            records.append(event_record(event.model_copy(update={**own, "occurred_at": at, "recorded_at": at}), at))
        self._town.publish(*records)
        return ends

    def _await(self, ends: Mapping[tuple[str, int], int]) -> None:
        keys = {youth.encode() for youth in self._youths}
        try:
            await_keys(self._settings.bootstrap_servers, self._settings.changelog(YOUTHS), ends, keys, _LIMIT_SECONDS)
        except TimeoutError:
            raise RuntimeError(f"not every partition answers: {self._alive[-1].log()[-2000:]}") from None


def _one_of_each(partitions: int, youths: int) -> Sequence[str]:
    found: dict[int, str] = {}
    for number in range(youths):
        found.setdefault(partition_of(ref_of(number).encode(), partitions), ref_of(number))
        if len(found) == partitions:
            break
    return list(found.values())


def _timed(doing: Callable[[], object]) -> float:
    began = time.monotonic()
    doing()
    return time.monotonic() - began


def _stopped(worker: WorkerProcess) -> None:
    if worker.stop() != 0:
        raise RuntimeError(worker.log()[-2000:])


@contextmanager
def _status_heard(settings: Settings) -> Iterator[list[str]]:
    """What `hub status` says of restoring while it lasts, each line once."""
    heard: list[str] = []
    ended = threading.Event()

    def listen() -> None:
        while not ended.wait(_STATUS_SECONDS):
            told = [line for one in collect_status(settings)["processes"] for line in one["summary"]]
            heard.extend(line for line in told if line.startswith(_RESTORING) and line not in heard)

    listening = threading.Thread(target=listen, name="status")
    listening.start()
    try:
        yield heard
    finally:
        ended.set()
        listening.join()
