"""Who kills: a thread that waits until the worker has work in flight, and one that takes processes by lot."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.contract.topics import ERASURES, PLACE_EVENTS, TOPIC_OF_KIND, YOUTH_TOPICS
from hub.errors import HubError
from hub.kafka import Reader
from hub.kafka_admin import end_offsets
from hub.process import Announcement, read_announcements
from hub.runtime.changelogs import changelog_name
from hub.runtime.effects import META_KEY
from hub.runtime.ledger import PartitionRecord
from hub.settings import Settings
from hub.status import read_metrics
from hub.supervise import Child, Supervisor

_PAUSE_SECONDS = 0.02
_RUN_SECONDS = 0.06
_HELD_SECONDS = 2.0  # well within the session: nobody takes its partitions meanwhile
_EVENTS = tuple(topic.name for topic in (*TOPIC_OF_KIND.values(), PLACE_EVENTS))
_SOURCES = tuple(topic.name for topic in (*YOUTH_TOPICS, ERASURES, PLACE_EVENTS))
Positions = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class WorkerKill:
    """One kill of the worker. `waiting`: records that came while it was held still, a moment before; `in_flight`: records that
    stood on its topics before the kill and were not in its durable ledger after it.
    """

    waiting: int
    in_flight: int


def settled_positions(settings: Settings) -> Positions:
    """What the worker's durable ledger has behind it, read from its changelogs: (topic, partition) → next offset."""
    logs = [changelog_name(settings, name) for name in ("youths", "places")]
    due = sum(end_offsets(settings.bootstrap_servers, logs).values())
    reader = Reader(settings.bootstrap_servers, logs, None, "chaos")
    newest: dict[tuple[str, int], tuple[int, bytes | None]] = {}
    read = 0
    try:
        while read < due:
            for record in reader.poll(1.0, 5_000):
                read += 1
                if record.key == META_KEY:
                    newest[record.topic, record.partition] = (record.offset, record.value)
    finally:
        reader.close()
    positions: dict[tuple[str, int], int] = {}
    for (_log, partition), (_offset, value) in newest.items():
        for topic, position in PartitionRecord.from_bytes(value).positions.items():
            positions[topic, partition] = position
    return positions


class Disturber(threading.Thread):
    """A thread that ends with `over`."""

    def __init__(self, settings: Settings, chance: random.Random, over: threading.Event, name: str) -> None:
        super().__init__(name=name)
        self._settings = settings
        self._chance = chance
        self._over = over

    def _process(self, name: str) -> Announcement | None:
        return next((one for one in read_announcements(self._settings) if one.name == name), None)

    def _events_come(self) -> bool:
        """Wait until connectors publish; False when it is over before."""
        while not self._over.wait(_PAUSE_SECONDS * 5):
            try:
                if any(end_offsets(self._settings.bootstrap_servers, _EVENTS).values()):
                    return True
            except HubError:  # Kafka or its topics are not there yet
                continue
        return False


