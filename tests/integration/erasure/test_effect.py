"""Withdrawals through the real processes on the real Kafka: seconds to their effect, workers killed in between, and a replay.

`HUB_WITHDRAWALS=40 pytest tests/integration/erasure/test_effect.py -m chaos -s` does more of them; half of them under a kill.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from hub.bootstrap import build_worklist
from hub.clock import SystemClock
from hub.contract.ids import event_id
from hub.contract.models import Action, ReferralTask
from hub.contract.topics import CATALOGUE, CONSENTS, ERASURES, RISK_EVENTS, TASKS_OUTREACH, TASKS_SIG, YOUTH_TOPICS
from hub.delivery.process import GROUP
from hub.kafka import Incoming, Outgoing, Publisher, Reader, end_offsets
from tests.chaos.killing import settled_positions
from tests.integration.runtime.town import CODEC, message_record
from tests.unit.core.make import make_observation
from tests.unit.registry.support import make_identifier

from .hub_running import Running, make_consent_of, short_bounds

pytestmark = [pytest.mark.kafka]
MANY = int(os.environ.get("HUB_WITHDRAWALS", "40"))
SEED = int(os.environ.get("HUB_WITHDRAWALS_SEED", "1"))
FEW = 4
CROWD = 10
_ATTEMPTS = 5
_FLOOD = 40
TASKS = (TASKS_OUTREACH.name, TASKS_SIG.name)
SOURCES = (*(topic.name for topic in YOUTH_TOPICS), ERASURES.name)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    sections = short_bounds(86_400)
    sections["erasure"] = {}
    running = Running(tmp_path / "home", sections)
    try:
        yield running
    finally:
        running.close()


class Trial:
    """Youths who withdraw one after the other while a crowd's events arrive."""

    def __init__(self, hub: Running, withdrawals: int, seed: int) -> None:
        self.hub = hub
        self.chance = random.Random(seed)
        self.publisher = Publisher(hub.settings.bootstrap_servers, "test")
        self.people = [make_identifier(number) for number in range(withdrawals)]
        self.youths = [hub.registry.grant(make_consent_of(person)).youth_ref or "" for person in self.people]
        crowd = [make_consent_of(make_identifier(number, "20130801")) for number in range(CROWD)]
        self.crowd = [hub.registry.grant(one).youth_ref or "" for one in crowd]
        self.sent = 0
        self.seconds: dict[bool, list[float]] = {False: [], True: []}
        self.in_flight: list[int] = []
        self.ends: dict[str, dict[tuple[str, int], int]] = {}

    def observations(self, youth_ref: str, number: int) -> list[Outgoing]:
        found = []
        for _ in range(number):
            self.sent += 1
            at = datetime.now(UTC) - timedelta(days=1 + self.sent % 4, seconds=self.sent)
            changes = {"youth_ref": youth_ref, "event_id": event_id(b"k", "observation", str(self.sent)), "recorded_at": at}
            found.append(message_record(RISK_EVENTS, youth_ref, make_observation(self.sent, at).model_copy(update=changes)))
        return found

    def prepare(self) -> None:
        """Everybody has a task."""
        records = [one for youth in (*self.youths, *self.crowd) for one in self.observations(youth, 4)]
        self.publisher.publish(records)
        self.hub.until(lambda: self.shown() >= {*self.youths, *self.crowd}, "a task of each")

    def shown(self) -> set[str]:
        return {one.content.youth_ref for one in self.hub.worklist.all_tasks() if isinstance(one.content, ReferralTask)}

    def withdraw(self, number: int, *, kill: bool) -> None:
        """One withdrawal while events arrive, those of her who withdraws among them."""
        youth = self.youths[number]
        flood = [one for member in self.crowd for one in self.observations(member, _FLOOD)] + self.observations(youth, 20)
        self.chance.shuffle(flood)
        arriving = threading.Thread(target=self.publisher.publish, args=(flood,))
        arriving.start()
        time.sleep(self.chance.uniform(0, 0.2))
        self.hub.registry.withdraw(self.people[number])
        if kill:
            self.kill()
        erasure = lambda: self.hub.registry.erasure_status()[number]  # noqa: E731
        self.hub.until(lambda: erasure().effect_at, "the effect")
        self.ends[youth] = end_offsets(self.hub.settings.bootstrap_servers, TASKS)
        assert youth not in self.shown()
        self.seconds[kill].append(erasure().effect_after.total_seconds())  # type: ignore[union-attr]
        arriving.join()
        self.publisher.publish(self.observations(youth, 5))
        if kill:
            print(
                f"killed with {self.in_flight[-1]} records in flight; in effect after {self.seconds[True][-1]:.2f} s", flush=True
            )

    def kill(self) -> None:
        """SIGKILL, soon after; what stood on its topics and was not in its durable ledger was in flight.

        It is held still first, where it stands: it is quicker than our looks. Found with nothing in flight it goes on, with
        more to do.
        """
        time.sleep(self.chance.uniform(0, 0.3))
        worker = self.hub.children.pop("worker")
        for attempt in range(_ATTEMPTS):
            worker.send_signal(signal.SIGSTOP)
            in_flight = self.unsettled()
            if in_flight or attempt == _ATTEMPTS - 1:
                break
            worker.send_signal(signal.SIGCONT)
            self.publisher.publish([one for member in self.crowd for one in self.observations(member, _FLOOD)])
        worker.kill()
        worker.wait()
        self.in_flight.append(in_flight)
        self.hub.launch(("worker",))

    def unsettled(self) -> int:
        ends = end_offsets(self.hub.settings.bootstrap_servers, SOURCES)
        settled = settled_positions(self.hub.settings)
        return sum(max(0, end - settled.get(where, 0)) for where, end in ends.items())

    def read(self, topics: tuple[str, ...]) -> list[Incoming]:
        servers = self.hub.settings.bootstrap_servers
        due = sum(end_offsets(servers, topics).values())
        reader = Reader(servers, topics, None, "test")
        found: list[Incoming] = []
        while len(found) < due:
            found += reader.poll(1.0, 5_000)
        reader.close()
        return found

    def settle(self) -> None:
        """The worker has everything that was published."""
        servers = self.hub.settings.bootstrap_servers

        def done() -> bool:
            ends, settled = end_offsets(servers, (RISK_EVENTS.name, CONSENTS.name)), settled_positions(self.hub.settings)
            return all(settled.get(where, 0) >= end for where, end in ends.items())

        self.hub.until(done, "the end of the events")

    def emitted_late(self) -> list[str]:
        """Tasks proposed of somebody after her withdrawal's effect."""
        late = []
        for record in self.read(TASKS):
            task = CODEC.decode(CATALOGUE[record.topic], record.value)
            since = self.ends.get((record.key or b"").decode(), {}).get((record.topic, record.partition))
            if since is not None and record.offset >= since and getattr(task, "action", None) is Action.OPEN:
                late.append(f"{record.topic} {record.partition} {record.offset}")
        return late

    def begin_anew(self) -> set[str]:
        """All topics from their beginning into an empty worker and an empty inbox; whose tasks are shown then."""
        hub, servers = self.hub, self.hub.settings.bootstrap_servers
        hub.stop_processes()
        shutil.rmtree(hub.settings.data / "worker")
        shutil.rmtree(hub.settings.data / "delivery")
        before = end_offsets(servers, TASKS)
        admin = KafkaAdminClient(bootstrap_servers=servers)
        admin.delete_groups([GROUP])
        admin.close()
        hub.launch(("worker",), {"HUB_WORKER__GROUP": "hub-again"})
        hub.launch(("deliver",))
        hub.launch(("registry",))
        self.ends = dict.fromkeys(self.youths, before)
        hub.worklist = build_worklist(hub.settings, SystemClock())
        hub.until(lambda: self.shown() >= set(self.crowd), "the tasks of those whose consents stand")
        hub.until(lambda: hub.worklist.stale() is None, "delivery to be up to date")
        return self.shown()


