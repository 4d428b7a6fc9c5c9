"""A team's list: which tasks it shows, in which order, how many there are of each. Made for ten thousand tasks of a team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Subquery, case, func, select

from hub.contract.models import TaskState
from hub.delivery.moves import OPEN_STATES, UNANSWERED
from hub.delivery.tables import TaskRow
from hub.delivery.views import unacknowledged

__all__ = ["COUNTED", "Shown", "counted", "rows_of"]


class Shown(StrEnum):
    """What of a team's tasks a list shows. `NEW`: nobody has opened it; `WAITING`: opened, and not answered yet."""

    OPEN = "open"
    NEW = "new"
    WAITING = "waiting"
    MINE = "mine"
    OTHERS = "others"
    LATE = "late"
    ALL = "all"


COUNTED: Final = (Shown.OPEN, Shown.NEW, Shown.WAITING, Shown.MINE, Shown.OTHERS, Shown.LATE)


def counted(team: str, account: str, now: datetime) -> Select[Any]:
    """One query for how many open tasks each list has, in the order of `COUNTED`."""
    wanted = [func.count()] + [func.coalesce(func.sum(case((_is(one, account, now), 1), else_=0)), 0) for one in COUNTED[1:]]
    return select(*wanted).where(TaskRow.team == team, _open())


def rows_of(shown: Shown, team: str, account: str, now: datetime, *, start: int, limit: int) -> Select[TaskRow]:
    """The rows of one page: late first, then by the running clock, then by arrival; ended ones last, the newest first.

    The order is decided on what the index holds; what tasks say is read of those on the page only.
    """
    page = _page(shown, team, account, now, start=start, limit=limit)
    return select(TaskRow).join(page, page.c.task_id == TaskRow.task_id).order_by(*_order())


def _page(shown: Shown, team: str, account: str, now: datetime, *, start: int, limit: int) -> Subquery:
    query = select(TaskRow.task_id).where(TaskRow.team == team)
    if shown is Shown.OPEN:
        # What was taken back from somebody who had read it stays in sight until that is acknowledged.
        query = query.where(_open() | unacknowledged())
    elif shown is not Shown.ALL:
        query = query.where(_open(), _is(shown, account, now))
    return query.order_by(*_order()).offset(start).limit(limit).subquery()


def _open() -> ColumnElement[bool]:
    return TaskRow.state.in_([state.value for state in OPEN_STATES])


def _order() -> tuple[SQLColumnExpression[Any], ...]:
    return (
        TaskRow.closed_at.is_not(None),
        TaskRow.closed_at.desc(),
        TaskRow.due_by.asc().nulls_last(),
        TaskRow.received_at,
        TaskRow.task_id,
    )


def _is(shown: Shown, account: str, now: datetime) -> ColumnElement[bool]:
    unanswered = TaskRow.state.in_([state.value for state in UNANSWERED])
    held = TaskRow.state.in_([TaskState.ACCEPTED.value, TaskState.IN_PROGRESS.value])
    conditions: Mapping[Shown, ColumnElement[bool]] = {
        Shown.NEW: unanswered & TaskRow.opened_at.is_(None),
        Shown.WAITING: unanswered & TaskRow.opened_at.is_not(None),
        Shown.MINE: TaskRow.holder == account,
        Shown.OTHERS: held & (TaskRow.holder != account),
        Shown.LATE: TaskRow.due_by < now,
    }
    return conditions[shown]
