"""`kill -9` in mid-demo: of the worker with work in flight, of connectors between publish and cursor write, of Kafka itself."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.bootstrap import build_worklist
from hub.contract.codec import Codec
from hub.contract.topics import PLACE_EVENTS, PRESENCE_TASKS, TASKS_OUTREACH, TASKS_SIG, TOPIC_OF_KIND, Topic
from hub.demo.expected import expect
from hub.demo.run import Demo
from hub.demo.town import build_town
from hub.kafka import Reader
from hub.kafka_admin import end_offsets
from hub.stopping import Stop

from .checking import Aftermath, check, repeated_events, repeated_tasks
from .dying import died
from .killing import AnybodyKiller, BrokerKiller, DeadlySupervisor, Disturber, WorkerKiller

ROUNDS = int(os.environ.get("HUB_CHAOS_ROUNDS", "5"))
FIRST_SEED = int(os.environ.get("HUB_CHAOS_SEED", "1"))
SHORT = 1
ROOT = Path(__file__).resolve().parents[2]
EVENT_TOPICS = (*TOPIC_OF_KIND.values(), PLACE_EVENTS)
TASK_TOPICS = (TASKS_OUTREACH, TASKS_SIG, PRESENCE_TASKS)
PREY = ("connect-ss12000", "connect-sdk", "connect-observations", "connect-polisen", "registry", "deliver", "worker", "statutory")
TOWN = build_town()

pytestmark = [pytest.mark.chaos, pytest.mark.kafka, pytest.mark.timeout(600)]  # a loaded machine takes long to come to rest


class Round:
    """One demo under kills. The short case: the worker, and each connector that tells of persons; or only `brokers` of Kafka."""

    def __init__(self, folder: Path, seed: int, *, short: bool = False, brokers: int = 0) -> None:
        chance = random.Random(seed)
        self.said: list[str] = []
        self.brokers = brokers
        self.demo = Demo(folder, self._hear, Stop(), pause_seconds=0.5)
        settings = self.demo.stage.settings
        environment = {"HUB_HOME": str(settings.home), "PYTHONPATH": str(ROOT)}
        supervisor = DeadlySupervisor(settings.data / "logs", environment, lambda name, text: self._hear(f"{name} {text}"))
        supervisor.deaths = {} if brokers else {"ss12000": 1, "sdk": 1, "observations": 1} if short else self._deaths(chance)
        self.demo.supervisor = supervisor
        self.deaths = supervisor.deaths
        self._over = threading.Event()
        self.worker = WorkerKiller(settings, random.Random(seed + 1), self._over, wanted=1 if short else 3)
        self.broker = BrokerKiller(settings, random.Random(seed + 3), self._over, wanted=brokers)
        self.anybody = AnybodyKiller(settings, random.Random(seed + 2), self._over, PREY, kills=0 if short else 6)

    def _hear(self, text: str, *, step: bool = False) -> None:
        self.said.append(text)

    @staticmethod
    def _deaths(chance: random.Random) -> dict[str, int]:
        return {name: chance.randint(1, 3) for name in ("ss12000", "sdk", "observations", "polisen") if chance.random() < 0.7}

    def play(self) -> tuple[dict[str, Any], Aftermath]:
        """The outcome and what is left; every process is stopped."""
        killers: tuple[Disturber, ...] = (self.broker,) if self.brokers else (self.worker, self.anybody)
        try:
            for killer in killers:
                killer.start()
            outcome = self.demo.play()
            self._over.set()
            return outcome, self._aftermath()
        finally:
            self._over.set()
            for killer in killers:
                killer.join(timeout=30)
            stubborn = self.demo.close()
            assert stubborn == []

    def died(self) -> list[str]:
        return [name for name in self.deaths if died(self.demo.stage.settings, name).exists()]

    def ended(self) -> list[str]:
        """Of each process but the broker that ended by itself and was started again: what it said last."""
        marks = ("lane_crashed", "lane_stopped", "hub: ")
        found = []
        for name, child in self.demo.supervisor.children.items():
            if child.restarts and name != "broker":
                log = self.demo.supervisor.log_tail(name, 5_000).splitlines()
                said = [line[:300] for line in log if any(mark in line for mark in marks)]
                found.append(f"{name}: {said[-1] if said else 'nothing'}")
        return found

    def _aftermath(self) -> Aftermath:
        settings = self.demo.stage.settings
        events = [message for topic in EVENT_TOPICS for message in self._read(topic)]
        tasks = [message for topic in TASK_TOPICS for message in self._read(topic)]
        inbox = build_worklist(settings, self.demo.stage.clock).all_tasks()
        return Aftermath(events, tasks, inbox, self.demo._numbers)

    def _read(self, topic: Topic) -> list[Any]:
        servers, codec = self.demo.stage.settings.bootstrap_servers, Codec.load()
        due = sum(end_offsets(servers, [topic.name]).values())
        reader = Reader(servers, [topic.name], None, "chaos")
        found: list[Any] = []
        try:
            while len(found) < due:
                found += [codec.decode(topic, record.value) for record in reader.poll(1.0, 5_000)]
        finally:
            reader.close()
        return found


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_the_same_tasks_and_none_twice_whoever_is_killed(tmp_path: Path, seed: int, report: Callable[[str], None]) -> None:
    played = Round(tmp_path, seed, short=seed == SHORT)
    outcome, left = played.play()
    worker = played.worker
    kills = ", ".join(f"{one.waiting} waiting, {one.in_flight} in flight" for one in worker.kills)
    report(f"worker killed {len(worker.kills)} times: {kills}; missed {worker.missed}, held in vain {worker.held_in_vain}")
    report(
        f"connectors killed between publish and cursor write: {', '.join(played.died()) or 'none'}; anybody: {dict(played.anybody.killed)}"
    )
    report(
        f"event records {len(left.events)}, repeated {dict(repeated_events(left))}; task records {len(left.tasks)}, repeated {repeated_tasks(left)}"
    )
    report(f"open tasks {outcome['tasks']}, restarts {outcome['restarts']}, {outcome['seconds']} s")
    assert worker.counted, "no kill hit work in flight"
    assert {name for name, batch in played.deaths.items() if batch == 1} <= set(played.died())
    assert outcome["restarts"]["worker"] >= 1
    assert check(TOWN, expect(TOWN), left) == []
    assert outcome["differences"] == []
    assert outcome["matches_expected"]
    assert outcome["balanced"]
    assert outcome["dead_lettered"] == 0
    assert sum(repeated_events(left).values()) == outcome["repeated"]


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + ROUNDS))
def test_no_event_is_lost_when_kafka_is_killed(tmp_path: Path, seed: int, report: Callable[[str], None]) -> None:
    played = Round(tmp_path, seed, brokers=1 if seed == SHORT else 3)
    outcome, left = played.play()
    kills = ", ".join(f"at {stood} event records" for stood in played.broker.kills)
    report(f"Kafka killed {len(played.broker.kills)} times: {kills}; restarts {outcome['restarts']}, {outcome['seconds']} s")
    report(
        f"events {outcome['events']}, records {len(left.events)}, repeated {dict(repeated_events(left))}, tasks {outcome['tasks']}"
    )
    report(f"ended by themselves meanwhile: {played.ended() or 'none'}")
    assert played.broker.kills, "it was never killed"
    assert outcome["restarts"]["broker"] == len(played.broker.kills)
    assert check(TOWN, expect(TOWN), left) == []
    assert outcome["differences"] == []
    assert outcome["matches_expected"]
    assert outcome["balanced"]
    assert outcome["dead_lettered"] == 0
