"""Calls: that somebody is told of a task whose clock runs out. Each happens once, whatever dies or runs beside it.

Guarantee: a call is a row with a unique key, written in the transaction that moves the task's next look (`call_at`) on, and only
if nobody has moved it meanwhile. Two processes side by side, or one that dies in between, call nobody twice and forget nobody.
A call says nothing of the youth, and stays when content goes. Whether it still counts is asked of the task: `due_by` is then its
running clock, so what was answered, recalled or completed calls nobody any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from sqlalchemy import ColumnElement, Engine, Table, or_, select, update
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.database import answering
from hub.delivery.ladder import ACCOUNT, HEAD, TEAM, Ladder, Step
from hub.delivery.moves import OPEN_STATES, UNANSWERED
from hub.delivery.tables import CallRow, TaskRow
from hub.metrics import DELIVERY_CALLS

__all__ = ["Call", "Caller", "Calls", "called"]

_AT_ONCE: Final = 200
_OPEN: Final = tuple(state.value for state in OPEN_STATES)
_UNANSWERED: Final = frozenset(state.value for state in UNANSWERED)
# Past the ORM, and so past the row's version, which people's forms are answered against: a call is no reason to refuse one.
_TASKS: Final = cast("Table", TaskRow.__table__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that happened: when, which step (`hub.delivery.ladder`), and whom."""

    at: datetime
    step: str
    to: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose list is asked for: a team, an account of it, and whether that is its head's."""

    team: str
    account: str
    is_head: bool = False


class Calls:
    """The calls of one installation; every `hub deliver` makes them."""

    def __init__(self, engine: Engine, clock: Clock, ladder: Ladder) -> None:
        self._engine = engine
        self._clock = clock
        self._ladder = ladder

    def look_again(self) -> None:
        """Ask every running clock anew: at the start, for teams.yaml may have changed. Raises RetriableError."""
        change = update(_TASKS).where(_TASKS.c.state.in_(_OPEN), _TASKS.c.due_by.is_not(None)).values(call_at=self._clock.now())
        with answering(), self._engine.begin() as connection:
            connection.execute(change)

    def make_due(self) -> int:
        """Make the calls that are due, up to a batch of tasks; how many were made. Raises RetriableError."""
        now = self._clock.now()
        query = select(TaskRow.task_id).where(TaskRow.call_at <= now).order_by(TaskRow.call_at).limit(_AT_ONCE)
        with answering(), Session(self._engine) as session:
            waiting = list(session.scalars(query))
        made = 0
        for task_id in waiting:
            made += self._call_for(task_id, now)
        return made

    def _call_for(self, task_id: str, now: datetime) -> int:
        """One task's calls in a transaction of its own: one that somebody is quicker with holds up no other."""
        with answering(), Session(self._engine) as session, session.begin():
            row = session.get(TaskRow, task_id)
            if row is None or row.call_at is None or row.call_at > now:
                return 0
            steps, team = self._steps(row), row.team
            next_look = min((step.at for step in steps if step.at > now), default=None)
            here = (_TASKS.c.task_id == task_id, _TASKS.c.version == row.version, _TASKS.c.call_at == row.call_at)
            if not session.connection().execute(update(_TASKS).where(*here).values(call_at=next_look)).rowcount:
                return 0
            fresh = _not_made(session, row, [step for step in steps if step.at <= now])
            session.add_all(
                CallRow(task_id=task_id, due_by=row.due_by, step=step.name, addressee=step.to, at=now) for step in fresh
            )
        for step in fresh:
            DELIVERY_CALLS.labels(team=team, step=step.name).inc()
        return len(fresh)

    def _steps(self, row: TaskRow) -> list[Step]:
        if row.state not in _OPEN or row.due_by is None:
            return []
        answered = row.state not in _UNANSWERED
        since = row.answered_at if answered and row.answered_at is not None else row.received_at
        place = row.kind == "presence"
        return self._ladder.steps(row.team, since=since, due_by=row.due_by, answered=answered, place=place)


def called(caller: Caller) -> ColumnElement[bool]:
    """The tasks that call this reader now: a team in another's place, an account by name, or the head of the task's own.

    Begins at the calls, of which there are few, and not at the team's tasks.
    """
    team, account = f"{TEAM}{caller.team}", f"{ACCOUNT}{caller.account}"
    addressees = [team, account, *([HEAD] if caller.is_head else [])]
    some = select(CallRow.task_id).where(CallRow.addressee.in_(addressees))
    instead = (CallRow.addressee == team) & (TaskRow.team != caller.team) & TaskRow.state.in_(_UNANSWERED)
    own = (CallRow.addressee != team) & CallRow.addressee.in_(addressees) & (TaskRow.team == caller.team)
    counts = (CallRow.task_id == TaskRow.task_id, CallRow.due_by == TaskRow.due_by, or_(instead, own))
    return TaskRow.task_id.in_(some) & TaskRow.state.in_(_OPEN) & select(CallRow.id).where(*counts).exists()


def _not_made(session: Session, row: TaskRow, steps: list[Step]) -> list[Step]:
    query = select(CallRow.step, CallRow.addressee).where(CallRow.task_id == row.task_id, CallRow.due_by == row.due_by)
    made = {(step, addressee) for step, addressee in session.execute(query)}
    return [step for step in steps if (step.name, step.to) not in made]
