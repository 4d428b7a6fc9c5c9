"""What else somebody with the database's own rights can do to the log's tables: take one away, spoil a note or a text."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event, inspect, select

from hub.audit.faults import Fault, Finding
from hub.audit.tables import AuditRow, EntryRow, HorizonRow
from hub.database import answering

__all__ = ["NEEDED", "missing_tables", "of_retention", "of_tables", "read_as_it_stands"]

NEEDED = frozenset({EntryRow.__tablename__, HorizonRow.__tablename__})
"""Without these there is no log to read."""


def missing_tables(engine: Engine) -> frozenset[str]:
    """Tables of the log that are not there. Raises RetriableError when the database does not answer."""
    with answering(), engine.connect() as connection:
        looked = inspect(connection)
        return frozenset(name for name in AuditRow.metadata.tables if not looked.has_table(name))


def of_tables(missing: frozenset[str]) -> list[Finding]:
    """Each is told: it was there when the log was made."""
    text = "the table {} is missing: it was taken out of the database, with all that stood in it"
    return [Finding(Fault.DELETION, 0, 0, text.format(name)) for name in sorted(missing)]


def of_retention(engine: Engine) -> list[Finding]:
    """Notes of what retention let go of that are no number and a text any more."""
    with answering(), engine.connect() as connection:
        rows = connection.execute(select(HorizonRow.size, HorizonRow.chain)).all()
    if all(type(row.size) is int and isinstance(row.chain, str) for row in rows):
        return []
    return [Finding(Fault.EDIT, 0, 0, "a note of what retention let go of is not as it was written")]


def read_as_it_stands(engine: Engine) -> None:
    """From its next connection on, read a text of SQLite's that is no UTF-8 as its bytes: else nothing beside it could be read.

    Bytes in the place of a text are found at their place, as any are.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _take_any_text)


def _take_any_text(connection: Any, _entry: object) -> None:
    connection.text_factory = _as_it_stands


def _as_it_stands(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
