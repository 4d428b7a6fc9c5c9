"""`hub demo`: plays the town through the whole hub, and says whether the outcome is the expected one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from hub.bootstrap import build_registry, build_worklist, migrate_stores
from hub.broker.process import prepare as fetch_kafka
from hub.contract.topics import CONSENTS, ERASURES
from hub.demo.datasets import consent_rows
from hub.demo.expected import Expectation, expect
from hub.demo.expected_events import expect_events
from hub.demo.facts import Town
from hub.demo.place import Stage, prepare
from hub.demo.published import distinct_records, require_empty_topics
from hub.demo.town import build_town
from hub.demo.verdict import Snapshot, compare_end, compare_events, compare_open, open_per_team, take_snapshot
from hub.demo.watching import EVENT_TOPICS, Look, look
from hub.errors import FatalError, RetriableError
from hub.kafka import apply_topics
from hub.kafka_admin import broker_answers
from hub.stopping import Stop
from hub.supervise import SETTINGS_EXIT, Supervisor, hub_command

__all__ = ["Demo"]

_STEP_SECONDS = 0.25
_LOOK_EVERY_SECONDS = 0.5
_PSS_EVERY_SECONDS = 2.0
_PATIENCE_SECONDS = 600.0
_QUIET_LOOKS = 2


class Tells(Protocol):
    """Takes one line per thing that happens; `step` ends a stretch of the way, `lasting` is to stay in sight."""

    def __call__(self, text: str, *, step: bool = False, lasting: bool = False) -> None: ...


@dataclass(slots=True)
class _Memory:
    """Summed proportional set size of the demo's processes, sampled; MiB."""

    peak: float = 0.0
    due: float = 0.0

    def sample(self) -> None:
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + _PSS_EVERY_SECONDS
        total = 0
        me = psutil.Process()
        for process in (me, *me.children(recursive=True)):
            try:
                total += getattr(process.memory_full_info(), "pss", 0)
            except psutil.Error:  # it has just ended
                continue
        self.peak = max(self.peak, total / 2**20)