class WorkerKiller(Disturber):
    """Kills the worker with work in flight, `wanted` times; one that is found without any goes on.

    It is let run for a moment on what came while it was held; the more often it was done with that before the blow, the shorter.
    `missed`: how often it was; `held_in_vain`: how often nothing came.
    """

    def __init__(self, settings: Settings, chance: random.Random, over: threading.Event, wanted: int) -> None:
        super().__init__(settings, chance, over, "kills-the-worker")
        self._wanted = wanted
        self.kills: list[WorkerKill] = []
        self.missed = self.held_in_vain = 0

    @property
    def counted(self) -> list[WorkerKill]:
        """Those with work in flight."""
        return [kill for kill in self.kills if kill.in_flight > 0]

    def run(self) -> None:
        if not self._events_come():
            return
        last = 0
        while len(self.counted) < self._wanted and not self._over.wait(_PAUSE_SECONDS):
            worker = self._process("worker")
            if worker is None or worker.pid == last:
                continue
            recovering = read_metrics(worker, exact=True).get("hub_worker_recovering")
            if recovering is None or any(recovering.values()):
                continue
            if waiting := self._hold(worker):
                self._over.wait(self._chance.uniform(0, _RUN_SECONDS) / 4**self.missed)
                if self._kill(worker, waiting):
                    last, self.missed = worker.pid, 0
                else:
                    self.missed += 1
            else:
                self.held_in_vain += 1

    def _hold(self, worker: Announcement) -> int:
        """Hold it still until records wait for it, for a moment at most: it is quicker than our looks. How many came."""
        os.kill(worker.pid, signal.SIGSTOP)
        try:
            before = sum(end_offsets(self._settings.bootstrap_servers, _SOURCES).values())
            came, until = 0, time.monotonic() + _HELD_SECONDS
            while not came and time.monotonic() < until and not self._over.wait(_PAUSE_SECONDS):
                came = sum(end_offsets(self._settings.bootstrap_servers, _SOURCES).values()) - before
            return came
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGCONT)

    def _kill(self, worker: Announcement, waiting: int) -> bool:
        """Stop it where it stands; kill it if it has work in flight there, else let it go on."""
        ends = end_offsets(self._settings.bootstrap_servers, _SOURCES)
        os.kill(worker.pid, signal.SIGSTOP)
        settled = settled_positions(self._settings)
        in_flight = sum(max(0, end - settled.get(where, 0)) for where, end in ends.items())
        os.kill(worker.pid, signal.SIGKILL if in_flight else signal.SIGCONT)
        if in_flight:
            self.kills.append(WorkerKill(waiting, in_flight))
        return in_flight > 0


class AnybodyKiller(Disturber):
    """Kills processes by lot, some seconds apart."""

    def __init__(
        self, settings: Settings, chance: random.Random, over: threading.Event, names: Sequence[str], kills: int
    ) -> None:
        super().__init__(settings, chance, over, "kills-anybody")
        self._lots = [chance.choice(list(names)) for _ in range(kills)]
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        if not self._events_come():
            return
        for name in self._lots:
            if self._over.wait(self._chance.uniform(0.2, 2.5)):
                return
            deadline = time.monotonic() + 10
            while (
                (process := self._process(name)) is None and time.monotonic() < deadline and not self._over.wait(_PAUSE_SECONDS)
            ):
                pass
            if process is not None:
                os.kill(process.pid, signal.SIGKILL)
                self.killed[name] += 1


class BrokerKiller(Disturber):
    """Kills the embedded Kafka itself (its Java process; the supervisor starts it again), first while the feeds are read.

    `kills`: how many records stood on the event topics at each kill.
    """

    def __init__(self, settings: Settings, chance: random.Random, over: threading.Event, wanted: int) -> None:
        super().__init__(settings, chance, over, "kills-the-broker")
        self._wanted = wanted
        self.kills: list[int] = []

    def run(self) -> None:
        if not self._events_come():
            return
        last = 0
        while len(self.kills) < self._wanted and not self._over.wait(self._chance.uniform(0, 1.5)):
            java = self._java()
            if java is None or java == last:
                continue
            try:
                stood = sum(end_offsets(self._settings.bootstrap_servers, _EVENTS).values())
            except HubError:  # it has not come back yet
                continue
            os.kill(java, signal.SIGKILL)
            self.kills.append(stood)
            last = java

    def _java(self) -> int | None:
        if self._process("broker") is None:
            return None
        try:
            return int((self._settings.data / "broker" / "broker.pid").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None


class DeadlySupervisor(Supervisor):
    """Starts some connectors as the program that dies in its n-th batch. `deaths`: instance → n."""

    deaths: Mapping[str, int]

    def start(self, name: str, command: Sequence[str]) -> Child:
        batch = self.deaths.get(name.removeprefix("connect-"))
        if batch is not None:
            command = [sys.executable, "-m", "tests.chaos.dying", name.removeprefix("connect-"), str(batch)]
        return super().start(name, command)
