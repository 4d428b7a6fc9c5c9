"""What the inbox lets go of when it has been kept for long enough (`hub.retention`).

A task that is open stays, and so does one whose end somebody has yet to hear of: a recall that its team has not acknowledged,
word of it that Kafka has not confirmed, and word that a system of its team has not taken. The bare row stays as well, without
the subject: a repeat of the same proposal must not open it anew, and follow-up counts it. What its systems were told goes whole,
when they have taken all of it: of a task that they may still hold, the hub must know what it said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import ColumnElement, Engine, Select, SelectBase, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from hub.contract.models import TaskState
from hub.database import answering, truncate_log
from hub.delivery.errands import Status
from hub.delivery.readers import ReaderRow
from hub.delivery.tables import CallRow, ColleagueRow, ErrandRow, MoveRow, NoteRow, OutboxRow, TaskRow
from hub.retention import Due, Kind
from hub.retention_settings import RetentionSettings

__all__ = ["inbox_kinds"]

_NOT_ACKNOWLEDGED: Final = "not_acknowledged"
_NOT_DELIVERED: Final = "not_delivered"
_NOT_TAKEN: Final = "not_taken"


def inbox_kinds(engine: Engine, settings: RetentionSettings) -> list[Kind]:
    """Every kind of the inbox, in the order in which they go: content before the history of what had it."""
    kinds: tuple[type[_InboxKind], ...] = (_Notes, _Tasks, _Errands, _Moves, _Calls, _Readers, _Colleagues)
    return [kind(engine, getattr(settings, kind.setting)) for kind in kinds]


class _InboxKind:
    name: ClassVar[str]
    setting: ClassVar[str]

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        return self._days

    def due(self, before: datetime) -> Due:
        raise NotImplementedError

    def let_go(self, before: datetime, most: int) -> int:
        raise NotImplementedError

    def tidy(self) -> None:
        truncate_log(self._engine)


def _waits_for_team() -> ColumnElement[bool]:
    asked = (ReaderRow.task_id == TaskRow.task_id, ReaderRow.recall_of.is_not(None), ReaderRow.acknowledged_at.is_(None))
    return select(ReaderRow.id).where(*asked).exists()


def _waits_for_sink() -> ColumnElement[bool]:
    waiting = select(ErrandRow.id).where(ErrandRow.task_id == TaskRow.task_id, ErrandRow.status == Status.WAITING.value)
    return waiting.exists()


def _has_content() -> ColumnElement[bool]:
    return TaskRow.payload.is_not(None) | TaskRow.subject.is_not(None)


def _undelivered(session: Session, subjects: Iterable[str | None]) -> set[str]:
    """Of these subjects those of whom the outbox has yet to tell something."""
    keys = [subject.encode() for subject in subjects if subject]
    if not keys:
        return set()
    return {key.decode() for key in session.scalars(select(OutboxRow.key).where(OutboxRow.key.in_(keys))) if key}


class _Tasks(_InboxKind):
    name = "tasks"
    setting = "task_days"

    def due(self, before: datetime) -> Due:
        with answering(), Session(self._engine) as session:
            ended = _has_content() & TaskRow.closed_at.is_not(None)
            old = ended & (TaskRow.closed_at <= before)
            kept = session.scalar(select(func.count()).select_from(TaskRow).where(ended & (TaskRow.closed_at > before))) or 0
            waiting = session.scalar(select(func.count()).select_from(TaskRow).where(old & _waits_for_team())) or 0
            free = old & ~_waits_for_team() & ~_waits_for_sink()
            count, oldest = session.execute(select(func.count(), func.min(TaskRow.closed_at)).where(free)).one()
            for_sink = old & ~_waits_for_team() & _waits_for_sink()
            unheard = session.scalar(select(func.count()).select_from(TaskRow).where(for_sink)) or 0
            told = [key.decode() for key in session.scalars(select(OutboxRow.key).distinct()) if key]
            untold = sum(
                session.scalar(
                    select(func.count()).select_from(TaskRow).where(free & TaskRow.subject.in_(told[first : first + 500]))
                )
                or 0
                for first in range(0, len(told), 500)
            )
        back = {_NOT_ACKNOWLEDGED: waiting, _NOT_DELIVERED: untold + unheard}
        return Due(count - untold, kept, oldest, {why: number for why, number in back.items() if number})

    def let_go(self, before: datetime, most: int) -> int:
        free = _has_content() & (TaskRow.closed_at <= before) & ~_waits_for_team() & ~_waits_for_sink()
        query = select(TaskRow.task_id, TaskRow.subject, TaskRow.version).where(free).order_by(TaskRow.closed_at, TaskRow.task_id)
        with answering(), Session(self._engine) as session, session.begin():
            after, chosen = 0, list[tuple[str, int]]()
            while not chosen and (rows := session.execute(query.limit(most).offset(after)).all()):
                told = _undelivered(session, (row.subject for row in rows))
                chosen = [(row.task_id, row.version) for row in rows if row.subject not in told]
                after += len(rows)
            gone = 0
            for task_id, version in chosen:  # one that moved meanwhile is looked at anew
                bare = {"subject": None, "payload": None, "area": None, "holder": None, "stands_for": None}
                here = (TaskRow.task_id == task_id) & (TaskRow.version == version)
                done = session.execute(update(TaskRow).where(here).values(**bare, version=version + 1))
                if getattr(done, "rowcount", 0):
                    session.execute(delete(NoteRow).where(NoteRow.task_id == task_id))
                    gone += 1
        return gone


class _Notes(_InboxKind):
    name = "notes"
    setting = "note_days"

    def due(self, before: datetime) -> Due:
        ended = select(NoteRow.note_id, TaskRow.closed_at).join(TaskRow, TaskRow.task_id == NoteRow.task_id)
        ended = ended.where(TaskRow.closed_at.is_not(None))
        waits = _waits_for_team()
        with answering(), Session(self._engine) as session:
            old = ended.where(TaskRow.closed_at <= before)
            kept = _count(session, ended.where(TaskRow.closed_at > before))
            waiting = _count(session, old.where(waits))
            free = old.where(~waits).subquery()
            count, oldest = session.execute(select(func.count(), func.min(free.c.closed_at)).select_from(free)).one()
        return Due(count, kept, oldest, {_NOT_ACKNOWLEDGED: waiting} if waiting else {})

    def let_go(self, before: datetime, most: int) -> int:
        query = select(NoteRow.note_id).join(TaskRow, TaskRow.task_id == NoteRow.task_id)
        query = query.where((TaskRow.closed_at <= before) & ~_waits_for_team()).order_by(NoteRow.at, NoteRow.note_id).limit(most)
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query))
            session.execute(delete(NoteRow).where(NoteRow.note_id.in_(chosen)))
        return len(chosen)


class _Errands(_InboxKind):
    name = "errands"
    setting = "errand_days"

    def due(self, before: datetime) -> Due:
        with answering(), Session(self._engine) as session:
            old = TaskRow.closed_at <= before
            free = _told().where(old & ~_untaken() & ~_settled_after(before)).subquery()
            count, oldest = session.execute(select(func.count(), func.min(free.c.closed_at)).select_from(free)).one()
            waiting = _count(session, _told().where(old & _untaken()))
            whole = _count(session, select(ErrandRow.id))
        return Due(count, whole - count - waiting, oldest, {_NOT_TAKEN: waiting} if waiting else {})

    def let_go(self, before: datetime, most: int) -> int:
        free = _told().where((TaskRow.closed_at <= before) & ~_untaken() & ~_settled_after(before))
        query = free.order_by(TaskRow.closed_at, ErrandRow.task_id, ErrandRow.id).limit(most + 1)
        with answering(), Session(self._engine) as session, session.begin():
            rows = session.execute(query).all()
            # Of a task all or nothing; it has far fewer than a batch.
            cut = rows[-1].task_id if len(rows) > most else None
            chosen = [row.id for row in rows if row.task_id != cut]
            session.execute(delete(ErrandRow).where(ErrandRow.id.in_(chosen)))
        return len(chosen)


def _told() -> Select[int, str, datetime | None]:
    return select(ErrandRow.id, ErrandRow.task_id, TaskRow.closed_at).join(TaskRow, TaskRow.task_id == ErrandRow.task_id)


def _untaken() -> ColumnElement[bool]:
    """A system has yet to take a word of the task, or would not hear that it is to let it go: then it may still hold it."""
    one = aliased(ErrandRow)
    kept = (one.status == Status.REFUSED.value) & (one.state != TaskState.REQUESTED.value)
    return select(one.id).where(one.task_id == TaskRow.task_id, (one.status == Status.WAITING.value) | kept).exists()


def _settled_after(before: datetime) -> ColumnElement[bool]:
    one = aliased(ErrandRow)
    return select(one.id).where(one.task_id == TaskRow.task_id, one.settled_at > before).exists()


class _History(_InboxKind):
    setting = "move_days"
    table: ClassVar[type[MoveRow | CallRow | ReaderRow]]

    def due(self, before: datetime) -> Due:
        row, old = self.table, self.table.at <= before
        with answering(), Session(self._engine) as session:
            free = select(row.id, row.at).where(old & self._of_bare()).subquery()
            count, oldest = session.execute(select(func.count(), func.min(free.c.at)).select_from(free)).one()
            kept = _count(session, select(row.id).where(~old))
            back = _count(session, select(row.id).where(old & ~self._of_bare()))
        return Due(count, kept, oldest, {"task_kept": back} if back else {})

    def let_go(self, before: datetime, most: int) -> int:
        row = self.table
        query = select(row.id).where((row.at <= before) & self._of_bare()).order_by(row.id).limit(most)
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query))
            session.execute(delete(row).where(row.id.in_(chosen)))
        return len(chosen)

    def _of_bare(self) -> ColumnElement[bool]:
        """Of a task that says nothing any more, or is not there."""
        full = select(TaskRow.task_id).where(_has_content() | TaskRow.closed_at.is_(None))
        return self.table.task_id.not_in(full)


class _Moves(_History):
    name = "moves"
    table = MoveRow


class _Calls(_History):
    name = "calls"
    table = CallRow


class _Readers(_History):
    name = "readers"
    table = ReaderRow

    def _of_bare(self) -> ColumnElement[bool]:
        """Not before its acknowledgement has been told."""
        return super()._of_bare() & ReaderRow.recall_of.is_(None)


class _Colleagues(_InboxKind):
    name = "colleagues"
    setting = "colleague_days"

    def due(self, before: datetime) -> Due:
        with answering(), Session(self._engine) as session:
            old = ColleagueRow.seen_at <= before
            count, oldest = session.execute(select(func.count(), func.min(ColleagueRow.seen_at)).where(old)).one()
            kept = _count(session, select(ColleagueRow.account).where(~old))
        return Due(count, kept, oldest)

    def let_go(self, before: datetime, most: int) -> int:
        del most  # as many as a municipality has staff
        with answering(), Session(self._engine) as session, session.begin():
            done = session.execute(delete(ColleagueRow).where(ColleagueRow.seen_at <= before))
            return int(getattr(done, "rowcount", 0))


def _count(session: Session, query: SelectBase) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
