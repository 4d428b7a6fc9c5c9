"""What a team notes on a task: sealed in the inbox' database, never on Kafka, shown only with the task's content.

A note about safe contact ("ring inte hem") comes before all others: whoever reaches out without having read it can do harm.

A note is its team's own: what a unit has written is secret to the next unit that gets the task (OSL 8:1-2, 26:1), and no consent
is asked about it. The other team is told how many there are and whose, and whether any is about safe contact: that choice
travels, because it protects the youth, and never the text. What it says is the unit's to give out, when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import uuid4

from sqlalchemy import Engine, case, func, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.database import answering
from hub.delivery.tables import NoteRow, TaskRow
from hub.delivery.trying import again
from hub.delivery.views import TaskView, may_open
from hub.errors import RejectedError
from hub.sealed import Seal

__all__ = ["LONGEST", "KeptElsewhere", "Note", "NoteKind", "NoteSeal", "Notes", "notes_of"]

LONGEST = 2000
"""Characters of a note."""


class NoteKind(StrEnum):
    NOTE = "note"
    SAFE_CONTACT = "safe-contact"


@dataclass(frozen=True, slots=True)
class Note:
    """`text` is None when it was sealed under another key: that there is one, and whose, is shown all the same."""

    at: datetime
    account: str
    kind: NoteKind
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptElsewhere:
    """How many notes another team keeps with a task that it had before, and whether any of them is about safe contact."""

    team: str
    number: int
    safe_contact: bool


class NoteSeal:
    """Seals and opens (AES-256-GCM), bound to the task and the note. `key`: the installation's `worklist.key`, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._seal = Seal(key, b"hub task notes")

    def seal(self, task_id: str, note_id: str, text: str) -> bytes:
        """As it may lie on disk."""
        return self._seal.seal(_bound(task_id, note_id), text.encode())

    def open(self, task_id: str, note_id: str, sealed: bytes) -> str | None:
        """What was sealed; None when it was under another key, or for another note."""
        text = self._seal.open(_bound(task_id, note_id), sealed)
        return None if text is None else text.decode()


class Notes:
    """Safe for several threads. `stale` says whether withdrawals may wait unread: then nothing is written or shown."""

    def __init__(self, engine: Engine, seal: NoteSeal, clock: Clock, stale: Callable[[], bool]) -> None:
        self._engine = engine
        self._seal = seal
        self._clock = clock
        self._stale = stale

    def add(self, task_id: str, team: str, account: str, kind: NoteKind, text: str, *, record: Callable[[], object]) -> None:
        """Note something on an open task whose content the team may see now. `record` writes the audit log before it holds.

        Raises RejectedError `unknown_task`, `ended`, `not_shown` (no consent permits it now), `no_text`, `too_long`;
        RetriableError when the database or the log does not answer: then nothing was noted.
        """
        written = text.replace("\r\n", "\n").strip()
        if not written:
            raise RejectedError("a note without a text", code="no_text")
        if len(written) > LONGEST:
            raise RejectedError(f"a note has at most {LONGEST} characters", code="too_long")
        again(partial(self._add, task_id, team, account, kind, text=written, record=record))

    def of(self, task: TaskView) -> list[Note]:
        """What the team that has just opened a task noted on it, safe contact first, then the newest; none without content."""
        if task.content is None:
            return []
        query = (
            select(NoteRow)
            .where(NoteRow.task_id == task.task_id, NoteRow.team == task.team)
            .order_by(NoteRow.at.desc(), NoteRow.note_id)
        )
        with answering(), Session(self._engine) as session:
            found = [
                Note(row.at, row.account, NoteKind(row.kind), self._seal.open(row.task_id, row.note_id, row.sealed))
                for row in session.scalars(query)
            ]
        return sorted(found, key=lambda note: note.kind is not NoteKind.SAFE_CONTACT)

    def elsewhere(self, task: TaskView) -> list[KeptElsewhere]:
        """What other teams keep with a task just opened, by team; none while its content is not shown."""
        if task.content is None:
            return []
        safe = func.sum(case((NoteRow.kind == NoteKind.SAFE_CONTACT.value, 1), else_=0))
        query = select(NoteRow.team, func.count(), safe).where(NoteRow.task_id == task.task_id, NoteRow.team != task.team)
        with answering(), Session(self._engine) as session:
            found = session.execute(query.group_by(NoteRow.team).order_by(NoteRow.team)).all()
        return [KeptElsewhere(team, int(number), bool(warnings)) for team, number, warnings in found]

    def _add(self, task_id: str, team: str, account: str, kind: NoteKind, *, text: str, record: Callable[[], object]) -> None:
        now, stale, note_id = self._clock.now(), self._stale(), str(uuid4())
        with answering(), Session(self._engine) as session, session.begin():
            row = session.get(TaskRow, task_id)
            if row is None or row.team != team:
                raise RejectedError("no such task for this team", code="unknown_task")
            if row.open_key is None:
                raise RejectedError("the task has ended", code="ended")
            if row.kind != "presence" and (stale or not may_open(session, row, now)):
                raise RejectedError("no consent in force permits it now", code="not_shown")
            sealed = self._seal.seal(task_id, note_id, text)
            session.add(
                NoteRow(note_id=note_id, task_id=task_id, at=now, team=team, account=account, kind=kind.value, sealed=sealed)
            )
            row.notes_taken += 1
            session.flush()  # an erasure in between makes this be asked again
            record()


def notes_of(session: Session, task_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """By task, the teams that keep notes with it, and how many; tasks without any are left out."""
    query = select(NoteRow.task_id, NoteRow.team, func.count()).where(NoteRow.task_id.in_(task_ids))
    found: dict[str, list[tuple[str, int]]] = {}
    for task_id, team, number in session.execute(query.group_by(NoteRow.task_id, NoteRow.team).order_by(NoteRow.team)):
        found.setdefault(task_id, []).append((team, int(number)))
    return found


def _bound(task_id: str, note_id: str) -> bytes:
    return f"{task_id}\x00{note_id}".encode()