class Demo:
    """One run in `folder`. `tell` gets one line per step of the way; `stop` ends it at any point.

    The expectation stays the scenario's own, whatever `rules` (a folder; None: the shipped ones) say.
    """

    def __init__(self, folder: Path, tell: Tells, stop: Stop, *, pause_seconds: float, rules: Path | None = None) -> None:
        self._tell = tell
        self._asked = stop
        self._stop = stop.event
        self._began = time.monotonic()
        self._memory = _Memory()
        self._town: Town = build_town()
        self.expected: Expectation = expect(self._town)
        self.stage: Stage = prepare(folder, self._town, pause_seconds=pause_seconds, rules=rules)
        self.expected_events = expect_events(self._town, self.stage.datasets / "polisen" / "polls")
        environment = {"HUB_HOME": str(self.stage.settings.home)}
        self.supervisor = Supervisor(self.stage.settings.data / "logs", environment, self._tell_death)
        self._registry = build_registry(self.stage.settings, self.stage.clock)
        self._numbers: dict[str, int] = {}

    def close(self) -> list[str]:
        """Stop everything; the names of processes that had to be killed."""
        stubborn = self.supervisor.stop()
        self._registry.close()
        return stubborn

    def start(self) -> None:
        """Bring everything up: Kafka and the foreign systems first, sources only when the consents are on the bus."""
        stage, supervisor = self.stage, self.supervisor
        self._tell("Starting Kafka (the first time it is fetched: about 45 MB) and the foreign systems", step=True)
        if not stage.settings.kafka.bootstrap_servers:
            fetch_kafka(stage.settings, self._stop)
        if not stage.settings.kafka.bootstrap_servers:
            supervisor.start("broker", hub_command("broker"))
        supervisor.start(
            "simulators",
            hub_command("simulate", str(stage.datasets), "--port", str(stage.simulators_port), "--clock", stage.settings.clock),
        )
        supervisor.start("statutory", hub_command("statutory"))
        self._tell(f"Registering the consents of a town with {len(self._town.youths)} youths", step=True)
        self._register()
        migrate_stores(stage.settings)
        self._until("broker", lambda: broker_answers(stage.settings.bootstrap_servers))
        self._tell("Creating the topics", step=True)
        with self._asked.breakable():
            require_empty_topics(stage.settings)
            apply_topics(stage.settings)
        for name in ("registry", "worker", "deliver", "web"):
            supervisor.start(name, hub_command(name))
        self._tell("Publishing the consents", step=True)
        self._until("registry", self._consents_are_out)
        self._tell(f"Starting {len(stage.settings.connectors)} connectors", step=True)
        for name in stage.settings.connectors:
            supervisor.start(f"connect-{name}", hub_command("connect", name))

    def _register(self) -> None:
        imported = self._registry.registry.grant_many(consent_rows(self._town))
        if imported.errors:
            first = imported.errors[0]
            raise FatalError(f"the registry refused row {first.row} of the town: {first.message}", code="bad_town")
        references = self._registry.registry.references([youth.person_id for youth in self._town.youths])
        self._numbers = {reference: number for number, reference in enumerate(references) if reference is not None}

    def _tell_death(self, name: str, text: str) -> None:
        said = self.supervisor.last_words(name)
        again = self.supervisor.children[name].ended == SETTINGS_EXIT or not said  # its text holds what it said
        self._tell(f"{name} {text}" if again else f"{name} {text}. Its log ends: {said}", lasting=True)

    def _consents_are_out(self) -> bool:
        return not {"registry", "the outbox of registry"} & set(look(self.stage).waiting)

    def _until(self, name: str, done: Callable[[], bool]) -> None:
        """Tend the processes until `done`. Raises FatalError with the end of `name`'s log when that takes too long."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        due = 0.0
        while not self._stop.is_set():
            self.supervisor.tend()
            self._memory.sample()
            if time.monotonic() >= due:
                with self._asked.breakable():  # it asks Kafka, which may not answer
                    if done():
                        return
                due = time.monotonic() + _LOOK_EVERY_SECONDS
            if time.monotonic() > deadline:
                raise FatalError(f"{name} did not get ready:\n{self.supervisor.log_tail(name)}", code="demo_stuck")
            self._stop.wait(_STEP_SECONDS)
        raise FatalError("the demo was stopped", code="stopped")

    def settle(self) -> Look:
        """Wait until everything has come to rest: two looks in a row with nothing waiting and nothing new."""
        quiet: list[Look] = []
        told = ""

        def rested() -> bool:
            nonlocal told
            seen = look(self.stage)
            # Sources repeat themselves at every poll; rest is when the topics no longer grow.
            same = not quiet or quiet[-1].published == seen.published
            quiet[:] = [*quiet, seen][-_QUIET_LOOKS:] if not seen.waiting and same else []
            line = "Waiting for " + ", ".join(seen.waiting) if seen.waiting else told
            if line != told:
                told = line
                self._tell(line)
            return len(quiet) == _QUIET_LOOKS

        self._until("worker", rested)
        return quiet[-1]

    def withdraw(self) -> int:
        """Withdraw the consents of those who do, and wait for every receipt. Returns how many."""
        leaving = [youth for youth in self._town.youths if youth.consent == "withdraws"]
        for youth in leaving:
            self._registry.registry.withdraw(youth.person_id)
        self._until("registry", lambda: all(one.complete for one in self._registry.registry.erasure_status()))
        return len(leaving)

    def _count_distinct(self) -> dict[str, int]:
        found: dict[str, int] = {}

        def counted() -> bool:
            try:
                found.update(distinct_records(self.stage.settings, [*EVENT_TOPICS, CONSENTS.name, ERASURES.name]))
            except RetriableError:
                return False
            return True

        self._until("broker", counted)
        return found

    def play(self) -> dict[str, Any]:
        """The scenario to its end; the JSON object of `hub demo --once --json`."""
        self.start()
        self._tell("Reading eight school weeks, police notices, observations and place reports", step=True)
        self.settle()
        worklist = build_worklist(self.stage.settings, self.stage.clock)
        before: Snapshot = take_snapshot(worklist.all_tasks(), self._numbers)
        differences = compare_open(self.expected, before)
        self._tell(f"{len(before.referrals)} referral tasks. Some now withdraw their consent", step=True)
        withdrawals = self.withdraw()
        last = self.settle()
        self._tell("Everything has come to rest", step=True)
        distinct = self._count_distinct()
        repeats, events = last.repeats(distinct), {topic: distinct[topic] for topic in EVENT_TOPICS}
        differences += compare_events(self.expected_events, events)
        views = worklist.all_tasks()
        differences += compare_end(self.expected, before, views, self._numbers)
        self._memory.due = 0.0
        self._memory.sample()
        return {
            "published": last.published,
            "events": events,
            "tasks": open_per_team(views),
            "cancelled": sum(1 for view in views if view.state == "cancelled"),
            "withdrawals": withdrawals,
            "repeated": sum(repeats[topic] for topic in EVENT_TOPICS),
            "repeated_by_topic": {topic: number for topic, number in repeats.items() if number},
            "refused": last.refused,
            "dead_lettered": last.dead_lettered,
            "balanced": last.balances(distinct),
            "matches_expected": not differences,
            "differences": differences,
            "restarts": {child.name: child.restarts for child in self.supervisor.children.values() if child.restarts},
            "peak_pss_mib": round(self._memory.peak),
            "seconds": round(time.monotonic() - self._began, 1),
        }
