"""Carries the outbox to Kafka, one relay at a time, and opens subject entries once Kafka has acknowledged.

Order of one round: (1) take or renew the lease, (2) read pending rows in the order they were written, (3) publish and wait
for all acknowledgements, (4) mark them published, portion by portion, and with each widen the entries of every reference whose
newest record is among them. A crash between 3 and 4 repeats the records; versions and ids make a repeat harmless.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import selectinload
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from tenacity.nap import sleep_using_event

from hub.errors import RetriableError
from hub.kafka import Outgoing
from hub.lease import release_lease, take_lease, this_process
from hub.logs import get_logger
from hub.registry import directory
from hub.registry.registry import Registry
from hub.registry.tables import Lease, OutboxRow, Youth
from hub.registry.work import Work
from hub.standstill import Standstill

__all__ = ["Publishes", "Relay"]

_LEASE = timedelta(seconds=90)
_BATCH = 1000
_AT_ONCE = 100  # acknowledged in one transaction: whoever else writes waits so long
_ATTEMPTS = 5
_NAME = "registry"
_log = get_logger(__name__)


class Publishes(Protocol):
    """The part of `hub.kafka.Publisher` that a relay needs."""

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """Block until all are acknowledged; RetriableError when one was not."""
        ...


class Relay:
    """One candidate for the lease; `run_once` does a round when it holds it. Not for sharing between threads."""

    def __init__(self, registry: Registry, publisher: Publishes, stop: threading.Event, holder: str | None = None) -> None:
        self._registry = registry
        self._publisher = publisher
        self._holder = holder or this_process()
        self._standstill = Standstill(_NAME)
        self._retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception_type(RetriableError),
            sleep=sleep_using_event(stop),
            reraise=True,
        )

    def run_once(self) -> int:
        """Publish what is pending, at most 1,000 records; the answer is how many, 0 too when another relay has the lease.

        Raises RetriableError when Kafka did not acknowledge after five attempts: wait, and call again.
        """
        if not self._count() or not self._take_lease():
            return 0
        with self._registry.view() as session:
            rows = session.scalars(_pending().order_by(OutboxRow.outbox_id).limit(_BATCH)).all()
        self._retrying(self._publish, [_record(row) for row in rows])
        for start in range(0, len(rows), _AT_ONCE):
            with self._registry.work() as work:
                _acknowledge(work, rows[start : start + _AT_ONCE])
        self._count()
        return len(rows)

    def _count(self) -> int:
        with self._registry.view() as session:
            found = select(func.count(), func.min(OutboxRow.outbox_id)).where(OutboxRow.published_at.is_(None))
            pending, oldest = session.execute(found).one()
        self._standstill.tell(pending, oldest)
        return int(pending)

    def _publish(self, records: Sequence[Outgoing]) -> None:
        # Renewed before each attempt: an attempt is shorter than the lease, so two relays never publish side by side.
        if not self._take_lease():
            raise RetriableError("another relay has taken over the outbox", code="lease_lost")
        self._publisher.publish(records)

    def _take_lease(self) -> bool:
        with self._registry.work() as work:
            return take_lease(work.session, Lease, _NAME, holder=self._holder, now=work.now, length=_LEASE)

    def release(self) -> None:
        """Let the next relay begin at once."""
        with self._registry.work() as work:
            release_lease(work.session, Lease, _NAME, self._holder)


def _pending() -> Select[OutboxRow]:
    return select(OutboxRow).where(OutboxRow.published_at.is_(None))


def _record(row: OutboxRow) -> Outgoing:
    headers = tuple((name, text.encode("utf-8")) for name, text in row.headers)
    return Outgoing(row.topic, row.key, row.value, headers, row.partition)


def _acknowledge(work: Work, rows: Sequence[OutboxRow]) -> None:
    work.session.execute(
        update(OutboxRow).where(OutboxRow.outbox_id.in_([row.outbox_id for row in rows])).values(published_at=work.now)
    )
    newest: dict[str, int] = {}
    for row in rows:
        if row.record_version is not None and row.key is not None:
            newest[row.key.decode("ascii")] = row.record_version
    youths = work.session.scalars(
        select(Youth)
        .where(Youth.youth_ref.in_(newest))
        .options(selectinload(Youth.consents), selectinload(Youth.entries))
        .order_by(Youth.youth_id)
        .with_for_update()
    )
    for youth in youths:
        acked = newest[youth.youth_ref or ""]
        youth.acked_version = max(youth.acked_version, acked)
        # An older record than the newest says nothing about what may be shown now.
        if acked == youth.record_version:
            directory.widen(work, youth)
