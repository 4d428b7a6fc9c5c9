"""What an operator does with sinks: pausing, letting go on, handing a refused errand over again. Each in the audit log first."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from hub.access.trail import Trail
from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Subject, SubjectKind
from hub.breaker import Breaker
from hub.clock import Clock
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.errands import HAD_LET_GO, Status
from hub.delivery.moves import OPEN_STATES
from hub.delivery.sink_rows import alone, keep_breaker, sink_row
from hub.delivery.sink_states import SinkState, read_sinks
from hub.delivery.tables import ErrandRow, TaskRow
from hub.errors import RejectedError
from hub.said_why import checked_reason

__all__ = ["SinkDesk"]

_SHORTEST = 8


class SinkDesk:
    """The sinks of an installation, `names` those of hub.toml. Every method may raise RetriableError."""

    def __init__(self, engine: Engine, names: Collection[str], clock: Clock, trail: Trail) -> None:
        self._engine = engine
        self._names = names
        self._clock = clock
        self._trail = trail

    def states(self) -> list[SinkState]:
        """How each is, by name."""
        return read_sinks(self._engine, self._names)

    def state(self, name: str) -> SinkState:
        """One. Raises RejectedError `unknown_sink`."""
        found = next((one for one in self.states() if one.name == name), None)
        if found is None:
            raise self._unknown()
        return found

    def pause(self, name: str, who: Actor, reason: str) -> SinkState:
        """Nothing more is handed over until somebody resumes it; errands are kept.

        Raises RejectedError `unknown_sink`, `already_paused`, and what `checked_reason` raises.
        """
        line = checked_reason(reason)
        with self._alone_with(name) as session:
            row = sink_row(session, name)
            if row.paused_at is not None:
                raise RejectedError(f"{name} is paused already: `hub sinks list` says since when", code="already_paused")
            self._trail.append(Entry(who, Action.SINK_PAUSED, purpose=f"sink:{name}"))
            row.paused_at, row.paused_by, row.paused_reason = self._clock.now(), who.account, line
        return self.state(name)

    def resume(self, name: str, who: Actor) -> SinkState:
        """Go on, after a pause or after what had stopped it was put straight; the receiver is tried at once.

        Raises RejectedError `unknown_sink` or `not_paused`.
        """
        with self._alone_with(name) as session:
            row = sink_row(session, name)
            if row.paused_at is None and row.stopped_at is None:
                raise RejectedError(f"{name} is neither paused nor stopped", code="not_paused")
            self._trail.append(Entry(who, Action.SINK_RESUMED, purpose=f"sink:{name}"))
            row.paused_at, row.paused_by, row.paused_reason = None, "", ""
            row.stopped_at, row.stopped_code = None, ""
            keep_breaker(row, Breaker())
        return self.state(name)

    def redrive(self, name: str, task: str, who: Actor) -> str:
        """Hand over again what the receiver refused of a task, named by its id or the beginning of it; the whole id.

        Raises RejectedError `unknown_sink`, `unknown_task` (or too short a beginning of one), `nothing_refused`, `task_ended`:
        the task is no longer open, so that nobody needs to be told of it, `had_let_go`: it was the team's before.
        """
        now = self._clock.now()
        with self._alone_with(name) as session:
            task_id = self._named(session, name, task)
            refused = session.scalars(
                select(ErrandRow).where(
                    ErrandRow.sink == name, ErrandRow.task_id == task_id, ErrandRow.status == Status.REFUSED.value
                )
            ).all()
            if not refused:
                text = "the receiver has refused nothing of this task: `hub sinks list` shows what it has"
                raise RejectedError(text, code="nothing_refused")
            found = session.get(TaskRow, task_id)
            is_open = found is not None and TaskState(found.state) in OPEN_STATES
            wanted = [row for row in refused if is_open or row.state != TaskState.REQUESTED.value]
            if not wanted:
                raise RejectedError("the task has ended: its team's system need not be told of it any more", code="task_ended")
            if any(row.code == HAD_LET_GO for row in wanted):
                text = "the receiver has let go of this task once and takes no word twice: tell the team to look in the hub"
                raise RejectedError(text, code=HAD_LET_GO)
            item = Subject(SubjectKind.TASK, task_id)
            self._trail.append(Entry(who, Action.SINK_REDRIVEN, item=item, purpose=f"sink:{name}"))
            for row in wanted:
                row.status, row.next_try, row.settled_at = Status.WAITING.value, now, None
        return task_id

    def _named(self, session: Session, name: str, task: str) -> str:
        begins = ErrandRow.task_id.startswith(task, autoescape=True) if len(task) >= _SHORTEST else ErrandRow.task_id == task
        found = session.scalars(
            select(ErrandRow.task_id).distinct().where(ErrandRow.sink == name, or_(begins, ErrandRow.task_id == task)).limit(2)
        ).all()
        if len(found) != 1:
            text = f"{name} has no errand of such a task: name it by its id, or at least the first {_SHORTEST} characters of it"
            raise RejectedError(text, code="unknown_task")
        return found[0]

    @contextmanager
    def _alone_with(self, name: str) -> Iterator[Session]:
        """Of two at once the second sees what the first did."""
        if name not in self._names:
            raise self._unknown()
        with answering(), Session(self._engine) as session, session.begin():
            alone(session)
            yield session

    def _unknown(self) -> RejectedError:
        known = ", ".join(sorted(self._names)) or "none"
        return RejectedError(f"hub.toml has no such sink; there are: {known}", code="unknown_sink")
