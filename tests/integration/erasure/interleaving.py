"""One interleaving: two youths, their events, and a withdrawal somewhere among them; who does what next is drawn by lot."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.contract.ids import event_id
from hub.contract.models import Action, Cooperation, InfoKind
from hub.contract.topics import CONSENTS, ERASURES, POLICE_NOTICES, RULES, SCHOOL_ABSENCES, Topic
from hub.kafka import Incoming, Outgoing
from hub.registry.receipts import Receipts
from hub.registry.upkeep import republish
from tests.unit.core.make import ago, make_absence, make_notice
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier
from tests.unit.runtime.fakes import CODEC, make_marker, make_record

from .parts import Delivery, Kafka, Worker

STEP = timedelta(milliseconds=40)
_TEAMS = {Cooperation.SSPF: {"outreach", "sspf"}, Cooperation.SIG: {"sig"}}
_KINDS = {Cooperation.SSPF: InfoKind.SCHOOL_ABSENCE, Cooperation.SIG: InfoKind.POLICE_NOTICE}


@dataclass
class Result:
    """What an interleaving showed. `wrong` must be empty; the rest says that it was none about nothing."""

    seed: int
    withdrawn: str
    wrong: list[str] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)
    delivery_kills: int = 0
    effect_seconds: float = 0.0
    before: int = 0
    late_events: int = 0


class Interleaving:
    """`templates` holds migrated, empty databases."""

    def __init__(self, folder: Path, seed: int, templates: Path) -> None:
        self.chance = random.Random(seed)
        self._folder, self._templates = folder, templates
        folder.mkdir(parents=True)
        for name in ("registry.db", "keyring.db", "delivery.db"):
            shutil.copy(templates / name, folder / name)
        self.home = Installation(
            folder, url=f"sqlite:///{folder / 'registry.db'}", keyring_url=f"sqlite:///{folder / 'keyring.db'}"
        )
        self.clock = self.home.clock
        self.kafka = Kafka()
        self.kafka.chance = self.chance
        self.kafka.put(RULES, make_marker())
        self._relayed = self._receipt_at = 0
        self._settled = False
        self.worker = Worker(folder / "worker", self.kafka, self.clock, self.chance)
        self.delivery = Delivery(folder / "delivery.db", self.kafka, self.clock, self.chance)
        self.scope: Cooperation | None = self.chance.choice([None, Cooperation.SSPF, Cooperation.SIG])
        self.result = Result(seed, "all" if self.scope is None else self.scope.value)
        self._receipts = Receipts(self.home.registry, self, CODEC.decode, timedelta(hours=1))

    # What `Receipts` reads from
    def poll(self, timeout_seconds: float, max_records: int) -> list[Incoming]:
        rows = self.kafka.topics[ERASURES.name, 0][self._receipt_at : self._receipt_at + self.chance.randint(1, 4)]
        return [Incoming(ERASURES.name, 0, row.offset, row.key, row.value, (), 0) for row in rows if row is not None]

    def commit(self) -> None:
        self._receipt_at = min(self._receipt_at + 1, len(self.kafka.topics[ERASURES.name, 0]))

    async def play(self) -> Result:
        """Raises nothing of its own: what was wrong stands in the result."""
        try:
            await self.worker.start()
            youth, other = self._grant(0), self._grant(1)
            waiting = [*self._events(youth), *self._events(other)]
            self.chance.shuffle(waiting)
            withdraw_at = self.chance.randint(0, len(waiting))
            total = len(waiting)
            withdrawn = False
            while waiting or not self._settled:
                if not withdrawn and total - len(waiting) >= withdraw_at:
                    self.result.before = sum(self._is_hers(task) for task in self._tasks_of(youth))
                    self.home.registry.withdraw(make_identifier(0), self.scope)
                    withdrawn, self.result.late_events = True, len(waiting)
                await self._one(waiting)
            await self._after(youth, other)
            return self.result
        finally:
            self.result.in_flight = self.worker.kills
            self.result.delivery_kills = self.delivery.kills
            self.worker.close()
            self.delivery.close()
            self.home.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _grant(self, number: int) -> str:
        """SSPF with the school, SIG with the police: a scope each."""
        person = make_identifier(number)
        view = self.home.registry.grant(make_grant(person, agencies=(SCHOOL,), kinds=("school_absence",)))
        self.home.registry.grant(
            make_grant(person, cooperation="sig", agencies=(POLICE,), recipients=("sig",), kinds=("police_notice",))
        )
        assert view.youth_ref is not None
        self._relay()
        return view.youth_ref

    def _events(self, youth_ref: str) -> Iterator[tuple[Topic, Any]]:
        for number in range(4):
            hers = {"youth_ref": youth_ref, "event_id": event_id(b"k", "absence", f"{youth_ref}{number}")}
            yield SCHOOL_ABSENCES, make_absence(number, ago(2 + number), 200).model_copy(update=hers)
            hers = {"youth_ref": youth_ref, "event_id": event_id(b"k", "notice", f"{youth_ref}{number}")}
            yield POLICE_NOTICES, make_notice(number, ago(2 + number)).model_copy(update=hers)

    async def _one(self, waiting: list[tuple[Topic, Any]]) -> None:
        self.clock.advance(STEP)
        match self.chance.choice(["event", "event", "worker", "worker", "kill", "delivery", "tell", "registry", "team"]):
            case "event" if waiting:
                self._put(*waiting.pop())
            case "worker":
                await self.worker.step()
            case "kill" if self.worker.behind():
                await self.worker.step(dies_in=self.chance.randint(0, 6))
            case "delivery":
                self.delivery.step()
            case "tell":
                self.delivery.tell()
            case "registry":
                self._relay()
                if self._receipts.run_once():
                    self._settled = self._all_in_effect()
            case "team":
                self.delivery.views()
                self.delivery.acknowledge()

    def _put(self, topic: Topic, message: Any) -> None:
        record = make_record(topic, len(self.kafka.topics[topic.name, 0]), message)
        self.kafka.put(topic, message)
        assert record.key == message.youth_ref.encode()

    def _relay(self) -> None:
        self.home.relay.run_once()
        self.kafka.publish(self.home.kafka.published[self._relayed :])
        self._relayed = len(self.home.kafka.published)

    def _all_in_effect(self) -> bool:
        statuses = self.home.registry.erasure_status()
        return bool(statuses) and all(one.effect_at is not None for one in statuses)

    def _is_hers(self, task: Any) -> bool:
        """Whether it rests on what was withdrawn."""
        return task.action is Action.OPEN and (self.scope is None or task.team in _TEAMS[self.scope])

    def _tasks_of(self, youth_ref: str, kafka: Kafka | None = None) -> list[Any]:
        return [task for task in (kafka or self.kafka).tasks() if task.youth_ref == youth_ref]

    async def _after(self, youth: str, other: str) -> None:
        """From the effect on: nothing more, whatever still comes, and whoever begins anew."""
        self.result.effect_seconds = max(
            status.effect_after.total_seconds() for status in self.home.registry.erasure_status() if status.effect_after
        )
        emitted = len([task for task in self._tasks_of(youth) if self._is_hers(task)])
        self._check_shown("at the effect", self.delivery)
        old = next(row for row in self.kafka.topics[CONSENTS.name, 0] if row is not None and row.key == youth.encode())
        late = [*self._events(youth), *self._events(youth)]
        self.kafka.add(make_again(old))
        for topic, message in self.chance.sample(late, len(late)):
            self._put(topic, message)
            await self._one([])
        republish(self.home.registry)  # as the registry does daily: an old record is never the last that compaction keeps
        self._relay()
        await self._drain(self.worker, self.delivery)
        if len([task for task in self._tasks_of(youth) if self._is_hers(task)]) != emitted:
            self.result.wrong.append("a task was emitted after the effect")
        self._check_shown("after late events", self.delivery)
        self._check_state("after late events", self.worker, youth)
        await self._begin_anew(youth, other)

    async def _begin_anew(self, youth: str, other: str) -> None:
        """Every topic from its beginning, compacted or not, into an empty worker and an empty inbox."""
        again = Kafka()
        again.chance = self.chance
        compacted = self.chance.random() < 0.5
        for (topic, partition), rows in self.kafka.topics.items():
            if topic.startswith("hub.") and not topic.startswith("hub.referral") and "changelog" not in topic:
                newest = {row.key: row.offset for row in rows if row is not None}
                again.topics[topic, partition] = [
                    None if compacted and topic == CONSENTS.name and row is not None and newest[row.key] != row.offset else row
                    for row in rows
                ]
        shutil.copy(self._templates / "delivery.db", self._folder / "again.db")
        worker = Worker(self._folder / "again", again, self.clock, self.chance)
        inbox = Delivery(self._folder / "again.db", again, self.clock, self.chance)
        try:
            await worker.start()
            await self._drain(worker, inbox)
            emitted = [task for task in self._tasks_of(youth, again) if self._is_hers(task)]
            if emitted:
                self.result.wrong.append("a replay proposed a task")
            if not self._tasks_of(other, again):
                self.result.wrong.append("a replay proposed nothing for somebody whose consents stand")
            self._check_state("after a replay", worker, youth)
        finally:
            worker.close()
            inbox.close()
        # The old tasks too, into an inbox that knows nothing yet.
        shutil.copy(self._templates / "delivery.db", self._folder / "tasks.db")
        inbox = Delivery(self._folder / "tasks.db", self.kafka, self.clock, self.chance)
        try:
            while inbox.behind():
                inbox.step()
                self._check_shown("while tasks are replayed", inbox)
            self._check_shown("after tasks were replayed", inbox)
            if not any(view.content for view in inbox.views()):
                self.result.wrong.append("a replay showed nothing for somebody whose consents stand")
        finally:
            inbox.close()

    async def _drain(self, worker: Worker, inbox: Delivery) -> None:
        while worker.behind() or inbox.behind():
            self.clock.advance(STEP)
            if worker.behind():
                await worker.step(dies_in=self.chance.randint(0, 6) if self.chance.random() < 0.1 else None)
            inbox.step()
            inbox.tell()
            self._receipts.run_once()

    def _check_shown(self, when: str, delivery: Delivery) -> None:
        youth_refs = self._withdrawn_refs()
        for view in delivery.views():
            if view.content is not None and getattr(view.content, "youth_ref", "") in youth_refs and self._of_scope(view.team):
                self.result.wrong.append(f"a task was shown {when}")

    def _withdrawn_refs(self) -> Sequence[str]:
        rows = [row.key for row in self.kafka.topics[ERASURES.name, 0] if row is not None and row.key is not None]
        return [key.decode() for key in rows]

    def _of_scope(self, team: str) -> bool:
        return self.scope is None or team in _TEAMS[self.scope]

    def _check_state(self, when: str, worker: Worker, youth: str) -> None:
        state = worker.state(youth)
        if self.scope is None:
            if state is None or not state.withdrawn or state.events:
                self.result.wrong.append(f"the worker holds something {when}")
        elif state is None or any(kind == _KINDS[self.scope].value for kind, _id, _held in state.held()):
            self.result.wrong.append(f"the worker holds something of the scope {when}")


def make_again(row: Any) -> Any:
    """An old record, as it comes when somebody restores a disk."""
    return Outgoing(CONSENTS.name, row.key, row.value, row.headers)
