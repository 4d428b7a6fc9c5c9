"""What delivery tells the bus: written in the transaction of the change, relayed in order, gone when acknowledged."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.delivery.tables import LeaseRow, OutboxRow
from hub.kafka import Outgoing

__all__ = ["OutboxRelay", "Publishes", "enqueue", "pending"]

_LEASE = timedelta(seconds=30)
_BATCH = 500
_NAME = "outbox"


class Publishes(Protocol):
    """`hub.kafka.Publisher`, or its twin in memory."""

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Block until all are acknowledged; raise RetriableError when one was not."""
        ...


def enqueue(session: Session, record: Outgoing) -> None:
    """Put a record into the outbox, inside the caller's transaction."""
    headers = json.dumps([[name, value.decode("utf-8")] for name, value in record.headers])
    session.add(OutboxRow(topic=record.topic, key=record.key, value=record.value or b"", headers=headers))


def pending(engine: Engine) -> int:
    """Records written and not yet acknowledged."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def _outgoing(row: OutboxRow) -> Outgoing:
    headers = tuple((name, value.encode()) for name, value in json.loads(row.headers))
    return Outgoing(row.topic, row.key, row.value, headers)


class OutboxRelay:
    """Publishes the outbox in order. One relay at a time: it works only while it holds the lease.

    At least once: a crash between acknowledgement and removal publishes again; task events are keyed by task and state.
    """

    def __init__(self, engine: Engine, publisher: Publishes, clock: Clock) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._holder = str(uuid.uuid4())

    def run_once(self) -> int:
        """Publish what waits, up to one batch; the number published. Raises RetriableError when Kafka does not answer."""
        if not self._hold_lease():
            return 0
        with Session(self._engine) as session:
            rows = list(session.scalars(select(OutboxRow).order_by(OutboxRow.id).limit(_BATCH)))
            records = [_outgoing(row) for row in rows]
            identities = [row.id for row in rows]
        if not records:
            return 0
        self._publisher.publish(records)
        with Session(self._engine) as session, session.begin():
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_(identities)))
        return len(records)

    def _hold_lease(self) -> bool:
        now = self._clock.now()
        mine = {"holder": self._holder, "until": now + _LEASE}
        with Session(self._engine) as session, session.begin():
            taken = session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == _NAME, (LeaseRow.holder == self._holder) | (LeaseRow.until < now))
                .values(**mine)
                .returning(LeaseRow.name)
            ).first()
            if taken is not None:
                return True
            if session.get(LeaseRow, _NAME) is not None:
                return False
        try:
            with Session(self._engine) as session, session.begin():
                session.add(LeaseRow(name=_NAME, **mine))
        except IntegrityError:  # another relay was quicker
            return False
        return True

    def release(self) -> None:
        """Let another relay begin at once."""
        with Session(self._engine) as session, session.begin():
            session.execute(delete(LeaseRow).where(LeaseRow.name == _NAME, LeaseRow.holder == self._holder))
