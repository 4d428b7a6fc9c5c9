"""What delivery tells the bus: written in the transaction of the change, relayed in order, gone when acknowledged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.database import answering
from hub.delivery.tables import LeaseRow, OutboxRow
from hub.kafka import Outgoing
from hub.lease import release_lease, take_lease, this_process

__all__ = ["OutboxRelay", "Publishes", "enqueue", "pending", "waiting"]

_LEASE = timedelta(seconds=90)  # longer than one attempt to publish: two relays never publish side by side
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
    # No message is empty: without bytes it is the mark that ends a compacted key.
    session.add(OutboxRow(topic=record.topic, key=record.key, value=record.value or b"", headers=headers))


def pending(engine: Engine) -> int:
    """Records written and not yet acknowledged. Raises RetriableError when the database does not answer."""
    return waiting(engine)[0]


def waiting(engine: Engine) -> tuple[int, int | None]:
    """How many are pending, and the number of the oldest, if any. Raises RetriableError when the database does not answer."""
    with answering(), Session(engine) as session:
        number, oldest = session.execute(select(func.count(), func.min(OutboxRow.id)).select_from(OutboxRow)).one()
    return int(number), oldest


def _outgoing(row: OutboxRow) -> Outgoing:
    headers = tuple((name, value.encode()) for name, value in json.loads(row.headers))
    return Outgoing(row.topic, row.key, row.value or None, headers)


class OutboxRelay:
    """Publishes the outbox in order. One relay at a time: it works only while it holds the lease.

    At least once: a crash between acknowledgement and removal publishes again, under the same ids.
    """

    def __init__(self, engine: Engine, publisher: Publishes, clock: Clock, holder: str | None = None) -> None:
        self._engine = engine
        self._publisher = publisher
        self._clock = clock
        self._holder = holder or this_process()

    def run_once(self) -> int:
        """Publish what waits, up to one batch; the number published, 0 too while another relay has the lease.

        Raises RetriableError when Kafka or the database does not answer.
        """
        # Nothing is written while nothing waits: a disk is not to be kept busy by an idle relay.
        if not pending(self._engine) or not self._hold_lease():
            return 0
        with answering(), Session(self._engine) as session:
            rows = list(session.scalars(select(OutboxRow).order_by(OutboxRow.id).limit(_BATCH)))
            records = [_outgoing(row) for row in rows]
            identities = [row.id for row in rows]
        self._publisher.publish(records)
        with answering(), Session(self._engine) as session, session.begin():
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_(identities)))
        return len(records)

    def _hold_lease(self) -> bool:
        with answering(), Session(self._engine) as session, session.begin():
            return take_lease(session, LeaseRow, _NAME, holder=self._holder, now=self._clock.now(), length=_LEASE)

    def release(self) -> None:
        """Let another relay begin at once."""
        with answering(), Session(self._engine) as session, session.begin():
            release_lease(session, LeaseRow, _NAME, self._holder)
