"""What delivery says on the bus, put into the outbox within the transaction of what it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import CooperationRecord, DeadLetter, Erasure, ErasureKind, Message, TaskEvent, TaskState
from hub.contract.topics import CATALOGUE, COOPERATIONS, ERASURES, TASK_EVENTS, Topic, dead_letter_topic
from hub.core.instants import to_ms
from hub.delivery.outbox import enqueue
from hub.delivery.rows import ids_of
from hub.delivery.tables import TaskRow
from hub.kafka import Incoming, outgoing

__all__ = ["COMPONENT", "RECEIVER", "SOURCE", "Telling"]

COMPONENT = "delivery"
RECEIVER = "receiver-"
"""Before a team's code: the component that an acknowledgement comes from."""
SOURCE = "/hub/delivery"


@dataclass(frozen=True, slots=True)
class Telling:
    """Everything said in one transaction is said to have occurred at `now`."""

    codec: Codec
    session: Session
    now: datetime

    def state_of(self, row: TaskRow, step: int | None = None) -> None:
        """What became of a task, by each id that the worker may know it by; nothing when its subject was erased.

        The newest first: it is most likely the worker's own, which an answer to an older one must not end without its answer.
        `step` tells one coming to a state from another.
        """
        if row.subject is None:
            return
        referral = row.kind == "referral"
        for task_id in reversed(ids_of(row)):
            told = TaskEvent(
                task_id=task_id,
                youth_ref=row.subject if referral else None,
                area=None if referral else row.subject,
                rule_id=row.rule_id,
                team=row.addressed_to or row.team,  # the correlation knows it by its rule's
                state=TaskState(row.state),
                reason=row.reason,
                occurred_at=self.now,
            )
            self._put(TASK_EVENTS, row.subject, told, f"{task_id}:{row.state}" + ("" if step is None else f":{step}"))

    def receipt(self, request: Erasure, awaits: str | None = None) -> None:
        """That what delivery held of a reference, or under one scope, is erased; `awaits`: a team that has yet to acknowledge."""
        self._erased(request.erasure_id, request.youth_ref, COMPONENT, request.scope_id, awaits)

    def awaits(self, erasure_id: str, youth_ref: str, team: str) -> None:
        """That one more team has yet to acknowledge: it stands in the place of one that is gone."""
        self._erased(erasure_id, youth_ref, COMPONENT, awaits=team)

    def acknowledged(self, erasure_id: str, youth_ref: str, team: str) -> None:
        """That a team has read that the consent to a task it had opened is withdrawn."""
        self._erased(erasure_id, youth_ref, f"{RECEIVER}{team}")

    def emptied(self, erasure_id: str, youth_ref: str) -> None:
        """That the database's own files hold nothing of it any more."""
        self._erased(erasure_id, youth_ref, f"{COMPONENT}-store")

    def _erased(
        self, erasure_id: str, youth_ref: str, component: str, scope_id: str | None = None, awaits: str | None = None
    ) -> None:
        receipt = Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=erasure_id,
            youth_ref=youth_ref,
            component=component,
            occurred_at=self.now,
            scope_id=scope_id,
            awaits=awaits,
        )
        identity = ":".join(filter(None, (erasure_id, component, awaits)))
        self._put(ERASURES, youth_ref, receipt, identity)

    def courses(self, record: CooperationRecord) -> None:
        """Which cooperations work with a youth, from its instant on."""
        at_ms = to_ms(record.recorded_at)
        self._put(COOPERATIONS, record.youth_ref, record, f"{record.youth_ref}.{at_ms:x}")

    def dead_letter(self, record: Incoming, error_class: str) -> None:
        """Where a record stands that could not be taken, and why; its key only when it has the form of ours."""
        topic = CATALOGUE[record.topic]
        letter = DeadLetter(
            origin_topic=record.topic,
            origin_partition=record.partition,
            origin_offset=record.offset,
            stage=COMPONENT,
            error_class=error_class,
            attempts=1,
            occurred_at=self.now,
        )
        identity = f"{record.topic}:{record.partition}:{record.offset}"
        self._put(dead_letter_topic(topic), valid_key(topic.key, record.key), letter, identity)

    def _put(self, topic: Topic, key: str | None, message: Message, identity: str) -> None:
        enqueue(self.session, outgoing(self.codec, topic, key, message, id=identity, source=SOURCE, time=self.now))