def run(hub: Running, withdrawals: int, report: Callable[[str], None]) -> None:
    hub.start(("registry",), ("worker",), ("deliver",))
    trial = Trial(hub, withdrawals, SEED)
    try:
        trial.prepare()
        for number in range(withdrawals):
            trial.withdraw(number, kill=number % 3 == 2)
        trial.settle()
        assert trial.emitted_late() == []
        assert not trial.shown() & set(trial.youths)
        assert trial.begin_anew() == set(trial.crowd)
        assert trial.emitted_late() == []
    finally:
        trial.publisher.close()
    for kill, name in ((False, "undisturbed"), (True, "with the worker killed in it")):
        seconds = sorted(trial.seconds[kill])
        p95 = seconds[min(len(seconds) - 1, round(0.95 * len(seconds)))]
        report(f"{len(seconds)} withdrawals {name}: in effect after p50 {statistics.median(seconds):.2f} s, p95 {p95:.2f} s")
    counted = [one for one in trial.in_flight if one]
    report(
        f"{len(counted)} kills with work in flight: {', '.join(map(str, counted))} records; {len(trial.in_flight) - len(counted)} without"
    )
    assert counted


@pytest.mark.timeout(600)
def test_a_withdrawal_takes_effect_in_seconds_whatever_arrives_and_whoever_is_killed(
    hub: Running, report: Callable[[str], None]
) -> None:
    run(hub, FEW, report)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
def test_many_withdrawals_take_effect(hub: Running, report: Callable[[str], None]) -> None:
    run(hub, MANY, report)
