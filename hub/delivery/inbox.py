"""The task inbox: takes task messages, consents and erasures from the bus, each with one effect however often it comes.

Commit order, in one database transaction per batch:
1. the effect of each record (task opened, recalled, cancelled; newest consent kept),
2. what is to be told to the bus (outbox),
3. the ledger's counts and the next offset of each partition.
The consumer group's offset follows afterwards and is only an optimisation: a record below the stored offset is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    DeadLetter,
    Erasure,
    ErasureKind,
    Message,
    PresenceTask,
    ReferralTask,
    TaskEvent,
    TaskState,
)
from hub.contract.topics import CATALOGUE, ERASURES, TASK_EVENTS, Topic, dead_letter_topic
from hub.core.consent import Purpose, decide
from hub.database import truncate_log
from hub.delivery.outbox import enqueue
from hub.delivery.tables import CountRow, PositionRow, ReferenceRow, TaskRow
from hub.errors import ContractError
from hub.kafka import Incoming, outgoing

__all__ = ["COMPONENT", "OPEN_STATES", "SOURCE", "Inbox"]

COMPONENT = "delivery"
SOURCE = "/hub/delivery"
OPEN_STATES = (TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS)
_PRESENCE_TEAM = "outreach"
_PRESENCE_FUNCTION = "presence"


@dataclass(slots=True)
class _Work:
    """One transaction's tools."""

    session: Session
    now: datetime


