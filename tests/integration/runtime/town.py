"""A worker process on the real broker, and messages of a few fictive youths to feed it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from hub.clock import CLOCK_VARIABLE, ShiftedClock
from hub.contract.codec import Codec
from hub.contract.ids import event_id
from hub.contract.models import ConsentRecord, ConsentStatus, Message, RuleMarker, SchoolAbsence
from hub.contract.topics import CONSENTS, RULES, SCHOOL_ABSENCES, Topic
from hub.core.rule_set import RuleSet, rules_content, rules_digest
from hub.errors import RetriableError
from hub.installation import initialise
from hub.kafka import Outgoing, Publisher, Reader, end_offsets, outgoing
from hub.process import SUPERVISOR_VARIABLE, read_announcements
from hub.rules_file import load_rules
from hub.settings import Settings
from hub.stopping import STOP_SECONDS
from tests.unit.core.make import NOW, ago, make_absence, make_consent

CODEC = Codec.load()
_SLACK_SECONDS = 3.0  # for a busy machine
_SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)


def make_youth(number: int) -> str:
    return f"y{number:032x}"


def message_record(topic: Topic, key: str, message: Message) -> Outgoing:
    return outgoing(CODEC, topic, key, message, id=f"test:{key[-6:]}", source="/test", time=NOW)


def consent_of(youth: str, *, withdrawn: bool = False, version: int = 1) -> Outgoing:
    record = make_consent(version=version).model_copy(update={"youth_ref": youth})
    if withdrawn:
        bare = {
            "status": ConsentStatus.WITHDRAWN,
            "version": 2,
            "scopes": (),
            "age_years": None,
            "age_valid_until": None,
            "area": None,
        }
        record = ConsentRecord.model_validate(record.model_dump() | bare)
    return message_record(CONSENTS, youth, record)


def absence_of(youth: str, number: int, days: float = 3, minutes: int = 60) -> Outgoing:
    given: dict[str, Any] = {"youth_ref": youth, "event_id": event_id(b"k", "absence", f"{youth}{number}")}
    event: SchoolAbsence = make_absence(number, ago(days), minutes).model_copy(update=given)
    return message_record(SCHOOL_ABSENCES, youth, event)


class Town:
    """The topics of one test, the shipped rules in force (or none: not `rules`). `publish` waits for acknowledgements; `read` gives all of a topic, decoded."""

    def __init__(self, settings: Settings, *, rules: bool = True) -> None:
        self.settings = settings
        self.servers = settings.bootstrap_servers
        self._publisher = Publisher(self.servers, "test")
        initialise(settings.home)
        if rules:
            self.activate(load_rules(settings.home / "rules"))

    def activate(self, rules: RuleSet) -> None:
        """A marker in every partition, as the registry writes it."""
        marker = RuleMarker(version=rules.version, sha256=rules_digest(rules), activated_at=NOW, content=rules_content(rules))
        record = message_record(RULES, rules.version, marker)
        partitions = range(self.settings.kafka.partitions)
        self.publish(*(Outgoing(record.topic, record.key, record.value, record.headers, number) for number in partitions))

    def publish(self, *records: Outgoing) -> list[tuple[int, int]]:
        return self._publisher.publish(records)

    def raw(self, topic: str) -> list[Any]:
        reader = Reader(self.servers, [topic], None, "test")
        expected = sum(end_offsets(self.servers, [topic]).values())
        found: list[Any] = []
        while len(found) < expected:
            found += reader.poll(1.0, 5000)
        reader.close()
        return found

    def read(self, topic: Topic) -> list[Any]:
        return [CODEC.decode(topic, record.value) for record in self.raw(topic.name)]

    def names(self) -> set[str]:
        """Every topic but Kafka's own."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        names = {name for name in admin.list_topics() if not name.startswith("__")}
        admin.close()
        return names

    @retry(retry=retry_if_exception_type(RetriableError), stop=stop_after_delay(20), wait=wait_random(0.1, 0.5), reraise=True)
    def ends(self, *topics: str) -> dict[str, int]:
        """Asked again where a partition has no leader: a broker that was frozen elects one anew."""
        sums: Counter[str] = Counter(dict.fromkeys(topics, 0))
        for (topic, _), end in end_offsets(self.servers, topics).items():
            sums[topic] += end
        return dict(sums)

    def committed(self, topic: str) -> int:
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        group = self.settings.worker.group
        offsets = admin.list_group_offsets(group)[group]
        admin.close()
        return sum(found.offset for where, found in offsets.items() if where.topic == topic)

    def close(self) -> None:
        self._publisher.close()


