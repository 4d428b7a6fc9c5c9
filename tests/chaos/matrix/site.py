"""An embedded Kafka with an installation, a log that grows by rounds, and worker processes over it."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.clock import ShiftedClock
from hub.core.instants import to_ms
from hub.kafka import Outgoing, apply_topics, end_offsets
from hub.rules_file import load_rules
from hub.runtime.changelogs import COMMIT_BYTES, changelog_name
from hub.stopping import FATAL_EXIT_CODE
from tests.integration.runtime.town import Town, WorkerProcess
from tests.support import make_settings
from tests.unit.core.make import NOW

from .judging import Verdict, judge
from .oracle import expect
from .reading import SOURCES, Positions, Topics
from .stream import Stream
from .trap import armed_file

__all__ = ["FaultySite", "Feeding", "Site"]

_PARTITIONS = 4
_A_TIME = 250
_COMING_SECONDS = 4.0  # after this, what was told as yet to come has occurred, and was seen to
_LIMIT_SECONDS = 240.0  # on a busy machine
_GRACE_SECONDS = 15.0
_END_SECONDS = 120.0  # on a busy machine
_BEARS_SECONDS = 10.0


class Feeding(threading.Thread):
    """Publishes a round, over about `seconds`; `join` raises what publishing raised."""

    def __init__(self, town: Town, consents: Sequence[Outgoing], records: Sequence[Outgoing], seconds: float) -> None:
        super().__init__(name="feeding", daemon=True)
        self._town, self._consents, self._records = town, consents, records
        self._pause = seconds / max(1, len(records) / _A_TIME)
        self._error: BaseException | None = None
        self.records = len(consents) + len(records)
        self.start()

    def run(self) -> None:
        try:
            self._town.publish(*self._consents)
            for first in range(0, len(self._records), _A_TIME):
                self._town.publish(*self._records[first : first + _A_TIME])
                time.sleep(self._pause)
        except BaseException as error:  # noqa: BLE001 -- told to whoever joins
            self._error = error

    def done(self) -> None:
        """Wait until all is acknowledged."""
        self.join()
        if self._error is not None:
            raise self._error


class Site:
    """The hub's own worker under test. `session_seconds`: after so long without a word the group gives its partitions away."""

    sources: Sequence[str] = SOURCES
    program: type[WorkerProcess] = WorkerProcess
    beyond_seconds = 30.0
    """How long a stopped worker stays so after its session is over."""

    def __init__(self, folder: Path, chance: random.Random, session_seconds: float = 6.0) -> None:
        self.folder, self.chance, self.session_seconds = folder, chance, session_seconds
        self.broker = EmbeddedBroker(BrokerConfig(folder=folder / "broker", heap_megabytes=256))
        self.broker.start(timeout_seconds=90)
        kafka = {"bootstrap_servers": self.broker.bootstrap_servers, "partitions": _PARTITIONS}
        self.settings = make_settings(folder / "home", kafka=kafka, worker={"session_timeout_seconds": session_seconds})
        apply_topics(self.settings)
        self.town = Town(self.settings)
        self.clock = ShiftedClock(NOW, time.time())
        self.stream = Stream(chance)
        self.changelog = changelog_name(self.settings, "youths")
        self._topics: Topics | None = None
        self.crew: list[WorkerProcess] = []
        """Who is meant to be at work."""
        self.restarts = 0
        self.last = Verdict((), (), (), (), 0)
        self._started: list[WorkerProcess] = []
        self._fed = 0.0

    def start(self) -> WorkerProcess:
        """One more worker in the crew; ready some seconds later."""
        log = self.folder / f"worker-{len(self._started)}.log"
        self._started.append(self.program(self.settings, log, self.clock.now()))
        self.crew.append(self._started[-1])
        return self._started[-1]

    def staff(self, number: int) -> None:
        """See to it that just so many work, all of them ready."""
        for one in self.crew[number:]:
            one.stop()
        del self.crew[number:]
        while len(self.crew) < number:
            self.start()
        self.keep()
        for one in self.crew:
            self.await_ready(one)

    def await_ready(self, one: WorkerProcess) -> None:
        """Wait until it takes records."""
        one.until(lambda: self.is_ready(one), "readiness")

    def await_arrival(self, one: WorkerProcess) -> None:
        """Wait until it is about to join the group."""
        one.until(one.samples, "the arrival", pause=0.05)

    def is_ready(self, one: WorkerProcess) -> bool:
        """Whether all that was assigned to it is restored."""
        return one.samples().get(("hub_worker_recovering", "")) == 0

    def refuse_states(self, *, refused: bool) -> None:
        """Whether Kafka takes what is written to the changelog."""
        most = "1" if refused else str(COMMIT_BYTES)
        admin = KafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        try:
            admin.alter_configs([ConfigResource("TOPIC", self.changelog, {"max.message.bytes": most})])
        finally:
            admin.close()

    def await_end(self) -> None:
        """Wait until a failure has had its effect: the worker ends by itself."""
        assert self.crew[0].process.wait(timeout=_END_SECONDS) == FATAL_EXIT_CODE, self.crew[0].log()[-2000:]

    def await_fault(self) -> None:
        """Wait until the armed fault was met; most end the worker, and one that it bears is judged by what follows."""
        deadline = time.monotonic() + _END_SECONDS
        while armed_file(self.settings).exists():
            assert time.monotonic() < deadline, f"the fault was never met: {self.crew[0].log()[-2000:]}"
            time.sleep(0.1)
        with suppress(subprocess.TimeoutExpired):
            self.crew[0].process.wait(timeout=_BEARS_SECONDS)

    def replace(self, gone: WorkerProcess) -> WorkerProcess:
        """Another in the place of one that is dead."""
        self.crew.remove(gone)
        return self.start()

    def keep(self) -> None:
        """Start again whoever ended by itself, as a supervisor does."""
        for one in [one for one in self.crew if one.process.poll() is not None]:
            self.restarts += 1
            self.replace(one)

    def feed(self, youths: int, seconds: float = 0.0) -> Feeding:
        """Begin a round."""
        self._fed = time.monotonic() + seconds
        consents, records = self.stream.round(youths, self.clock.now() + timedelta(seconds=seconds))
        return Feeding(self.town, consents, records, seconds)

    def mark_rules(self) -> None:
        """The rules in force once more, as a registry that starts writes them."""
        self.town.activate(load_rules(self.settings.home / "rules"))

    def ends(self) -> Positions:
        """What stands on the sources now: (topic, partition) → next offset."""
        return end_offsets(self.settings.bootstrap_servers, self.sources)

    def in_flight(self, ends: Positions) -> int:
        """How many of the records below `ends` are in no durable ledger."""
        settled = self.settled()
        return sum(max(0, end - settled.get(where, 0)) for where, end in ends.items())

    def settled(self) -> Positions:
        """What is behind the workers, by the topics alone: (topic, partition) → next offset."""
        return self._read().settled()

    def _read(self) -> Topics:
        if self._topics is None:  # not before a worker has made the changelog
            self._topics = Topics(self.settings.bootstrap_servers, self.changelog)
        return self._topics

    def forget_files(self) -> None:
        """Delete what dead workers kept on this machine: the changelog alone must do."""
        shutil.rmtree(self.settings.data / "worker")

    def rest(self) -> None:
        """Wait until everything is behind the workers, who are kept alive meanwhile."""
        deadline = time.monotonic() + _LIMIT_SECONDS
        while self.in_flight(self.ends()):
            self.keep()
            assert time.monotonic() < deadline, f"{self.in_flight(self.ends())} records are still in flight: {self.logs()}"
            time.sleep(0.2)
        time.sleep(max(0.0, self._fed + _COMING_SECONDS - time.monotonic()))

    def verdict(self) -> Verdict:
        """As soon as all is well, or when it has not become so for a while."""
        deadline = time.monotonic() + _GRACE_SECONDS
        while True:
            self.last = self._judged()
            if self.last.well or time.monotonic() > deadline:
                return self.last
            self.keep()
            time.sleep(0.5)

    def _judged(self) -> Verdict:
        topics = self._read()
        topics.catch_up()
        return judge(expect(topics.told, to_ms(self.clock.now())), topics.found())

    @property
    def records(self) -> int:
        """How many readable records of the sources were read."""
        return 0 if self._topics is None else self._topics.told.records

    def logs(self) -> str:
        """The end of each worker's log."""
        return "\n".join(one.log()[-600:] for one in self._started)

    def close(self) -> None:
        for one in self._started:
            one.kill()
        if self._topics is not None:
            self._topics.close()
        self.town.close()
        self.broker.stop()


class FaultyWorker(WorkerProcess):
    program = ("tests.chaos.matrix.faulty",)


class FaultySite(Site):
    """Its workers' ports fail when they are told to."""

    program = FaultyWorker
