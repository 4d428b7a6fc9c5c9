"""Reads the log: all of it in order, or what a filter lets through. Appends are not held up by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Engine, Row, cast, func, or_, select

from hub.audit.entries import Outcome, Record
from hub.audit.tables import EntryRow, HorizonRow
from hub.database import answering
from hub.errors import RejectedError

__all__ = ["Filter", "as_record", "every_row", "horizon", "of_subjects", "size", "stored", "the_latest"]

_AT_ONCE = 2000
_COLUMNS = tuple(column for column in EntryRow.__table__.columns if column.name not in {"leaf", "chain"})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: from an instant, before another (UTC), of actions, by an account, permitted or refused; never a person's."""

    since: datetime | None = None
    until: datetime | None = None
    actions: tuple[str, ...] = ()
    account: str = ""
    outcome: Outcome | None = None


def stored(instant: datetime) -> str:
    """An instant as the log writes it, so that texts compare like instants."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def as_record(row: Row[Any]) -> Record:
    """What stands in the columns. Raises RejectedError `audit_damaged` where somebody made of it no text, or no time."""
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    place = values["position"]
    if type(place) is not int or not all(isinstance(value, str) for name, value in values.items() if name != "position"):
        where = place if type(place) is int else "without a number"
        raise RejectedError(f"entry {where} was changed: run `hub audit verify`", code="audit_damaged")
    try:
        return Record(**{**values, "at": datetime.fromisoformat(values["at"])})
    except ValueError as error:
        text = f"the time of entry {row.position} was changed: run `hub audit verify`"
        raise RejectedError(text, code="audit_damaged") from error


def every_row(engine: Engine, after: int = 0, until: int | None = None) -> Iterator[Row[Any]]:
    """Every row as it stands, hashes too, in the order of positions; `after` and `until` are positions."""
    whole = select(EntryRow.__table__).order_by(EntryRow.position).limit(_AT_ONCE)
    if until is not None:
        whole = whole.where(EntryRow.position <= until)
    while True:
        with answering(), engine.connect() as connection:
            rows = connection.execute(whole.where(EntryRow.position > after)).all()
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].position


def the_latest(engine: Engine, chosen: Filter, limit: int) -> list[Record]:
    """The last `limit` entries that the filter lets through, newest first. Raises RetriableError."""
    query = select(*_COLUMNS).order_by(EntryRow.position.desc()).limit(limit)
    if chosen.since is not None:
        query = query.where(EntryRow.at >= stored(chosen.since))
    if chosen.until is not None:
        query = query.where(EntryRow.at < stored(chosen.until))
    if chosen.actions:
        query = query.where(EntryRow.action.in_(chosen.actions))
    if chosen.account:
        query = query.where(EntryRow.account == chosen.account)
    if chosen.outcome is not None:
        query = query.where(EntryRow.outcome == chosen.outcome.value)
    with answering(), engine.connect() as connection:
        return [as_record(row) for row in connection.execute(query)]


def of_subjects(engine: Engine, pseudonyms: Sequence[str]) -> list[Record]:
    """Every entry about, or on, one of these, oldest first: who opened what, for a register extract."""
    query = select(*_COLUMNS).order_by(EntryRow.position)
    names = list(pseudonyms)
    with answering(), engine.connect() as connection:
        return [
            as_record(row) for row in connection.execute(query.where(or_(EntryRow.subject.in_(names), EntryRow.item.in_(names))))
        ]


def size(engine: Engine) -> int:
    """How many entries there have been; fewer than were signed where somebody made of a position what is no number."""
    last, gone = (cast(func.max(column), BigInteger) for column in (EntryRow.position, HorizonRow.size))
    with answering(), engine.connect() as connection:
        return int(connection.scalar(select(last)) or connection.scalar(select(gone)) or 0)


def horizon(engine: Engine) -> tuple[int, str] | None:
    """The last entry that retention has let go of, and its chain; None when all are there.

    A row that is no number and a text says nothing of any (`hub.audit.damage` tells of it).
    """
    query = select(HorizonRow.size, HorizonRow.chain).order_by(HorizonRow.size.desc())
    with answering(), engine.connect() as connection:
        rows = connection.execute(query).all()
    return next(((row.size, row.chain) for row in rows if type(row.size) is int and isinstance(row.chain, str)), None)
