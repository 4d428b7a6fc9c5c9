"""The table of one connector instance's queue. Nothing in it says whom a notice is about, or what consent decided."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, LargeBinary, MetaData, String, Table

from hub.database import UtcInstant

__all__ = ["metadata", "notices"]

metadata = MetaData()

notices = Table(
    "notices",
    metadata,
    Column("number", String(40), primary_key=True, comment="digest of the message id, as in the statutory store"),
    Column("reason", String(64), nullable=False, comment="why the connector could not read it"),
    Column("found_at", UtcInstant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("changed_at", UtcInstant, nullable=False),
    Column("ready_at", UtcInstant, comment="of a coded one: when the connector may take it"),
    Column("taken", Boolean, nullable=False, comment="the connector has it in hand: no undo any more"),
    Column("sealed", LargeBinary, nullable=False, comment="the coded result, until it is published"),
    Column("contents", String(64), nullable=False, server_default="", comment="digest of what the store has of it"),
    Column("decided", String(64), nullable=False, server_default="", comment="`contents` as of the last decision"),
)
