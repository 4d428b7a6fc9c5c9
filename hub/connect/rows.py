"""The ledger's statements; each runs inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from hub.connect.revisions import History, Planned
from hub.connect.tables import cursors, events, intents, outcomes, secured
from hub.connector import Cursor

__all__ = [
    "Heard",
    "add_counts",
    "add_intents",
    "drop_intents",
    "hear",
    "load_heard",
    "load_histories",
    "load_known_messages",
    "load_told",
    "move_cursor",
    "remember_messages",
    "store_events",
]

_CHUNK = 500  # bound parameters of one statement


class Heard(NamedTuple):
    """What was said of an event. `at`: when the source said it last; None: before that was noted, or in doubt (`open`)."""

    subject: str
    content: str
    at: datetime | None
    open: bool = False


def load_histories(connection: Connection, event_ids: Iterable[str]) -> dict[tuple[str, str], History]:
    """What is known of these events, by (event id, subject)."""
    found: dict[tuple[str, str], History] = {}
    for chunk in _chunks(dict.fromkeys(event_ids)):
        for row in connection.execute(select(events).where(events.c.event_id.in_(chunk))):
            found[row.event_id, row.subject] = History(row.revision, row.content, occurred_at=row.occurred_at)
        for row in connection.execute(select(intents).where(intents.c.event_id.in_(chunk))):
            history = found.setdefault((row.event_id, row.subject), History())
            history.intents[row.revision] = row.content
            history.occurred_at = history.occurred_at or row.occurred_at
    return found


def load_heard(connection: Connection, event_ids: Iterable[str]) -> dict[str, list[Heard]]:
    """What Kafka has or may have of these events, of whichever subject."""
    found: dict[str, list[Heard]] = {}
    for chunk in _chunks(dict.fromkeys(event_ids)):
        for row in connection.execute(select(events).where(events.c.event_id.in_(chunk))):
            found.setdefault(row.event_id, []).append(Heard(row.subject, row.content, row.heard_at))
        for row in connection.execute(select(intents).where(intents.c.event_id.in_(chunk))):
            found.setdefault(row.event_id, []).append(Heard(row.subject, row.content, None, open=True))
    return found


def hear(connection: Connection, heard: Mapping[str, datetime]) -> None:
    """The source said these events then; what it said later stays."""
    rows = [{"id_": event_id, "at_": at} for event_id, at in heard.items()]
    if rows:
        same = events.c.event_id == bindparam("id_")
        earlier = events.c.heard_at.is_(None) | (events.c.heard_at < bindparam("at_"))
        connection.execute(update(events).where(same, earlier).values(heard_at=bindparam("at_")), rows)


def add_intents(connection: Connection, sends: Iterable[Planned]) -> None:
    """Note the sends that no earlier intent covers."""
    rows = [
        {
            "event_id": one.item.event_id,
            "subject": one.item.key,
            "revision": one.revision,
            "content": one.item.content,
            "occurred_at": one.item.occurred_at,
        }
        for one in sends
        if not one.repeated
    ]
    if rows:
        connection.execute(insert(intents), rows)


def store_events(connection: Connection, sends: Iterable[Planned]) -> None:
    """Kafka has these: the last revision of each event is what is known of it."""
    final = {(one.item.event_id, one.item.key): one for one in sends}
    known: set[tuple[str, str]] = set()
    for chunk in _chunks({event_id for event_id, _ in final}):
        query = select(events.c.event_id, events.c.subject).where(events.c.event_id.in_(chunk))
        known.update((row.event_id, row.subject) for row in connection.execute(query))
    fresh = [{"event_id": key[0], "subject": key[1], **_last(one)} for key, one in final.items() if key not in known]
    changed = [{"id_": key[0], "subject_": key[1], **_last(one)} for key, one in final.items() if key in known]
    if fresh:
        connection.execute(insert(events), fresh)
    if changed:
        same = (events.c.event_id == bindparam("id_")) & (events.c.subject == bindparam("subject_"))
        connection.execute(update(events).where(same), changed)


def _last(one: Planned) -> dict[str, Any]:
    return {"revision": one.revision, "content": one.item.content, "occurred_at": one.item.occurred_at}


def load_told(connection: Connection, subjects: Iterable[str]) -> dict[str, dict[str, datetime | None]]:
    """Everything of these subjects that Kafka has or may have: subject → event id → when it occurred."""
    told: dict[str, dict[str, datetime | None]] = {}
    for chunk in _chunks(dict.fromkeys(subjects)):
        for table in (intents, events):
            query = select(table.c.subject, table.c.event_id, table.c.occurred_at).where(table.c.subject.in_(chunk))
            for row in connection.execute(query):
                told.setdefault(row.subject, {})[row.event_id] = row.occurred_at
    return told


def drop_intents(connection: Connection, sends: Iterable[Planned]) -> None:
    """The intents up to the acknowledged revisions have served."""
    rows = [{"id_": one.item.event_id, "subject_": one.item.key, "revision_": one.revision} for one in sends]
    if rows:
        same = (intents.c.event_id == bindparam("id_")) & (intents.c.subject == bindparam("subject_"))
        connection.execute(delete(intents).where(same & (intents.c.revision <= bindparam("revision_"))), rows)


def move_cursor(connection: Connection, lane: str, cursor: Cursor, now: datetime) -> None:
    """The lane goes on here."""
    values = {"cursor": json.dumps(cursor), "moved_at": now}
    if not connection.execute(update(cursors).where(cursors.c.lane == lane).values(values)).rowcount:
        connection.execute(insert(cursors).values(lane=lane, **values))


def add_counts(connection: Connection, counts: Iterable[tuple[tuple[str, str], int]]) -> None:
    """Add to the records by (outcome, reason)."""
    for (outcome, reason), number in counts:
        same = (outcomes.c.outcome == outcome) & (outcomes.c.reason == reason)
        more = {"records": outcomes.c.records + number}
        if number and not connection.execute(update(outcomes).where(same).values(more)).rowcount:
            connection.execute(insert(outcomes).values(outcome=outcome, reason=reason, records=number))


def load_known_messages(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Which of these message digests are secured."""
    known: set[str] = set()
    for chunk in _chunks(digests):
        known.update(connection.scalars(select(secured.c.message).where(secured.c.message.in_(chunk))))
    return known


def remember_messages(connection: Connection, digests: Iterable[str]) -> None:
    """These are secured from now on."""
    rows = [{"message": digest} for digest in digests]
    if rows:
        connection.execute(insert(secured), rows)


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(values)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
