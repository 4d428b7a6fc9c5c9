"""What somebody with write access to the database can do, in raw SQL; the triggers go first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, text

from hub.audit.entries import canonical_content
from hub.audit.log import FIRST_CHAIN, chain_hash
from hub.audit.merkle import leaf_hash

COLUMNS = "at, account, unit, role, action, subject, item, purpose, outcome, rule, leaf, chain"
ROOM = 1_000_000  # where positions are out of the way


def run(engine: Engine, *statements: str) -> None:
    """Each in turn, without the triggers that would refuse it."""
    with engine.begin() as connection:
        _disarm(connection)
        for statement in statements:
            connection.execute(text(statement))


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for table in ("audit_entry", "audit_checkpoint", "audit_sealed"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def move(engine: Engine, start: int, by: int) -> None:
    """Number everything from `start` on anew, `by` further."""
    run(
        engine,
        f"UPDATE audit_entry SET position = position + {ROOM} WHERE position >= {start}",
        f"UPDATE audit_entry SET position = position - {ROOM} + {by} WHERE position >= {ROOM}",
    )


def swap(engine: Engine, one: int, other: int) -> None:
    run(
        engine,
        f"UPDATE audit_entry SET position = {ROOM} WHERE position = {one}",
        f"UPDATE audit_entry SET position = {one} WHERE position = {other}",
        f"UPDATE audit_entry SET position = {other} WHERE position = {ROOM}",
    )


def hash_anew(engine: Engine, *, links: bool = True) -> None:
    """Make leaves, and links too, fit to what stands there now: what somebody who knows this program would do."""
    with engine.begin() as connection:
        _disarm(connection)
        chain = FIRST_CHAIN
        for row in connection.execute(text(f"SELECT position, {COLUMNS} FROM audit_entry ORDER BY position")).all():
            leaf = leaf_hash(canonical_content(*list(row)[1:-2])).hex()
            chain = chain_hash(chain, leaf) if links else row.chain
            values: dict[str, Any] = {"leaf": leaf, "chain": chain, "position": row.position}
            connection.execute(text("UPDATE audit_entry SET leaf = :leaf, chain = :chain WHERE position = :position"), values)
