"""The naive agent under the same disturbances, held against a plain fold over the topic."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient

from hub.contract.models import AbsenceKind, SchoolAbsence
from hub.contract.topics import SCHOOL_ABSENCES
from hub.errors import ContractError
from tests.chaos.naive import CHANGELOG, GROUP, TASKS, THRESHOLD
from tests.integration.runtime.town import CODEC, WorkerProcess

from .judging import Verdict
from .reading import Follower, Positions
from .site import Site
from .trap import armed_file

__all__ = ["NAIVE_FAULTS", "NaiveSite", "fold"]

NAIVE_FAULTS = (("table", "before"), ("table", "after"), ("task", "after"))
_EFFECT_SECONDS = 20.0


def fold(absences: list[tuple[str, int]]) -> tuple[Counter[str], set[str]]:
    """Of (youth, minutes), each counted once: the minutes of each, and the tasks that they give."""
    minutes: Counter[str] = Counter()
    for youth, more in absences:
        minutes[youth] += more
    tasks = {f"{youth}:{number + 1}" for youth, total in minutes.items() for number in range(total // THRESHOLD)}
    return minutes, tasks


def _number(youth: str) -> int:
    return int(youth[1:], 16)


def _named(task: str) -> str:
    youth, number = task.split(":")
    return f"{_number(youth)}, task {number}"


class NaiveWorker(WorkerProcess):
    program = ("tests.chaos.naive", "worker", "-l", "info", "--without-web")

    def stop(self) -> int:
        """Faust takes its time; what does not leave by itself is killed."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
        self.kill()
        return self.process.returncode


class NaiveSite(Site):
    """What is durable is what its group has committed; it is told by its log."""

    sources = (SCHOOL_ABSENCES.name,)
    program = NaiveWorker

    def __init__(self, folder: Path, *given: Any) -> None:
        super().__init__(folder, *given)
        self.changelog = CHANGELOG
        with_four = {"num_partitions": self.settings.kafka.partitions, "replication_factor": 1}
        admin = KafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        admin.create_topics({TASKS: with_four, CHANGELOG: with_four})
        admin.wait_for_topics([TASKS, CHANGELOG])
        admin.close()
        self._follower = Follower(self.settings.bootstrap_servers, (*self.sources, TASKS, CHANGELOG))
        self._absences: list[tuple[str, int]] = []
        self._tasks: list[str] = []
        self._table: dict[str, int] = {}

    def settled(self) -> Positions:
        admin = KafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        offsets = admin.list_group_offsets(GROUP)[GROUP]
        admin.close()
        return {(where.topic, where.partition): found.offset for where, found in offsets.items()}

    def is_ready(self, one: WorkerProcess) -> bool:
        return "Worker ready" in one.log()

    def await_arrival(self, one: WorkerProcess) -> None:
        one.until(one.log, "the arrival", pause=0.05)

    def await_end(self) -> None:
        """It need not end: most failures are a line in its log. Then it is started anew, to go on with what is durable."""
        deadline = time.monotonic() + _EFFECT_SECONDS
        while self.crew[0].process.poll() is None and time.monotonic() < deadline:
            if not armed_file(self.settings).exists() and not self.in_flight(self.ends()):
                break
            time.sleep(0.2)
        armed_file(self.settings).unlink(missing_ok=True)
        self.crew[0].kill()

    def await_fault(self) -> None:
        self.await_end()

    def forget_files(self) -> None:
        """It keeps none."""

    def rest(self) -> None:
        try:
            super().rest()
        except AssertionError:
            return  # what it never commits shows in the verdict

    def _judged(self) -> Verdict:
        for record in self._follower.more():
            if record.topic == TASKS:
                self._tasks.append(json.loads(record.value or b""))
            elif record.topic == CHANGELOG:
                self._table[json.loads(record.key or b"")] = json.loads(record.value or b"0")
            else:
                self._take(record.value)
        minutes, due = fold(self._absences)
        lost, more = sorted(due - set(self._tasks)), sorted(set(self._tasks) - due)
        stale = [youth for youth in sorted(minutes) if self._table.get(youth, 0) != minutes[youth]]
        repeated = len(self._tasks) - len(set(self._tasks))
        wrong = [f"{_number(youth)}: {self._table.get(youth, 0)} minutes, should be {minutes[youth]}" for youth in stale]
        return Verdict(
            [f"{_named(one)}: lost" for one in lost], [f"{_named(one)}: too many" for one in more], wrong, [], repeated
        )

    def _take(self, value: bytes | None) -> None:
        self._read_records += 1
        try:
            event = CODEC.decode(SCHOOL_ABSENCES, value)
        except ContractError:
            return
        if isinstance(event, SchoolAbsence) and event.kind is AbsenceKind.UNEXCUSED:
            self._absences.append((event.youth_ref, event.minutes))

    _read_records = 0

    @property
    def records(self) -> int:
        return self._read_records

    def close(self) -> None:
        self._follower.close()
        super().close()
