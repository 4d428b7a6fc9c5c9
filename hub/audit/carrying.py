"""Carries entries that waited on a disk into the log: in their order, each once, however often it is begun.

Which number of which spool stands at which position is written in the same transaction as the entry. So whoever dies between the
commit and the letting go of the file finds, next time, that all of it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from hub.audit.spool import Spooled, Waiting
from hub.audit.tables import CarriedRow, EntryRow
from hub.database import answering

__all__ = ["Load", "gaps", "load_of", "lost"]

_COLUMNS = tuple(column for column in EntryRow.__table__.columns if column.name not in {"position", "leaf", "chain"})


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be written of what waits, the numbers that the log says it has, and those that were given and are nowhere."""

    entries: tuple[Spooled, ...]
    carried: frozenset[int]
    lost: tuple[int, ...]


def load_of(connection: Connection, waiting: Waiting) -> Load:
    """What of it is not in the log yet."""
    carried = _carried(connection, waiting.spool)
    there = {one.number: one for one in waiting.entries}
    # That it was carried is believed when the entry is there: somebody may have put the row in so that it is left out.
    fresh = [one for number, one in there.items() if number not in carried or not _stands(connection, carried[number], one)]
    return Load(tuple(fresh), frozenset(carried), tuple(lost(waiting, max(carried, default=0))))


def lost(waiting: Waiting, carried: int) -> list[int]:
    """Numbers above the last that was `carried` which were given and have no entry."""
    there = {one.number for one in waiting.entries}
    return [number for number in range(carried + 1, waiting.number + 1) if number not in there]


def gaps(engine: Engine, waiting: Waiting | None) -> tuple[list[tuple[int, int]], list[int]]:
    """Of every spool that was carried over: (position of the next that came, how many are missing before it); and the numbers
    that are lost of what waits here now.
    """
    query = select(CarriedRow.spool, CarriedRow.number, CarriedRow.position).order_by(CarriedRow.spool, CarriedRow.number)
    with answering(), engine.connect() as connection:
        found_rows = connection.execute(query).all()
    # A row that somebody made of anything else stands for no entry: it shows as a gap.
    rows = [row for row in found_rows if type(row.number) is int and type(row.position) is int and isinstance(row.spool, str)]
    found, before = [], dict.fromkeys((row.spool for row in rows), 0)
    for row in rows:
        if row.number > before[row.spool] + 1:
            found.append((row.position, row.number - before[row.spool] - 1))
        before[row.spool] = row.number
    return found, [] if waiting is None else lost(waiting, before.get(waiting.spool, 0))


def _carried(connection: Connection, spool: str) -> dict[int, int]:
    rows: Sequence[tuple[int, int]] = [
        (row.number, row.position)
        for row in connection.execute(select(CarriedRow.number, CarriedRow.position).where(CarriedRow.spool == spool))
    ]
    return dict(rows)


def _stands(connection: Connection, position: int, entry: Spooled) -> bool:
    row = connection.execute(select(*_COLUMNS).where(EntryRow.position == position)).one_or_none()
    return row is not None and dict(row._mapping) == dict(entry.values)  # noqa: SLF001 - SQLAlchemy's public name for it
