"""Tables of one lane's store. Nothing in them says who a person is: references, keyed identities, keyed digests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from hub.database import UtcInstant

__all__ = [
    "breakers",
    "conditions",
    "cursors",
    "events",
    "intents",
    "journal",
    "kept",
    "letters",
    "metadata",
    "news",
    "outcomes",
    "pauses",
    "receipts",
    "secured",
    "silences",
    "starts",
]

metadata = MetaData()

events = Table(
    "events",
    metadata,
    Column("event_id", String(41), primary_key=True),
    Column("subject", String(64), primary_key=True, comment="youth_ref or area code"),
    Column("revision", Integer, nullable=False, comment="the last one that Kafka acknowledged"),
    Column("content", String(64), nullable=False),
    Column("occurred_at", UtcInstant, comment="of a person's fact; null of what was told before this column was"),
    Column("heard_at", UtcInstant, comment="when the source showed it last; kept where letters keep their bodies"),
    Index("events_by_subject", "subject"),
)

intents = Table(
    "intents",
    metadata,
    Column("event_id", String(41), primary_key=True),
    Column("subject", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True, comment="may be on Kafka, may be not"),
    Column("content", String(64), nullable=False),
    Column("occurred_at", UtcInstant),
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
    Column("message", String(64), primary_key=True, comment="SHA-256 of the key by which its source lists the message"),
)

kept = Table(
    "kept",
    metadata,
    Column("number", Integer, primary_key=True, comment="in the order of the pulls, never given twice"),
    Column("content", LargeBinary, nullable=False, comment="a batch about places, not yet on Kafka"),
    Column("pulled_at", UtcInstant, nullable=False),
)

letters = Table(
    "letters",
    metadata,
    Column("letter_id", String(17), primary_key=True),
    Column("found_at", UtcInstant, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("start", String(64), nullable=False, comment="digest of the cursor it was read after"),
    Column("ordinal", Integer, nullable=False, comment="its place among what that cursor gives"),
    Column("token", String(32), nullable=False, comment="keyed; confirms what is found again"),
    Column("sealed", LargeBinary, nullable=False, comment="the source's record, of places only"),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("changed_at", UtcInstant),
    Column("result", String(64), nullable=False),
    Column("heard_at", UtcInstant, comment="when the source showed it last; null of letters from before this column"),
    Index("letters_by_state", "state"),
    Index("letters_by_start", "start"),
)

starts = Table(
    "starts",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("cursor", Text, nullable=False, comment="what letters were read after; gone with the last of them"),
)

journal = Table(
    "journal",
    metadata,
    Column("number", Integer, primary_key=True, comment="in the order of the settlements"),
    Column("event_id", String(41), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("subject", String(64), nullable=False, comment="youth_ref or area code: for erasure, never searched by a person"),
    Column("settled_at", UtcInstant, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("letter_id", String(17), nullable=False, comment="the letter it was redriven from, or empty"),
    Index("journal_by_event", "event_id"),
    Index("journal_by_subject", "subject"),
    Index("journal_by_time", "settled_at"),
)

conditions = Table(
    "conditions",
    metadata,
    Column("lane", String(16), primary_key=True),
    Column("watched_since", UtcInstant, nullable=False, comment="the first poll that was noted here"),
    Column("polled_at", UtcInstant, nullable=False),
    Column("result", String(16), nullable=False),
    Column("code", String(64), nullable=False, comment="of the error, or empty"),
    Column("succeeded_at", UtcInstant, comment="the last whole poll"),
    Column("next_poll", UtcInstant, comment="null when nobody polls"),
)

news = Table(
    "news",
    metadata,
    Column("lane", String(16), primary_key=True),
    Column("hour", UtcInstant, primary_key=True),
    Column("records", BigInteger, nullable=False, comment="new ones, whatever consent said of them"),
    Column("last_at", UtcInstant, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("paused_at", UtcInstant, nullable=False),
    Column("paused_by", String(64), nullable=False, comment="an account's opaque id"),
    Column("reason", String(200), nullable=False, comment="a line that holds no number of a person"),
    Column("resumed_at", UtcInstant),
    Column("resumed_by", String(64), nullable=False),
)

breakers = Table(
    "breakers",
    metadata,
    Column("number", Integer, primary_key=True, comment="1: a connector has one source"),
    Column("state", String(16), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    Column("since", UtcInstant),
    Column("retry_at", UtcInstant),
    Column("code", String(64), nullable=False, comment="of the last error"),
)

silences = Table(
    "silences",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("since", UtcInstant, nullable=False, comment="by when something new had been expected"),
    Column("noticed_at", UtcInstant, nullable=False),
    Column("ended_at", UtcInstant),
)
