"""Statements about letters and the journal; each runs inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from hub.connect.letters import Letter, LetterState, digest_of
from hub.connect.rows import add_counts
from hub.connect.tables import journal, letters, starts

__all__ = [
    "Bounds",
    "Published",
    "Result",
    "add_letters",
    "add_published",
    "find_letters",
    "move_letters",
    "purge",
    "set_results",
]


_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is remembered; the oldest goes first."""

    journal_rows: int = 200_000
    journal_age: timedelta = timedelta(days=30)
    letters: int = 10_000
    letter_age: timedelta = timedelta(days=14)
    letter_bytes: int = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the journal: Kafka has this revision of an event, at this place. `letter_id`: redriven from that letter."""

    event_id: str
    revision: int
    subject: str
    settled_at: datetime
    outcome: str
    topic: str
    partition: int
    offset: int
    letter_id: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt to redrive a letter ended; `reason` is empty when it was handled."""

    letter_id: str
    reason: str


def add_published(connection: Connection, published: Sequence[Published]) -> None:
    """Write lines of the journal."""
    if published:
        columns = [name for name in journal.c.keys() if name != "number"]  # noqa: SIM118 -- a collection of columns, no mapping
        connection.execute(insert(journal), [{name: getattr(one, name) for name in columns} for one in published])


def add_letters(connection: Connection, found: Sequence[Letter]) -> None:
    """Write letters that are not there yet, and where they were read from; of the others, that they were shown again."""
    known_ids: set[str] = set()
    for first in range(0, len(found), _CHUNK):
        ids = [one.letter_id for one in found[first : first + _CHUNK]]
        known_ids.update(connection.scalars(select(letters.c.letter_id).where(letters.c.letter_id.in_(ids))))
    again = [{"id_": one.letter_id, "at_": one.found_at} for one in found if one.letter_id in known_ids]
    if again:
        same = letters.c.letter_id == bindparam("id_")
        connection.execute(update(letters).where(same).values(heard_at=bindparam("at_")), again)
    found = list({one.letter_id: one for one in found if one.letter_id not in known_ids}.values())
    if not found:
        return
    cursors = {digest_of(one.start): json.dumps(one.start) for one in found}
    known = set(connection.scalars(select(starts.c.digest).where(starts.c.digest.in_(cursors))))
    fresh = [{"digest": digest, "cursor": cursor} for digest, cursor in cursors.items() if digest not in known]
    if fresh:
        connection.execute(insert(starts), fresh)
    connection.execute(insert(letters), [_row(one) for one in found])


def find_letters(connection: Connection, *conditions: Any, limit: int | None = None) -> list[Letter]:
    """Letters of which all conditions hold, oldest first."""
    query = select(letters, starts.c.cursor).join(starts, starts.c.digest == letters.c.start).where(*conditions)
    return [_letter(row) for row in connection.execute(query.order_by(letters.c.found_at, letters.c.letter_id).limit(limit))]


def move_letters(connection: Connection, ids: Iterable[str], before: LetterState, after: LetterState, now: datetime) -> list[str]:
    """Move those of the letters that are in the state `before`; the answer is which."""
    moved = []
    for letter_id in ids:
        here = (letters.c.letter_id == letter_id) & (letters.c.state == before.value)
        if connection.execute(update(letters).where(here).values(state=after.value, changed_at=now)).rowcount:
            moved.append(letter_id)
    return moved


def set_results(connection: Connection, results: Iterable[Result], now: datetime) -> None:
    """An attempt is over: handled, or waiting again with what it met. What was discarded meanwhile stays so."""
    for one in results:
        state = LetterState.WAITING if one.reason else LetterState.HANDLED
        values = {"state": state.value, "result": one.reason, "attempts": letters.c.attempts + 1, "changed_at": now}
        here = (letters.c.letter_id == one.letter_id) & (letters.c.state == LetterState.QUEUED.value)
        connection.execute(update(letters).where(here).values(values))


def purge(connection: Connection, bounds: Bounds, now: datetime, *, grown: bool) -> None:
    """Let go of what is past the bounds; `grown`: letters came. Letters that go are counted; of the journal no figure is told."""
    connection.execute(delete(journal).where(journal.c.settled_at < now - bounds.journal_age))
    newest = connection.scalar(select(func.max(journal.c.number))) or 0
    connection.execute(delete(journal).where(journal.c.number <= newest - bounds.journal_rows))
    old = connection.execute(delete(letters).where(letters.c.found_at < now - bounds.letter_age)).rowcount
    over = _drop_oldest(connection, _number(connection) - bounds.letters) if grown else 0
    heavy = _drop_heavy(connection, bounds.letter_bytes) if grown else 0
    if old or over or heavy:
        connection.execute(delete(starts).where(starts.c.digest.not_in(select(letters.c.start))))
        purged = {("letters_purged", "age"): old, ("letters_purged", "count"): over, ("letters_purged", "bytes"): heavy}
        add_counts(connection, purged.items())


def _drop_oldest(connection: Connection, number: int) -> int:
    if number <= 0:
        return 0
    oldest = select(letters.c.letter_id).order_by(letters.c.found_at, letters.c.letter_id).limit(number)
    return connection.execute(delete(letters).where(letters.c.letter_id.in_(oldest))).rowcount


def _drop_heavy(connection: Connection, most: int) -> int:
    dropped = 0
    while _weight(connection) > most and (number := _number(connection)):
        dropped += _drop_oldest(connection, max(1, number // 10))
        connection.execute(delete(starts).where(starts.c.digest.not_in(select(letters.c.start))))
    return dropped


def _number(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(letters)) or 0


def _weight(connection: Connection) -> int:
    """Bytes of bodies, and of the cursors that letters were read after: those of some sources grow."""
    bodies = connection.scalar(select(func.sum(func.length(letters.c.sealed))))
    cursors = connection.scalar(select(func.sum(func.length(starts.c.cursor))))
    return int(bodies or 0) + int(cursors or 0)


def _row(one: Letter) -> dict[str, Any]:
    return {
        "letter_id": one.letter_id, "found_at": one.found_at, "reason": one.reason, "start": digest_of(one.start),
        "ordinal": one.ordinal, "token": one.token, "sealed": one.sealed, "state": one.state.value, "attempts": one.attempts,
        "changed_at": one.changed_at, "result": one.result, "heard_at": one.heard_at,
    }  # fmt: skip


def _letter(row: Row[Any]) -> Letter:
    return Letter(
        row.letter_id, row.found_at, row.reason, json.loads(row.cursor), row.ordinal, row.token, row.sealed,
        LetterState(row.state), row.attempts, row.changed_at, row.result, row.heard_at,
    )  # fmt: skip
