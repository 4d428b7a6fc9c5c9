"""What teams' own systems are to be told, put down within the transaction that changes the task (a transactional outbox).

One errand for each task, state and sink. A task that is taken back:

* of which the receiver has not heard: neither word is handed over. Who was never told needs no taking back, and nothing more is
  told of a task once the consent to it is gone.
* of which the receiver has heard, or may have (a call was begun): both, in order. Whether a call that was cut off had its effect,
  nobody knows; a repeat under the same identity settles that, and only then has the word that takes it back something to take.
* which the receiver refused: nothing, for it has no such task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM
from hub.connector import Errand
from hub.contract.models import PresenceTask, Priority, ReferralTask, TaskState
from hub.delivery.tables import ErrandRow, TaskRow

__all__ = ["ErrandWriter", "Status", "errand_of", "lapse"]

_TAKEN_BACK: Final = frozenset({TaskState.RECALLED.value, TaskState.CANCELLED.value})


class Status(StrEnum):
    """What became of an errand. The values are kept: none is ever renamed."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    REFUSED = "refused"
    """The receiver does not take it: a person hands the task over."""
    DROPPED = "dropped"
    """The task was taken back before the receiver had heard of it."""
    LAPSED = "lapsed"
    """The task was ended by its team before the receiver took it, or the word that it takes back was refused."""


@dataclass(frozen=True, slots=True)
class ErrandWriter:
    """Writes for the inbox. `sinks`: by team, whom to tell."""

    sinks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def tell(self, session: Session, row: TaskRow, task: ReferralTask | PresenceTask, now: datetime) -> None:
        """A new task of the team: one errand for each of its sinks."""
        for sink in self.sinks.get(row.team, ()):
            session.add(
                ErrandRow(
                    task_id=row.task_id,
                    state=TaskState.REQUESTED.value,
                    sink=sink,
                    team=row.team,
                    function=row.function,
                    priority=row.priority,
                    created_at=row.created_at,
                    respond_by=row.respond_by or _end_of_week(task),
                    written_at=now,
                    status=Status.WAITING.value,
                    next_try=now,
                )
            )

    def take_back(self, session: Session, row: TaskRow, now: datetime) -> None:
        """The task was recalled or cancelled: tell those sinks that have heard, or may have heard of it."""
        if row.state not in _TAKEN_BACK:
            return
        # It may have come in this very transaction. No flush: a task's version moves once in one.
        for fresh in session.new:
            if isinstance(fresh, ErrandRow) and fresh.task_id == row.task_id:
                fresh.status, fresh.next_try, fresh.settled_at = Status.DROPPED.value, None, now
        told = (ErrandRow.task_id == row.task_id) & (ErrandRow.state == TaskState.REQUESTED.value)
        # In one statement: a dispatcher that begins with it at this moment is either before this or finds nothing to begin.
        session.execute(
            update(ErrandRow)
            .where(told, ErrandRow.status == Status.WAITING.value, ErrandRow.begun_at.is_(None))
            .values(status=Status.DROPPED.value, next_try=None, settled_at=now)
            .execution_options(synchronize_session=False)
        )
        heard = told & ErrandRow.status.in_([Status.WAITING.value, Status.DELIVERED.value])
        for first in session.scalars(select(ErrandRow).where(heard).execution_options(populate_existing=True)):
            session.add(
                ErrandRow(
                    task_id=first.task_id,
                    state=row.state,
                    sink=first.sink,
                    team=first.team,
                    function=first.function,
                    priority=first.priority,
                    created_at=first.created_at,
                    respond_by=first.respond_by,
                    written_at=now,
                    status=Status.WAITING.value,
                    next_try=now,
                )
            )


def lapse(session: Session, task_id: str, now: datetime) -> None:
    """The team has ended the task in the hub: what its systems have not taken yet, nobody needs any more."""
    session.execute(
        update(ErrandRow)
        .where(ErrandRow.task_id == task_id, ErrandRow.status == Status.WAITING.value)
        .values(status=Status.LAPSED.value, next_try=None, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def errand_of(row: ErrandRow) -> Errand:
    """As a sink is given it."""
    return Errand(
        task_id=row.task_id,
        state=TaskState(row.state),
        team=row.team,
        function=row.function,
        priority=Priority(row.priority),
        created_at=row.created_at,
        respond_by=row.respond_by,
    )


def _end_of_week(task: ReferralTask | PresenceTask) -> datetime:
    """A proposal to be present in a week is of no use after it: its Sunday's end, Swedish time."""
    assert isinstance(task, PresenceTask), "a referral task says by when to respond"
    year, week = task.week.split("-W")
    sunday = date.fromisocalendar(int(year), int(week), 7)
    return datetime.combine(sunday + timedelta(days=1), time(), STOCKHOLM)
