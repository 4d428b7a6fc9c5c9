"""How a sink stands in the database, read and written: its breaker, and what stops it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub.breaker import Breaker, BreakerState
from hub.database import be_alone
from hub.delivery.tables import SinkRow

__all__ = ["alone", "breaker_of", "keep_breaker", "sink_row", "stands_still"]

_LOCK = 0x53494E4B  # any number that only sinks take


def alone(session: Session) -> None:
    """Hold what nobody else who writes of sinks can hold, until the transaction's end. The first thing in it."""
    be_alone(session.connection(), _LOCK)


def sink_row(session: Session, name: str) -> SinkRow:
    """The sink's row, made when it is the first; of a transaction that is `alone`."""
    row = session.get(SinkRow, name)
    if row is None:
        row = SinkRow(name=name, breaker=BreakerState.CLOSED.value, failures=0, openings=0)
        session.add(row)
    return row


def stands_still(row: SinkRow | None) -> bool:
    """Whether somebody paused it, or a wrong setting stopped it."""
    return row is not None and (row.paused_at is not None or row.stopped_at is not None)


def breaker_of(row: SinkRow | None) -> Breaker:
    """As it was written down last; closed before that."""
    if row is None:
        return Breaker()
    return Breaker(BreakerState(row.breaker), row.failures, row.openings, row.since, row.retry_at, row.breaker_code)


def keep_breaker(row: SinkRow, breaker: Breaker) -> None:
    """Write it down."""
    row.breaker, row.failures, row.openings = breaker.state.value, breaker.failures, breaker.openings
    row.since, row.retry_at, row.breaker_code = breaker.since, breaker.retry_at, breaker.code
