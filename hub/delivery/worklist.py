"""What a team sees: its tasks, and one task opened. Consent is decided anew each time a task is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, func, select, true, union
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.database import answering
from hub.delivery.calls import Caller
from hub.delivery.deadlines import Deadline, deadlines_of
from hub.delivery.follow_ups import WeekFigures, weeks_of
from hub.delivery.listing import COUNTED, Shown, counted, few, list_version, rows_of
from hub.delivery.moves import OPEN_STATES
from hub.delivery.notes import notes_of
from hub.delivery.readers import ReaderRow, asked_view, note_reader, reader_of, readers_of
from hub.delivery.rule_figures import Counted, rule_figures
from hub.delivery.sink_states import NotHanded, left_behind, not_handed
from hub.delivery.tables import CountRow, PulseRow, TaskRow
from hub.delivery.trying import again
from hub.delivery.views import TaskView, may_open, view_of
from hub.errors import RejectedError

__all__ = ["Stale", "TaskView", "Worklist"]


_LEFT_WITHIN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stale:
    """Delivery last looked for withdrawals at `since`; None: never."""

    since: datetime | None


class Worklist:
    """Reads the inbox for people. Safe for several threads: each call is a session of its own.

    `stale_after`: when delivery has not been able to look for withdrawals for so long, people see no content of a youth's
    task (fail closed) until it has. None: not asked.
    """

    def __init__(self, engine: Engine, clock: Clock, *, stale_after: timedelta | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._stale_after = stale_after

    def stale(self) -> Stale | None:
        """Since when a withdrawal may wait unread; None while delivery is up to date."""
        if self._stale_after is None:
            return None
        with answering(), Session(self._engine) as session:
            since: datetime | None = session.scalar(select(func.min(PulseRow.seen_at)))
        return None if since is not None and self._clock.now() - since <= self._stale_after else Stale(since)

    def of_team(
        self, team: str, shown: Shown = Shown.OPEN, *, account: str = "", is_head: bool = False, start: int = 0, limit: int = 500
    ) -> list[TaskView]:
        """`limit` of a team's tasks from the place `start` on: late, then by the running clock, then by arrival; ended ones last,
        newest first. `account` is whose are called mine, and `is_head` whether what calls the head calls her.
        """
        now, stale = self._clock.now(), self.stale() is not None
        query = rows_of(shown, Caller(team, account, is_head), now, start=start, limit=limit)
        with answering(), Session(self._engine) as session:
            rows = session.scalars(query).all()
            unsent = not_handed(session, [row.task_id for row in rows], team)
            readers = readers_of(session, [row.task_id for row in rows], team)
            seen = ((row, view_of(row, now, stale=stale, not_handed=unsent.get(row.task_id, ()))) for row in rows)
            if shown is Shown.CALLED:  # a team that had it before is called for what the task is now, and can take it over again
                return [view if row.team != team else asked_view(row, team, readers.get(row.task_id), view) for row, view in seen]
            return [asked_view(row, team, readers.get(row.task_id), view) for row, view in seen]

    def left_behind(self, team: str) -> list[tuple[str, NotHanded]]:
        """Of the last 30 days the tasks (ids) that another team has now, and that a system of `team` would not let go of.

        Raises RetriableError.
        """
        with answering(), Session(self._engine) as session:
            return left_behind(session, team, self._clock.now() - _LEFT_WITHIN)

    def counts_of(self, team: str, account: str, *, is_head: bool = False) -> dict[Shown, int]:
        """How many open tasks each list has."""
        with answering(), Session(self._engine) as session:
            found = session.execute(counted(team, account, self._clock.now())).one()
            calling, unfit = session.execute(few(Caller(team, account, is_head))).one()
        counts = {shown: int(number) for shown, number in zip(COUNTED, found, strict=True)}
        return {**counts, Shown.CALLED: int(calling), Shown.UNFIT: int(unfit)}

    def version_of(self, team: str) -> str:
        """Another text whenever something of the team's lists is another: a task, a call, or that a clock has run out.

        Raises RetriableError.
        """
        with answering(), Session(self._engine) as session:
            found = session.execute(list_version(team, self._clock.now())).one()
        return hashlib.sha256(" ".join(map(str, found)).encode()).hexdigest()[:16]

    def all_tasks(self) -> list[TaskView]:
        """Every task, for the command line and the demo's check; nothing is withheld from them."""
        now = self._clock.now()
        own = (ReaderRow.task_id == TaskRow.task_id) & (ReaderRow.team == TaskRow.team)
        query = select(TaskRow, ReaderRow).outerjoin(ReaderRow, own).order_by(TaskRow.received_at, TaskRow.task_id)
        with Session(self._engine) as session:
            return [asked_view(row, row.team, reader, view_of(row, now)) for row, reader in session.execute(query)]

    def of_reference(self, youth_ref: str) -> list[TaskView]:
        """Every task about one reference, oldest first: for a register extract, after whoever asked may see the person.

        The content is left out as `open_task` leaves it out; none counts as opened.
        """
        now, stale = self._clock.now(), self.stale() is not None
        query = select(TaskRow).where(TaskRow.subject == youth_ref).order_by(TaskRow.received_at, TaskRow.task_id)
        with answering(), Session(self._engine) as session:
            rows = session.scalars(query).all()
            noted = notes_of(session, [row.task_id for row in rows])
            return [
                view_of(
                    row, now, with_content=not stale and may_open(session, row, now), stale=stale,
                    noted=tuple(noted.get(row.task_id, ())),
                )
                for row in rows
            ]  # fmt: skip

    def find(self, number: str, teams: Iterable[str]) -> list[tuple[str, str]]:
        """(team, task id) of the tasks of `teams` whose id begins with `number`; two at most, because two are too many."""
        theirs = list(teams)
        found = [
            select(row.team, row.task_id).where(row.task_id.startswith(number, autoescape=True), row.team.in_(theirs), also)
            for row, also in ((TaskRow, true()), (ReaderRow, ReaderRow.recall_of.is_not(None)))
        ]
        with Session(self._engine) as session:
            return [(team, task_id) for team, task_id in session.execute(union(*found).limit(2))]

    def last_received(self, team: str) -> datetime | None:
        """When the team last received a task; None when never."""
        with Session(self._engine) as session:
            return session.scalar(select(func.max(TaskRow.received_at)).where(TaskRow.team == team))

    def open_task(self, task_id: str, team: str) -> TaskView:
        """Open one task of `team`, marking when that first happened.

        The content is left out when consent no longer permits it (purpose OPEN, recipient `team`, now), or when the newest
        consent may not have been read; then it does not count as opened. Raises RejectedError
        `unknown_task` when there is none of that id for that team, RetriableError when the database does not answer.
        A team that had it before is shown that consent is withdrawn, when it is (`hub.delivery.readers`), and else nothing.
        """
        return again(self._open, task_id, team)

    def _open(self, task_id: str, team: str) -> TaskView:
        now, stale = self._clock.now(), self.stale() is not None
        with answering(), Session(self._engine) as session, session.begin():
            row, reader = _row_and_reader(session, task_id, team)
            if row.team != team:
                return asked_view(row, team, reader, view_of(row, now, with_content=False))
            permitted = row.kind == "presence" or (not stale and may_open(session, row, now))
            if permitted and row.open_key is not None:
                row.opened_at = row.opened_at or now
                note_reader(session, row, now)
                session.flush()  # somebody else may just have opened, recalled or erased it: then all is asked again
            unsent = not_handed(session, [task_id], team).get(task_id, ())
            view = view_of(row, now, with_content=permitted, stale=stale, not_handed=unsent)
            return asked_view(row, team, reader, view)

    def acknowledge(self, task_id: str, team: str) -> TaskView:
        """Note that `team` has read that the consent to a task it had opened is withdrawn; a repeat changes nothing.

        Raises RejectedError `unknown_task` when there is none of that id for that team, `nothing_to_acknowledge` when it was
        not taken back; RetriableError when the database does not answer.
        """
        return again(self._acknowledge, task_id, team)

    def _acknowledge(self, task_id: str, team: str) -> TaskView:
        now = self._clock.now()
        with answering(), Session(self._engine) as session, session.begin():
            row, reader = _row_and_reader(session, task_id, team)
            if reader is None or (reader.acknowledged_at is None and reader.recall_of is None):
                raise RejectedError("no withdrawal took this task back", code="nothing_to_acknowledge")
            if reader.acknowledged_at is None:
                reader.acknowledged_at = now
                if row.team == team and row.payload is not None:  # it was taken back from it before it had it again
                    note_reader(session, row, now)
            return asked_view(row, team, reader, view_of(row, now, with_content=False))

    def deadlines_of(self, account: str) -> list[Deadline]:
        """The clocks of the open tasks that an account has. Raises RetriableError."""
        return deadlines_of(self._engine, account, self._clock.now())

    def counts(self) -> dict[tuple[str, str], int]:
        """The inbox' ledger: (topic, outcome) → records."""
        with Session(self._engine) as session:
            return {(row.topic, row.outcome): row.records for row in session.scalars(select(CountRow))}

    def open_by_team(self) -> dict[tuple[str, str], int]:
        """(team, state) → open tasks."""
        query = (
            select(TaskRow.team, TaskRow.state, func.count())
            .where(TaskRow.state.in_([state.value for state in OPEN_STATES]))
            .group_by(TaskRow.team, TaskRow.state)
        )
        with Session(self._engine) as session:
            return {(team, state): number for team, state, number in session.execute(query)}

    def rule_figures(self, now: datetime) -> Counted:
        """What became of each rule's tasks in the weeks that are told of at `now`. Raises RetriableError."""
        return rule_figures(self._engine, now)

    def weeks_of(self, teams: Collection[str]) -> Mapping[str, Sequence[WeekFigures]]:
        """By team, what share of the tasks of each of the last weeks was followed up. Raises RetriableError."""
        return weeks_of(self._engine, teams, self._clock.now())

    def overdue_by_team(self) -> dict[str, int]:
        """Team → open tasks past their running clock."""
        query = (
            select(TaskRow.team, func.count())
            .where(TaskRow.state.in_([state.value for state in OPEN_STATES]), TaskRow.due_by < self._clock.now())
            .group_by(TaskRow.team)
        )
        with Session(self._engine) as session:
            return {team: int(number) for team, number in session.execute(query)}


def _row_and_reader(session: Session, task_id: str, team: str) -> tuple[TaskRow, ReaderRow | None]:
    """A task that the team has, or had before and was told the withdrawal of. Raises RejectedError `unknown_task`."""
    row, reader = session.get(TaskRow, task_id), reader_of(session, task_id, team)
    told = reader is not None and not reader.reads
    if row is None or not (row.team == team or told):
        raise RejectedError("no such task for this team", code="unknown_task")
    return row, reader
