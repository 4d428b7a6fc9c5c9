"""What of a task's history is a team's own: what was done, and whom it called, while that team had the task.

A team that takes a task over reads nothing of the team before it, and that one nothing of what became of it (OSL 8:1-2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.delivery.ladder import TEAM
from hub.delivery.moves import Move
from hub.delivery.tables import CallRow, MoveRow, TaskRow

__all__ = ["begin_anew", "own_calls", "own_moves"]

_TAKE_OVER: Final = Move.TAKE_OVER.value


@dataclass(frozen=True, slots=True)
class _Part:
    """`moves`, newest first; `spells`: after which instant, and until when, the team had the task (None: from or to no end)."""

    moves: Sequence[MoveRow]
    spells: Sequence[tuple[datetime | None, datetime | None]]


def own_moves(session: Session, task_id: str, team: str) -> list[MoveRow]:
    """What people of the team that has the task did with it, oldest first, and who took it over from whom; of another none."""
    return list(_part(session, task_id, team).moves)[::-1]


def own_calls(session: Session, task_id: str, team: str) -> list[CallRow]:
    """Whom the task called while the team that has it had it, and that it called this team itself; of another team none."""
    spells = _part(session, task_id, team).spells
    if not spells:
        return []
    query = select(CallRow).where(CallRow.task_id == task_id).order_by(CallRow.id)
    return [row for row in session.scalars(query) if row.addressee == f"{TEAM}{team}" or _within(row.at, spells)]


def begin_anew(session: Session, row: TaskRow) -> None:
    """The task lies with another team, and nobody of the one before had opened or answered it: it comes as a new one.

    Whoever it was handed to there, and whom it called, is no part of it any more, nor counts among the calls of the new team's.
    """
    row.holder = None
    for table in (MoveRow, CallRow):
        session.execute(delete(table).where(table.task_id == row.task_id).execution_options(synchronize_session=False))


def _part(session: Session, task_id: str, team: str) -> _Part:
    if session.scalar(select(TaskRow.team).where(TaskRow.task_id == task_id)) != team:
        return _Part((), ())
    moves, spells = list[MoveRow](), list[tuple[datetime | None, datetime | None]]()
    owner, until = team, None
    for row in session.scalars(select(MoveRow).where(MoveRow.task_id == task_id).order_by(MoveRow.id.desc())):
        taken_over = row.move == _TAKE_OVER
        if taken_over or owner == team:
            moves.append(row)
        if taken_over:
            if owner == team:
                spells.append((row.at, until))
            owner, until = row.detail.partition(">")[0], row.at
    if owner == team:
        spells.append((None, until))
    return _Part(moves, spells)


def _within(at: datetime, spells: Sequence[tuple[datetime | None, datetime | None]]) -> bool:
    return any((after is None or at > after) and (until is None or at <= until) for after, until in spells)
