"""Until when somebody's own tasks are to be answered and followed up: by number and time, for her calendar. Nobody is in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.moves import OPEN_STATES, UNANSWERED
from hub.delivery.tables import ColleagueRow, TaskRow

__all__ = ["Deadline", "deadlines_of"]

_SEEN_WITHIN: Final = timedelta(days=30)
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Deadline:
    """One task's running clock: until when to respond or, `follow_up`, to follow up; a UTC instant."""

    task_id: str
    team: str
    due_by: datetime
    follow_up: bool


def deadlines_of(engine: Engine, account: str, now: datetime) -> list[Deadline]:
    """The clocks of the open tasks that an account has, the next first. Raises RetriableError.

    Of teams whose pages it has been at within 30 days: whoever has left a team hears no more of its tasks.
    """
    seen = ColleagueRow.seen_at >= now - _SEEN_WITHIN
    teams = select(ColleagueRow.team).where(ColleagueRow.account == account, seen)
    query = select(TaskRow.task_id, TaskRow.team, TaskRow.due_by, TaskRow.state, TaskRow.kind).where(
        TaskRow.holder == account, TaskRow.team.in_(teams), TaskRow.state.in_([state.value for state in OPEN_STATES])
    )
    with answering(), Session(engine) as session:
        rows = session.execute(query.order_by(TaskRow.due_by, TaskRow.task_id).limit(_MOST)).all()
    return [
        Deadline(task_id, team, due_by, follow_up=TaskState(state) not in UNANSWERED and kind != "presence")
        for task_id, team, due_by, state, kind in rows
        if due_by is not None
    ]