class WorkerProcess:
    """`hub worker` as a process of its own, told by its metrics."""

    program: Sequence[str] = ("hub", "worker")

    def __init__(self, settings: Settings, log: Path, start: datetime = NOW) -> None:
        clock = ShiftedClock(start, time.time())
        # Ends with us, even when we are killed: one left behind would keep its place in the group.
        own = {"HUB_HOME": str(settings.home), CLOCK_VARIABLE: clock.as_setting(), SUPERVISOR_VARIABLE: str(os.getpid())}
        self._settings = settings
        self._log = log
        with log.open("ab") as stream:
            command = [sys.executable, "-m", *self.program]
            self.process = subprocess.Popen(command, env=os.environ | own, stdout=stream, stderr=stream)

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def samples(self) -> dict[tuple[str, str], float]:
        """Metrics by (name, labels as written); empty while the process has none to show."""
        own = next((one for one in read_announcements(self._settings) if one.pid == self.process.pid), None)
        if own is None:
            return {}
        asked = urllib.request.Request(own.metrics, headers={"Authorization": f"Bearer {own.token}"})
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return {}
        return {(name, labels): float(value) for name, labels, value in _SAMPLE.findall(text)}

    def sum(self, name: str, *parts: str) -> float:
        """Samples of a name whose labels contain all parts, added up."""
        found = self.samples().items()
        return sum(value for (known, labels), value in found if known == name and all(part in labels for part in parts))

    def ledger(self, topic: str) -> dict[str, int]:
        """`outcome/reason` → number, of one topic; zeroes left out."""
        counts = {}
        for (name, labels), value in self.samples().items():
            if name == "hub_ledger_events" and f'topic="{topic}"' in labels and value:
                fields = dict(re.findall(r'(\w+)="([^"]*)"', labels))
                counts["/".join(filter(None, (fields["outcome"], fields["reason"])))] = int(value)
        return counts

    def until(self, met: Callable[[], object], what: str, seconds: float = 90, *, pause: float = 0.25) -> None:
        """Ask every `pause` seconds: what is asked (a page of metrics, a whole topic) takes time from the worker that is waited for."""
        deadline = time.monotonic() + seconds
        while not met():
            assert self.process.poll() is None, f"the worker ended with {self.process.returncode}: {self.log()[-2000:]}"
            assert time.monotonic() < deadline, f"{what} did not happen: {self.log()[-2000:]}"
            time.sleep(pause)

    def ready(self) -> WorkerProcess:
        self.until(lambda: self.samples().get(("hub_worker_recovering", "")) == 0, "readiness")
        return self

    def reached(self, town: Town, topics: Sequence[str]) -> None:
        """Wait until every record that is on the topics now stands in the ledger."""
        ends = town.ends(*topics)

        def counted() -> bool:
            return all(sum(self.ledger(topic).values()) >= end for topic, end in ends.items())

        self.until(counted, f"the end of {', '.join(topics)}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; its own bound holds, or the test fails and it is killed."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=STOP_SECONDS + _SLACK_SECONDS)
        finally:
            self.kill()


@contextmanager
def working(settings: Settings, log: Path, start: datetime = NOW) -> Iterator[WorkerProcess]:
    """A worker that is ready, and is ended with the block."""
    worker = WorkerProcess(settings, log, start)
    try:
        yield worker.ready()
    finally:
        if worker.process.poll() is None:
            worker.kill()
