"""What the cases of a cooperation let go of when it has been kept for long enough (`hub.retention`).

A case that is closed says nothing any more after its time; that there was one and how it ended stays, without the youth, and so
do the totals of its team, which are tied to nobody. An open case stays, whatever its age. The history of who did what goes later.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, delete, func, select, update
from sqlalchemy.orm import Session

from hub.cases.tables import CaseMoveRow, CaseRow
from hub.database import answering, truncate_log
from hub.retention import Due

__all__ = ["CaseHistory", "ClosedCases"]


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
        query = select(CaseRow.case_id, CaseRow.version).where(old).order_by(CaseRow.closed_at, CaseRow.case_id).limit(most)
        gone = 0
        with answering(), Session(self._engine) as session, session.begin():
            for case_id, version in session.execute(query).all():
                here = (CaseRow.case_id == case_id) & (CaseRow.version == version)
                done = session.execute(update(CaseRow).where(here).values(subject=None, sealed=None, version=version + 1))
                gone += int(getattr(done, "rowcount", 0))
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


def _says_something() -> ColumnElement[bool]:
    return CaseRow.sealed.is_not(None) | CaseRow.subject.is_not(None)


def _of_bare() -> ColumnElement[bool]:
    full = select(CaseRow.case_id).where(_says_something() | CaseRow.closed_at.is_(None))
    return CaseMoveRow.case_id.not_in(full)
