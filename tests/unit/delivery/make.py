"""An inbox with a bus in hand, and the messages that come to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.contract.ids import task_id
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    Erasure,
    ErasureKind,
    Evidence,
    InfoKind,
    Message,
    PresenceTask,
    Priority,
    ReferralTask,
    Scope,
    TaskState,
)
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH, Topic
from hub.delivery.answering import Answering
from hub.delivery.inbox import Inbox
from hub.delivery.notes import Notes, NoteSeal
from hub.delivery.tables import OutboxRow
from hub.delivery.worklist import Worklist
from hub.kafka import Incoming

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
SCOPE = "11111111-1111-4111-8111-111111111111"
FOLLOW_UP = timedelta(days=14)


class Desk:
    """An inbox with a bus in hand: numbers the offsets as Kafka would."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.codec = Codec.load()
        self.engine = engine
        self.clock = clock
        self.inbox = Inbox(engine, self.codec, clock)
        self.worklist = Worklist(engine, clock)
        self.is_stale = False
        self.answering = Answering(
            engine, lambda: self.codec, clock, stale=lambda: self.is_stale, follow_up=lambda team, at: at + FOLLOW_UP
        )
        self.notes = Notes(engine, NoteSeal(b"n" * 32), clock, stale=lambda: self.is_stale)
        self.offsets: dict[tuple[str, int], int] = {}

    def record(self, topic: Topic, key: str, message: Message, partition: int = 0) -> Incoming:
        return self.raw(topic, key.encode(), self.codec.encode(topic, message), partition)

    def raw(self, topic: Topic, key: bytes | None, value: bytes | None, partition: int = 0) -> Incoming:
        offset = self.offsets.get((topic.name, partition), 0)
        self.offsets[topic.name, partition] = offset + 1
        return Incoming(topic.name, partition, offset, key, value, (), 0)

    def outbox(self, topic: Topic) -> list[Message]:
        with Session(self.engine) as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.topic == topic.name).order_by(OutboxRow.id))
            return [self.codec.decode(topic, row.value) for row in rows]

    def states(self) -> list[tuple[TaskState, str | None]]:
        return [(view.state, view.reason) for view in self.worklist.all_tasks()]


class MemoryReader:
    """The bus as delivery reads it: hands out batches, comes back to what was not committed, fails when told to."""

    def __init__(self, *batches: Sequence[Incoming]) -> None:
        self.waiting = deque(batches)
        self.failures: deque[Exception] = deque()
        self.polled: list[Incoming] = []
        self.committed: list[Incoming] = []
        self.when_empty = lambda: None

    def poll(self, timeout_seconds: float, max_records: int) -> list[Incoming]:
        if self.failures:
            raise self.failures.popleft()
        if not self.waiting:
            self.when_empty()
            return []
        records = list(self.waiting.popleft())
        assert len(records) <= max_records
        self.polled += records
        return records

    def commit(self) -> None:
        self.committed = list(self.polled)

    def caught_up(self) -> list[tuple[str, int]]:
        return [] if self.waiting else [(CONSENTS.name, 0), (ERASURES.name, 0), (TASKS_OUTREACH.name, 0)]


def make_consent(
    ref: str,
    version: int = 1,
    *,
    status: ConsentStatus = ConsentStatus.IN_FORCE,
    kinds: tuple[InfoKind, ...] = (InfoKind.SCHOOL_ABSENCE,),
) -> ConsentRecord:
    bare = status is ConsentStatus.WITHDRAWN
    scope = Scope(
        scope_id=SCOPE, cooperation=Cooperation.SSPF, agencies=("school",), recipients=("outreach",), kinds=kinds,
        valid_from=NOW - timedelta(days=30), valid_to=NOW + timedelta(days=30),
    )  # fmt: skip
    return ConsentRecord(
        youth_ref=ref, version=version, status=status, age_years=None if bare else 14, age_valid_until=None, area=None,
        legal_basis="consent", scopes=() if bare else (scope,), recorded_at=NOW,
    )  # fmt: skip


def make_task(
    ref: str,
    *,
    opened_by: str = "e1",
    action: Action = Action.OPEN,
    rule: str = "absence-alone",
    respond_by: datetime | None = None,
) -> ReferralTask:
    evidence = Evidence(
        condition="unexcused", kind=InfoKind.SCHOOL_ABSENCE, measure="minutes", at_least=480, met=500, unit="minutes",
        window_days=28, first_at=NOW - timedelta(days=9), last_at=NOW - timedelta(days=1), agencies=("school",),
        may_tell_youth=True,
    )  # fmt: skip
    return ReferralTask(
        action=action, task_id=task_id(ref, rule, opened_by), youth_ref=ref, rule_id=rule, rules_version="1", team="outreach",
        function="school_attendance", cooperation=Cooperation.SSPF, priority=Priority.NORMAL, created_at=NOW,
        respond_by=respond_by or NOW + timedelta(days=5), evidence=(evidence,), consent_version=1, scope_id=SCOPE,
        area="0581-hageby", age_years=14,
    )  # fmt: skip


def make_presence(opened_by: str = "2025-W20", *, action: Action = Action.OPEN, week: str = "2025-W20") -> PresenceTask:
    return PresenceTask(
        action=action, task_id=task_id("0581-hageby", "place-presence", opened_by), area="0581-hageby", rule_id="place-presence",
        rules_version="1", week=week, created_at=NOW, incidents=6, at_least=5, window_days=7, categories=(),
        first_at=NOW, last_at=NOW,
    )  # fmt: skip


def make_erasure(ref: str, kind: ErasureKind = ErasureKind.REQUEST) -> Erasure:
    component = None if kind is ErasureKind.REQUEST else "worker"
    return Erasure(kind=kind, erasure_id=SCOPE, youth_ref=ref, component=component, occurred_at=NOW)
