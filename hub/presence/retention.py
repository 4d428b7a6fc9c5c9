"""What the plan of presence lets go of when it has been kept for long enough (`hub.retention`).

A presence that is over and reported or cancelled, with its offers and what was done with it; one that nobody has reported stays:
somebody still has to say what came of it. Agreements are documents of the municipality's own and stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from hub.database import answering, truncate_log
from hub.presence.codes import VisitState
from hub.presence.tables import DeedRow, OfferRow, VisitRow
from hub.retention import Due

__all__ = ["Presences"]

_OPEN: Final = VisitState.PLANNED.value


class Presences:
    """A `hub.retention.Kind`; the days count from the presence's end."""

    name = "presence"

    def __init__(self, engine: Engine, days: int) -> None:
        self._engine = engine
        self._days = days

    @property
    def days(self) -> int:
        """As `Kind.days`."""
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`."""
        old, ended = VisitRow.ends_at <= before, VisitRow.state != _OPEN
        with answering(), Session(self._engine) as session:
            count, oldest = session.execute(select(func.count(), func.min(VisitRow.ends_at)).where(old & ended)).one()
            kept = session.scalar(select(func.count()).select_from(VisitRow).where(~old)) or 0
            open_ones = session.scalar(select(func.count()).select_from(VisitRow).where(old & ~ended)) or 0
        return Due(count, kept, oldest, {"not_reported": open_ones} if open_ones else {})

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`; a presence goes with its offers and deeds."""
        ended = (VisitRow.ends_at <= before) & (VisitRow.state != _OPEN)
        query = select(VisitRow.visit_id).where(ended).order_by(VisitRow.ends_at, VisitRow.visit_id).limit(most)
        with answering(), Session(self._engine) as session, session.begin():
            chosen = list(session.scalars(query))
            for row in (OfferRow, DeedRow, VisitRow):
                session.execute(delete(row).where(row.visit_id.in_(chosen)))
        return len(chosen)

    def tidy(self) -> None:
        """As `Kind.tidy`."""
        truncate_log(self._engine)
