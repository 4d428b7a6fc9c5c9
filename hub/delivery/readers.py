"""Which teams have opened a task about a youth, and what a withdrawal asks of each of them.

A task has one team at a time; but a team that had it before, and read it, knows what it read. So the withdrawal is told to each
team that has opened it: each has it in its list until it has said that it knows, and the erasure awaits each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Index, Select, String, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from hub.contract.models import TaskState
from hub.delivery.tables import Base, TaskRow
from hub.delivery.views import TaskView

__all__ = ["ReaderRow", "asked_of", "asked_view", "note_reader", "reader_of", "readers_of"]


_TOLD = text("recall_of IS NOT NULL")


class ReaderRow(Base):
    """One team that has opened one task about a youth, first `at`.

    `recall_of`: whose withdrawal took the task back from this team, until it has acknowledged that (`acknowledged_at`) and the
    erasure it belongs to (`recall_id`) has been told. It says nothing of the youth after that. `at` is after `acknowledged_at`
    where the team has the task again: what it knows since then, a later withdrawal is to be told of.
    """

    __tablename__ = "task_reader"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    task_id: Mapped[str] = mapped_column(String(36))
    team: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    recall_of: Mapped[str | None] = mapped_column(String(40))
    recall_id: Mapped[str | None] = mapped_column(String(36))
    acknowledged_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("task_id", "team", name="uq_task_reader"),
        Index("ix_task_reader_recall_of", "recall_of"),
        # Of the few that a withdrawal was told to, whatever a team has read.
        Index("ix_task_reader_asked", "team", sqlite_where=_TOLD, postgresql_where=_TOLD),
    )

    @property
    def is_asked(self) -> bool:
        """Whether a withdrawal waits for the team to say that it knows."""
        return self.recall_of is not None and self.acknowledged_at is None

    @property
    def reads(self) -> bool:
        """Whether it knows what the task says, and no withdrawal has been told to it since."""
        return self.recall_of is None if self.acknowledged_at is None else self.at > self.acknowledged_at

    def recall(self, subject: str | None) -> None:
        """A withdrawal takes the task back from it; what it has said, or has yet to say, of an earlier one stays."""
        if self.reads:
            self.recall_of, self.recall_id, self.acknowledged_at = subject, None, None


def note_reader(session: Session, row: TaskRow, now: datetime) -> None:
    """The task's team reads it from now on, if it does not already; to be the last that is done before `session` is flushed.

    The task's version moves first: none comes to read it beside an erasure, and of two of a team the second asks again.
    """
    if row.kind != "referral":
        return
    with session.no_autoflush:
        reader = reader_of(session, row.task_id, row.team)
    if reader is not None and (reader.reads or reader.is_asked):
        return
    flag_modified(row, "opened_at")
    session.flush()
    if reader is None:
        session.add(ReaderRow(task_id=row.task_id, team=row.team, at=now))
    elif reader.recall_of is not None and reader.acknowledged_at is not None:  # which its erasure has yet to be told
        reader.at = max(now, reader.acknowledged_at + timedelta.resolution)
    else:
        reader.at, reader.recall_id, reader.acknowledged_at = now, None, None


def reader_of(session: Session, task_id: str, team: str) -> ReaderRow | None:
    """The team as a reader of the task; None when it has never opened it."""
    return session.scalar(select(ReaderRow).where(ReaderRow.task_id == task_id, ReaderRow.team == team))


def readers_of(session: Session, task_ids: Collection[str], team: str) -> dict[str, ReaderRow]:
    """By task, the team as its reader; tasks that it has never opened are left out."""
    query = select(ReaderRow).where(ReaderRow.task_id.in_(task_ids), ReaderRow.team == team)
    return {reader.task_id: reader for reader in session.scalars(query)}


def asked_of(teams: Iterable[str]) -> Select[str]:
    """The ids of the tasks of which these teams have yet to say that they know of the withdrawal, whoever has them now."""
    asked = (ReaderRow.recall_of.is_not(None), ReaderRow.acknowledged_at.is_(None))
    return select(ReaderRow.task_id).where(*asked, ReaderRow.team.in_(list(teams)))


def asked_view(row: TaskRow, team: str, reader: ReaderRow | None, view: TaskView) -> TaskView:
    """What a team sees of a task that it has, or has had and read.

    A former team sees that consent is withdrawn, and nothing of what became of the task with the team after it (OSL 8:1-2).
    """
    if reader is None:
        return view
    view = replace(view, recalled=reader.is_asked, acknowledged_at=None if reader.reads else reader.acknowledged_at)
    if row.team == team:
        return view
    return replace(
        view, team=team, former=True, state=TaskState.RECALLED, reason=None, area=None, content=None, held=False,
        opened_at=reader.at, closed_at=None, ground_lost_at=None, respond_by=None, due_by=None, late=False, holder=None,
        answered_at=None, routed=None, not_handed=(), withheld=False,
    )  # fmt: skip
