"""A team's list: which tasks it shows, in which order, how many there are of each. Made for ten thousand tasks of a team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Subquery, case, func, select

from hub.contract.models import TaskState
from hub.delivery.calls import Caller, called
from hub.delivery.moves import OPEN_STATES, UNANSWERED
from hub.delivery.readers import asked_of
from hub.delivery.routing import Routed
from hub.delivery.tables import CallRow, TaskRow

__all__ = ["COUNTED", "Shown", "counted", "few", "list_version", "rows_of"]


class Shown(StrEnum):
    """What of a team's tasks a list shows. `NEW`: nobody has opened it; `WAITING`: opened, and not answered yet; `CALLED`: those
    that call the reader, of other teams too; `UNFIT`: those that lie here because they fit no team's areas and ages; `PLACES`:
    presence in areas.
    """

    OPEN = "open"
    NEW = "new"
    WAITING = "waiting"
    MINE = "mine"
    OTHERS = "others"
    LATE = "late"
    CALLED = "called"
    UNFIT = "unfit"
    PLACES = "places"
    ALL = "all"


COUNTED: Final = (Shown.OPEN, Shown.NEW, Shown.WAITING, Shown.MINE, Shown.OTHERS, Shown.LATE)


def counted(team: str, account: str, now: datetime) -> Select[Any]:
    """One query for how many open tasks each list has, in the order of `COUNTED`."""
    wanted = [func.count()] + [func.coalesce(func.sum(case((_is(one, account, now), 1), else_=0)), 0) for one in COUNTED[1:]]
    return select(*wanted).where(TaskRow.team == team, _open())


def few(caller: Caller) -> Select[Any]:
    """One query for what is told only where there is any: tasks that call the reader, and tasks that fit no team."""
    calling = select(func.count()).select_from(TaskRow).where(called(caller)).scalar_subquery()
    unfit = select(func.count()).select_from(TaskRow).where(_is_unfit(caller.team)).scalar_subquery()
    return select(calling, unfit)


def list_version(team: str, now: datetime) -> Select[Any]:
    """One query for figures that change with the team's lists: how many there are, how often they were changed, what is late,
    what was called, and of what withdrawal the team has yet to say that it knows.
    """
    late = func.sum(case((_open() & (TaskRow.due_by < now), 1), else_=0))
    calls = select(func.max(CallRow.id)).scalar_subquery()
    asked = select(func.count()).select_from(asked_of([team]).subquery()).scalar_subquery()
    return select(func.count(), func.sum(TaskRow.version), late, calls, asked).where(TaskRow.team == team)


def rows_of(shown: Shown, caller: Caller, now: datetime, *, start: int, limit: int) -> Select[TaskRow]:
    """The rows of one page: late first, then by the running clock, then by arrival; ended ones last, the newest first.

    The order is decided on what the index holds; what tasks say is read of those on the page only.
    """
    page = _page(shown, caller, now, start=start, limit=limit)
    return select(TaskRow).join(page, page.c.task_id == TaskRow.task_id).order_by(*_order())


def _page(shown: Shown, caller: Caller, now: datetime, *, start: int, limit: int) -> Subquery:
    query = select(TaskRow.task_id)
    match shown:
        case Shown.CALLED:
            query = query.where(called(caller))
        case Shown.UNFIT:
            query = query.where(_is_unfit(caller.team))
        case Shown.PLACES:
            query = query.where(TaskRow.team == caller.team, _open(), TaskRow.kind == "presence")
        case Shown.OPEN:
            # What was taken back from a team that had read it stays in sight until that is acknowledged, whoever has it now.
            query = query.where(((TaskRow.team == caller.team) & _open()) | TaskRow.task_id.in_(asked_of([caller.team])))
        case Shown.ALL:
            query = query.where((TaskRow.team == caller.team) | TaskRow.task_id.in_(asked_of([caller.team])))
        case _:
            query = query.where(TaskRow.team == caller.team, _open(), _is(shown, caller.account, now))
    return query.order_by(*_order()).offset(start).limit(limit).subquery()


def _is_unfit(team: str) -> ColumnElement[bool]:
    return TaskRow.routed.in_([Routed.UNFIT.value, Routed.FALLBACK.value]) & (TaskRow.team == team) & _open()


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
