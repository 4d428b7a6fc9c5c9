"""What the cases of a cooperation let go of when it has been kept for long enough (`hub.retention`).

A case that is closed says nothing any more after its time; that there was one and how it ended stays, without the youth, and so
do the numbers that its team's totals are made of, which are tied to nobody and go by the year. An open case stays, whatever its
age, and so does an open order. With the last case that knew of a youth the bus is told to forget that there was one. The history
of who did what goes later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Engine, delete, func, select, update
from sqlalchemy.orm import Session

from hub.cases.courses import forget_courses
from hub.cases.orders import OPEN
from hub.cases.tables import CaseMoveRow, CaseRow, OrderRow, OutcomeRow
from hub.clock import STOCKHOLM, stockholm_date
from hub.database import answering, truncate_log
from hub.retention import Due

__all__ = ["CaseHistory", "ClosedCases", "EndedOrders", "PastOutcomes"]


class ClosedCases:
    """A `hub.retention.Kind`; the days count from when the case was closed."""

    name = "cases"

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        """As `Kind.days`."""
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`."""
        full = _says_something() & CaseRow.closed_at.is_not(None)
        with answering(), Session(self._engine) as session:
            query = select(func.count(), func.min(CaseRow.closed_at)).where(full & (CaseRow.closed_at <= before))
            count, oldest = session.execute(query).one()
            kept = session.scalar(select(func.count()).select_from(CaseRow).where(full & (CaseRow.closed_at > before))) or 0
        return Due(count, kept, oldest)

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`; a case that somebody changes meanwhile is looked at anew."""
        old = _says_something() & (CaseRow.closed_at <= before)
        query = select(CaseRow.case_id, CaseRow.version, CaseRow.subject).where(old)
        query = query.order_by(CaseRow.closed_at, CaseRow.case_id).limit(most)
        gone = 0
        with answering(), Session(self._engine) as session, session.begin():
            rows = session.execute(query).all()
            for case_id, version, _ in rows:
                here = (CaseRow.case_id == case_id) & (CaseRow.version == version)
                done = session.execute(update(CaseRow).where(here).values(subject=None, sealed=None, version=version + 1))
                gone += int(getattr(done, "rowcount", 0))
            for youth_ref in sorted({subject for _, _, subject in rows if subject is not None}):
                if session.scalar(select(CaseRow.case_id).where(CaseRow.subject == youth_ref).limit(1)) is None:
                    forget_courses(session, youth_ref, before + timedelta(days=self._days))
        return gone

    def tidy(self) -> None:
        """As `Kind.tidy`."""
        truncate_log(self._engine)


class CaseHistory:
    """A `hub.retention.Kind`: who did what with a case that says nothing any more."""

    name = "case_moves"

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        """As `Kind.days`."""
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`."""
        old, bare = CaseMoveRow.at <= before, _of_bare()
        with answering(), Session(self._engine) as session:
            count, oldest = session.execute(select(func.count(), func.min(CaseMoveRow.at)).where(old & bare)).one()
            kept = session.scalar(select(func.count()).select_from(CaseMoveRow).where(~old)) or 0
            full = session.scalar(select(func.count()).select_from(CaseMoveRow).where(old & ~bare)) or 0
        return Due(count, kept, oldest, {"case_kept": full} if full else {})

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`."""
        query = select(CaseMoveRow.id).where((CaseMoveRow.at <= before) & _of_bare()).order_by(CaseMoveRow.id).limit(most)
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query))
            session.execute(delete(CaseMoveRow).where(CaseMoveRow.id.in_(chosen)))
        return len(chosen)

    def tidy(self) -> None:
        """As `Kind.tidy`."""
        truncate_log(self._engine)


class PastOutcomes:
    """A `hub.retention.Kind`: what closed cases had measured; the days count from the end of the (Stockholm) year."""

    name = "outcomes"

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        """As `Kind.days`."""
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`."""
        old = OutcomeRow.year < stockholm_date(before).year
        with answering(), Session(self._engine) as session:
            count, year = session.execute(select(func.count(), func.min(OutcomeRow.year)).where(old)).one()
            kept = session.scalar(select(func.count()).select_from(OutcomeRow).where(~old)) or 0
        return Due(count, kept, None if year is None else datetime(year + 1, 1, 1, tzinfo=STOCKHOLM).astimezone(UTC))

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`."""
        query = select(OutcomeRow.outcome_id).where(OutcomeRow.year < stockholm_date(before).year)
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query.order_by(OutcomeRow.year, OutcomeRow.outcome_id).limit(most)))
            session.execute(delete(OutcomeRow).where(OutcomeRow.outcome_id.in_(chosen)))
        return len(chosen)

    def tidy(self) -> None:
        """As `Kind.tidy`."""
        truncate_log(self._engine)


class EndedOrders:
    """A `hub.retention.Kind`: orders that were carried out, declined or called off; the days count from then."""

    name = "orders"

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        """As `Kind.days`."""
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`."""
        old, ended = OrderRow.changed_at <= before, OrderRow.state.not_in(OPEN)
        with answering(), Session(self._engine) as session:
            count, oldest = session.execute(select(func.count(), func.min(OrderRow.changed_at)).where(old & ended)).one()
            kept = session.scalar(select(func.count()).select_from(OrderRow).where(~old)) or 0
            still = session.scalar(select(func.count()).select_from(OrderRow).where(old & ~ended)) or 0
        return Due(count, kept, oldest, {"still_open": still} if still else {})

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`."""
        query = select(OrderRow.order_id).where((OrderRow.changed_at <= before) & OrderRow.state.not_in(OPEN))
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query.order_by(OrderRow.changed_at, OrderRow.order_id).limit(most)))
            session.execute(delete(OrderRow).where(OrderRow.order_id.in_(chosen)))
        return len(chosen)

    def tidy(self) -> None:
        """As `Kind.tidy`."""
        truncate_log(self._engine)


def _says_something() -> ColumnElement[bool]:
    return CaseRow.sealed.is_not(None) | CaseRow.subject.is_not(None)


def _of_bare() -> ColumnElement[bool]:
    full = select(CaseRow.case_id).where(_says_something() | CaseRow.closed_at.is_(None))
    return CaseMoveRow.case_id.not_in(full)
