"""Tables of one lane's store. Nothing in them says who a person is: references, keyed identities, keyed digests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from hub.database import UtcInstant

__all__ = ["cursors", "events", "intents", "kept", "metadata", "outcomes", "receipts", "secured"]

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("event_id", String(41), primary_key=True),
    Column("subject", String(64), primary_key=True, comment="youth_ref or area code"),
    Column("revision", Integer, nullable=False, comment="the last one that Kafka acknowledged"),
    Column("content", String(64), nullable=False),
    Index("events_by_subject", "subject"),
)

intents = Table(
    "intents",
    metadata,
    Column("event_id", String(41), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True, comment="may be on Kafka, may be not"),
    Column("content", String(64), nullable=False),
    Index("intents_by_subject", "subject"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("lane", String(16), primary_key=True),
    Column("cursor", Text, nullable=False),
    Column("moved_at", UtcInstant, nullable=False),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("outcome", String(32), primary_key=True),
    Column("reason", String(64), primary_key=True),
    Column("records", BigInteger, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("erasure_id", String(36), primary_key=True),
    Column("youth_ref", String(33), nullable=False),
    Column("erased_at", UtcInstant, nullable=False),
)

secured = Table(
    "secured",
    metadata,
    Column("message", String(64), primary_key=True, comment="SHA-256 of the message id"),
)

kept = Table(
    "kept",
    metadata,
    Column("number", Integer, primary_key=True, comment="in the order of the pulls, never given twice"),
    Column("content", LargeBinary, nullable=False, comment="a batch about places, not yet on Kafka"),
    Column("pulled_at", UtcInstant, nullable=False),
)
