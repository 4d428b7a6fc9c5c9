"""Pauses of a connector as they stand in its own store: who, when and why, and who resumed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from hub.connect.tables import pauses

__all__ = ["Pause", "add_pause", "current_pause", "end_pause", "last_resumed", "load_pauses"]

_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause. Times are UTC instants, `by` and `resumed_by` opaque ids of accounts; of one that lasts, both ends are empty."""

    since: datetime
    by: str
    reason: str
    resumed_at: datetime | None = None
    resumed_by: str = ""


def load_pauses(connection: Connection, limit: int) -> list[Pause]:
    """The newest first."""
    query = select(pauses).order_by(pauses.c.number.desc()).limit(limit)
    return [Pause(row.paused_at, row.paused_by, row.reason, row.resumed_at, row.resumed_by) for row in connection.execute(query)]


def current_pause(connection: Connection) -> Pause | None:
    """The pause that lasts."""
    newest = load_pauses(connection, 1)
    return newest[0] if newest and newest[0].resumed_at is None else None


def last_resumed(connection: Connection) -> datetime | None:
    """When a pause ended last."""
    found: datetime | None = connection.scalar(
        select(pauses.c.resumed_at).where(pauses.c.resumed_at.is_not(None)).order_by(pauses.c.number.desc()).limit(1)
    )
    return found


def add_pause(connection: Connection, pause: Pause) -> None:
    """From now on; the oldest of very many are forgotten."""
    row = {"paused_at": pause.since, "paused_by": pause.by, "reason": pause.reason, "resumed_at": None, "resumed_by": ""}
    number = connection.execute(insert(pauses), row).inserted_primary_key
    assert number is not None, "the store numbers them"
    connection.execute(delete(pauses).where(pauses.c.number <= number[0] - _REMEMBERED))


def end_pause(connection: Connection, now: datetime, by: str) -> None:
    """The pause that lasts ends."""
    connection.execute(update(pauses).where(pauses.c.resumed_at.is_(None)).values(resumed_at=now, resumed_by=by))
