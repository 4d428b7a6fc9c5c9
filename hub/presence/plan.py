"""The plan of presence: who is to be where and when, and how it went. Areas and times; no person met is in it.

Guarantee: each change stands in one transaction with its line of history, and `record` (the audit log) has its entry before that
commits; when `record` raises nothing is done. Of two people at once the second is refused and told so.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM, Clock
from hub.database import answering, be_alone
from hub.delivery.trying import again
from hub.errors import RejectedError
from hub.presence.codes import DeedKind, Ground, VisitState
from hub.presence.reports import Report, clear_report, report_of, write_report
from hub.presence.tables import DeedRow, VisitRow

__all__ = ["LONGEST", "Asked", "Deed", "Plan", "Record", "Visit", "found_visit", "note_deed", "visit_of", "window", "writing"]

Record = Callable[[], object]

LONGEST: Final = timedelta(hours=12)
"""No presence lasts longer."""
_BACK: Final = timedelta(days=31)
_AHEAD: Final = timedelta(days=400)
_LOCK: Final = 0x50524553  # any number that only presence takes


@dataclass(frozen=True, slots=True)
class Visit:
    """One planned presence. `starts_at`, `ends_at` are UTC instants; `who` is `TEAM`, `ASSOCIATIONS` or an account; `event_id`:
    the planned event that it is for.
    """

    visit_id: str
    area: str
    starts_at: datetime
    ends_at: datetime
    ground: Ground
    task_id: str | None
    who: str
    state: VisitState
    places: int
    changed_at: datetime
    version: int
    report: Report | None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody plans; `task_id`: the presence task that it comes of, `event_id`: the planned event it is for, if any."""

    area: str
    starts_at: datetime
    ends_at: datetime
    ground: Ground
    who: str
    task_id: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of history; `account` is empty where an association did it through its link, `detail` names its offer then."""

    at: datetime
    account: str
    kind: DeedKind
    detail: str


def window(day: date, starts: time, ends: time) -> tuple[datetime, datetime]:
    """A day of Sweden and two times on it as UTC instants; an end that is not after the start is on the next day.

    Raises RejectedError `bad_window` for more than twelve hours.
    """
    begins = datetime.combine(day, starts, STOCKHOLM)
    finishes = datetime.combine(day if ends > starts else day + timedelta(days=1), ends, STOCKHOLM)
    first, last = begins.astimezone(UTC), finishes.astimezone(UTC)
    if not timedelta(0) < last - first <= LONGEST:
        raise RejectedError("a presence lasts twelve hours at most", code="bad_window")
    return first, last


class Plan:
    """Safe for several threads. Every method may raise RetriableError: nothing was done then."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def between(self, first: datetime, last: datetime) -> list[Visit]:
        """What begins from `first` on and before `last` (UTC), in order; what was cancelled too."""
        query = select(VisitRow).where(VisitRow.starts_at >= first, VisitRow.starts_at < last)
        with answering(), Session(self._engine) as session:
            return [visit_of(row) for row in session.scalars(query.order_by(VisitRow.starts_at, VisitRow.visit_id))]

    def one(self, visit_id: str) -> Visit:
        """Raises RejectedError `unknown_visit`."""
        with answering(), Session(self._engine) as session:
            return visit_of(found_visit(session, visit_id))

    def history(self, visit_id: str) -> list[Deed]:
        """What was done with it, oldest first."""
        query = select(DeedRow).where(DeedRow.visit_id == visit_id).order_by(DeedRow.id)
        with answering(), Session(self._engine) as session:
            return [Deed(row.at, row.account, DeedKind(row.deed), row.detail) for row in session.scalars(query)]

    def add(self, asked: Asked, account: str, record: Callable[[str], object]) -> Visit:
        """Plan a presence; `record` is given its number. Raises RejectedError `bad_time` (too long ago, or too far ahead)."""
        now = self._clock.now()
        if not now - _BACK <= asked.starts_at <= now + _AHEAD:
            raise RejectedError("starts: at most 31 days ago and 400 days ahead", code="bad_time")
        row = VisitRow(
            visit_id=str(uuid.uuid4()), area=asked.area, starts_at=asked.starts_at, ends_at=asked.ends_at,
            ground=asked.ground.value, task_id=asked.task_id, who=asked.who, state=VisitState.PLANNED.value, places=1,
            changed_at=now, event_id=asked.event_id,
        )  # fmt: skip
        with writing(self._engine) as session:
            session.add(row)
            note_deed(session, row.visit_id, account, DeedKind.PLANNED, now)
            session.flush()
            record(row.visit_id)
            return visit_of(row)

    def assign(self, visit_id: str, who: str, account: str, *, seen: int, record: Record) -> Visit:
        """Somebody else goes. Raises RejectedError `unknown_visit`, `changed_meanwhile`, `not_planned`."""

        def change(session: Session, row: VisitRow, now: datetime) -> None:
            _require_planned(row)
            row.who = who
            note_deed(session, visit_id, account, DeedKind.MOVED, now)

        return self._changed(visit_id, seen, change, record)

    def cancel(self, visit_id: str, account: str, *, seen: int, record: Record) -> Visit:
        """Nobody goes after all; its offers hold no more. Raises what `assign` raises."""

        def change(session: Session, row: VisitRow, now: datetime) -> None:
            _require_planned(row)
            row.state = VisitState.CANCELLED.value
            note_deed(session, visit_id, account, DeedKind.CANCELLED, now)

        return self._changed(visit_id, seen, change, record)

    def report(self, visit_id: str, report: Report, account: str, *, seen: int, record: Record) -> Visit:
        """How it went, by the team. Raises what `assign` raises, and what `Report.require` raises."""

        def change(session: Session, row: VisitRow, now: datetime) -> None:
            _require_planned(row)
            report.require(row.starts_at, now)
            write_report(row, report, account, now)
            row.state = (VisitState.CARRIED_OUT if report.carried_out else VisitState.NOT_CARRIED_OUT).value
            note_deed(session, visit_id, account, DeedKind.REPORTED, now, detail=row.state)

        return self._changed(visit_id, seen, change, record)

    def reopen(self, visit_id: str, account: str, *, seen: int, record: Record) -> Visit:
        """What was told of it, or that it was cancelled, was a mistake: it is planned again.

        Raises RejectedError `unknown_visit`, `changed_meanwhile`, `still_planned`.
        """

        def change(session: Session, row: VisitRow, now: datetime) -> None:
            if row.state == VisitState.PLANNED.value:
                raise RejectedError("there is nothing to undo", code="still_planned")
            row.state = VisitState.PLANNED.value
            clear_report(row)
            note_deed(session, visit_id, account, DeedKind.REOPENED, now)

        return self._changed(visit_id, seen, change, record)

    def _changed(self, visit_id: str, seen: int, change: Callable[[Session, VisitRow, datetime], None], record: Record) -> Visit:
        return again(partial(self._change, visit_id, seen, change, record))

    def _change(self, visit_id: str, seen: int, change: Callable[[Session, VisitRow, datetime], None], record: Record) -> Visit:
        now = self._clock.now()
        with writing(self._engine) as session:
            row = found_visit(session, visit_id)
            if row.version != seen:
                raise RejectedError("somebody else has changed it", code="changed_meanwhile")
            change(session, row, now)
            row.changed_at = now
            session.flush()
            record()
            return visit_of(row)


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A transaction that nobody else's change of presence comes in between."""
    with answering(), Session(engine, autoflush=False) as session, session.begin():
        be_alone(session.connection(), _LOCK)
        yield session


def found_visit(session: Session, visit_id: str) -> VisitRow:
    """Raises RejectedError `unknown_visit`."""
    row = session.get(VisitRow, visit_id)
    if row is None:
        raise RejectedError("no such presence", code="unknown_visit")
    return row


def note_deed(session: Session, visit_id: str, account: str, kind: DeedKind, now: datetime, *, detail: str = "") -> None:
    """A line of a presence's history."""
    session.add(DeedRow(visit_id=visit_id, at=now, account=account, deed=kind.value, detail=detail))


def visit_of(row: VisitRow) -> Visit:
    """A row as callers see it."""
    return Visit(
        visit_id=row.visit_id, area=row.area, starts_at=row.starts_at, ends_at=row.ends_at, ground=Ground(row.ground),
        task_id=row.task_id, who=row.who, state=VisitState(row.state), places=row.places, changed_at=row.changed_at,
        version=row.version, report=report_of(row), event_id=row.event_id,
    )  # fmt: skip


def _require_planned(row: VisitRow) -> None:
    if row.state != VisitState.PLANNED.value:
        raise RejectedError("it has ended", code="not_planned")
