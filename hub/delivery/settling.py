"""What an answer of a receiver makes of an errand and of its sink, within one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.breaker import BreakerState, succeeded
from hub.delivery.errands import Status
from hub.delivery.sink_rows import breaker_of, keep_breaker
from hub.delivery.tables import ErrandRow, SinkRow
from hub.errors import RetriableError

__all__ = ["Failed", "Refused", "Stopped", "Taken", "settle"]


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it; `reference` is its own id for it."""

    reference: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It may not have it: the same again later."""

    error: RetriableError


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not take this one, for good."""

    code: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The address, a secret or a right is wrong: nothing more is handed over until somebody has put it straight."""

    code: str


def settle(session: Session, row: SinkRow, number: int, answer: Taken | Refused | Stopped, now: datetime) -> None:
    """Note an answer that says something of the errand, or of the sink."""
    match answer:
        case Taken(reference):
            done = {"status": Status.DELIVERED.value, "reference": reference, "code": "", "next_try": None, "settled_at": now}
            session.execute(update(ErrandRow).where(ErrandRow.id == number).values(**done))
            row.succeeded_at = now
            _has_answered(session, row, now)
        case Refused(code):
            row.failed_at, row.failed_code = now, code[:64]
            _refuse(session, number, code[:64], now)
            _has_answered(session, row, now)
        case Stopped(code):
            row.failed_at = row.stopped_at = now
            row.failed_code = row.stopped_code = code[:64]
            # Not this errand's fault: its waits do not grow by it.
            counted = update(ErrandRow).where(ErrandRow.id == number, ErrandRow.status == Status.WAITING.value)
            session.execute(counted.values(attempts=ErrandRow.attempts - 1, code=code[:64]))


def _refuse(session: Session, number: int, code: str, now: datetime) -> None:
    ended = {"next_try": None, "settled_at": now}
    waits = ErrandRow.status == Status.WAITING.value
    session.execute(
        update(ErrandRow).where(ErrandRow.id == number, waits).values(status=Status.REFUSED.value, code=code, **ended)
    )
    task_id, sink = session.execute(select(ErrandRow.task_id, ErrandRow.sink).where(ErrandRow.id == number)).one()
    later = (ErrandRow.task_id == task_id) & (ErrandRow.sink == sink) & (ErrandRow.id > number)
    session.execute(update(ErrandRow).where(later, waits).values(status=Status.LAPSED.value, **ended))


def _has_answered(session: Session, row: SinkRow, now: datetime) -> None:
    """It is there. Had it been away, what had failed meanwhile need not wait any longer: the sink's rate bounds it."""
    before = breaker_of(row)
    keep_breaker(row, succeeded(before))
    if before.state is not BreakerState.CLOSED:
        session.execute(
            update(ErrandRow)
            .where(
                ErrandRow.sink == row.name,
                ErrandRow.status == Status.WAITING.value,
                ErrandRow.attempts > 0,
                ErrandRow.next_try > now,
            )
            .values(next_try=now)
        )