class Inbox:
    """One per installation; only the `deliver` process writes through it."""

    def __init__(self, engine: Engine, codec: Codec, clock: Clock) -> None:
        self._engine = engine
        self._codec = codec
        self._clock = clock

    def take(self, records: Iterable[Incoming]) -> int:
        """Take a batch in one transaction; the number that was new. A database error leaves everything as it was."""
        new = 0
        with Session(self._engine) as session, session.begin():
            work = _Work(session, self._clock.now())
            erased = False
            for record in records:
                position = session.get(PositionRow, (record.topic, record.partition))
                if position is None:
                    position = PositionRow(topic=record.topic, partition=record.partition, next_offset=0)
                    session.add(position)
                if record.offset < position.next_offset:
                    continue
                outcome = self._one(work, record)
                position.next_offset = record.offset + 1
                _count(session, record.topic, outcome)
                erased = erased or record.topic == ERASURES.name
                new += 1
        if erased:
            truncate_log(self._engine)
        return new

    def _one(self, work: _Work, record: Incoming) -> str:
        topic = CATALOGUE[record.topic]
        try:
            return self._apply(work, _decoded(self._codec, topic, record))
        except ContractError as error:
            self._bury(work, topic, record, error.code)
            return "dead_lettered"

    def _apply(self, work: _Work, message: Message) -> str:
        match message:
            case ConsentRecord():
                return self._consent(work, message)
            case Erasure():
                return self._erasure(work, message)
            case ReferralTask() if message.action is Action.OPEN:
                return self._open_referral(work, message)
            case PresenceTask() if message.action is Action.OPEN:
                return self._open_presence(work, message)
            case ReferralTask() | PresenceTask():
                return self._lose_ground(work, message.task_id)
            case _:
                raise ContractError("no message for the inbox", code="unexpected_message")

    def _open_referral(self, work: _Work, task: ReferralTask) -> str:
        consent = self._consent_of(work, task.youth_ref)
        # Not yet heard of: the worker decided with the consent in hand, and a withdrawal that follows cancels the task.
        if consent is not None:
            decision = decide(consent, purpose=Purpose.DELIVER, source=None, recipient=task.team, kind=None, at=work.now)
            if not decision.permit:
                return f"refused_{decision.rule}"
        row = TaskRow(
            task_id=task.task_id,
            kind="referral",
            subject=task.youth_ref,
            open_key=f"{task.youth_ref}|{task.rule_id}|{task.team}",
            team=task.team,
            function=task.function,
            rule_id=task.rule_id,
            priority=task.priority.value,
            area=task.area,
            payload=task.model_dump_json(),
            created_at=task.created_at,
            respond_by=task.respond_by,
        )
        return self._receive(work, row)

    def _open_presence(self, work: _Work, task: PresenceTask) -> str:
        row = TaskRow(
            task_id=task.task_id,
            kind="presence",
            subject=task.area,
            open_key=f"{task.area}|{task.rule_id}|{task.week}",
            team=_PRESENCE_TEAM,
            function=_PRESENCE_FUNCTION,
            rule_id=task.rule_id,
            priority="normal",
            area=task.area,
            payload=task.model_dump_json(),
            created_at=task.created_at,
            respond_by=None,
        )
        return self._receive(work, row)

    def _receive(self, work: _Work, row: TaskRow) -> str:
        if work.session.get(TaskRow, row.task_id) is not None:
            return "duplicate"
        same = work.session.scalar(select(TaskRow).where(TaskRow.open_key == row.open_key))
        if same is not None and same.ground_lost_at is not None:
            # The ground is there again while somebody still works with the task: its note would be untrue now.
            same.ground_lost_at, same.payload = None, row.payload
            return "reinstated"
        if same is not None:
            return "absorbed"  # a second open task of the same youth, rule and team, whatever its id
        row.state, row.received_at = TaskState.RECEIVED.value, work.now
        work.session.add(row)
        work.session.flush()
        self._tell(work, row)
        return "opened"

    def _lose_ground(self, work: _Work, task_id: str) -> str:
        row = work.session.get(TaskRow, task_id)
        if row is None or row.open_key is None:
            return "nothing_open"
        row.ground_lost_at = work.now
        if row.opened_at is not None:
            return "annotated"  # somebody has read it: that cannot be unread, so the task says it instead
        self._close(work, row, TaskState.RECALLED, "ground_lost")
        return "recalled"

    def _consent_of(self, work: _Work, youth_ref: str) -> ConsentRecord | None:
        row = work.session.get(ReferenceRow, youth_ref)
        return None if row is None else ConsentRecord.model_validate_json(row.record)

    def _consent(self, work: _Work, consent: ConsentRecord) -> str:
        row = work.session.get(ReferenceRow, consent.youth_ref)
        if row is not None and row.version >= consent.version:
            return "duplicate"
        if row is None:
            row = ReferenceRow(youth_ref=consent.youth_ref)
            work.session.add(row)
        row.version, row.record = consent.version, consent.model_dump_json()
        for task in self._open_of(work, consent.youth_ref):
            decision = decide(consent, purpose=Purpose.DELIVER, source=None, recipient=task.team, kind=None, at=work.now)
            if not decision.permit:
                self._close(work, task, TaskState.CANCELLED, "no_consent")
        if consent.status is ConsentStatus.WITHDRAWN:
            self._erase(work, consent.youth_ref)
        return "processed"

    def _open_of(self, work: _Work, subject: str) -> list[TaskRow]:
        found = select(TaskRow).where(TaskRow.subject == subject, TaskRow.open_key.is_not(None))
        return list(work.session.scalars(found))

    def _erase(self, work: _Work, youth_ref: str) -> None:
        """Empty what the inbox holds of a reference; that there was a task, and how it ended, stays without it."""
        for row in work.session.scalars(select(TaskRow).where(TaskRow.subject == youth_ref)):
            row.subject, row.payload, row.area = None, None, None

    def _erasure(self, work: _Work, request: Erasure) -> str:
        if request.kind is not ErasureKind.REQUEST:
            return "not_for_us"
        for task in self._open_of(work, request.youth_ref):
            self._close(work, task, TaskState.CANCELLED, "no_consent")
        self._erase(work, request.youth_ref)
        receipt = Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=request.erasure_id,
            youth_ref=request.youth_ref,
            component=COMPONENT,
            occurred_at=work.now,
        )
        identity = f"{request.erasure_id}:{COMPONENT}"
        self._publish(work, ERASURES, request.youth_ref, receipt, identity)
        return "processed"

    def _close(self, work: _Work, row: TaskRow, state: TaskState, reason: str) -> None:
        row.state, row.reason, row.closed_at, row.open_key = state.value, reason, work.now, None
        self._tell(work, row)

    def _tell(self, work: _Work, row: TaskRow) -> None:
        subject = row.subject
        if subject is None:
            return
        referral = row.kind == "referral"
        told = TaskEvent(
            task_id=row.task_id,
            youth_ref=subject if referral else None,
            area=None if referral else subject,
            rule_id=row.rule_id,
            team=row.team,
            state=TaskState(row.state),
            reason=row.reason,
            occurred_at=work.now,
        )
        self._publish(work, TASK_EVENTS, subject, told, f"{row.task_id}:{row.state}")

    def _publish(self, work: _Work, topic: Topic, key: str, message: Message, identity: str) -> None:
        enqueue(work.session, outgoing(self._codec, topic, key, message, id=identity, source=SOURCE, time=work.now))

    def _bury(self, work: _Work, topic: Topic, record: Incoming, error_class: str) -> None:
        letter = DeadLetter(
            origin_topic=record.topic,
            origin_partition=record.partition,
            origin_offset=record.offset,
            stage=COMPONENT,
            error_class=error_class,
            attempts=1,
            occurred_at=work.now,
        )
        key = valid_key(topic.key, record.key)
        identity = f"{record.topic}:{record.partition}:{record.offset}"
        target = dead_letter_topic(topic)
        enqueue(work.session, outgoing(self._codec, target, key, letter, id=identity, source=SOURCE, time=work.now))


def _decoded(codec: Codec, topic: Topic, record: Incoming) -> Message:
    key = valid_key(topic.key, record.key)
    if key is None:
        raise ContractError("the key has not the form of its topic", code="bad_key")
    message = codec.decode(topic, record.value)
    subject = message.area if isinstance(message, PresenceTask) else getattr(message, "youth_ref", None)
    if subject != key:
        raise ContractError("the key is not that of the message", code="key_mismatch")
    return message


def _count(session: Session, topic: str, outcome: str) -> None:
    row = session.get(CountRow, (topic, outcome))
    if row is None:
        session.add(CountRow(topic=topic, outcome=outcome, records=1))
    else:
        row.records += 1
