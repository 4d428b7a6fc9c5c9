"""What becomes of a presence of associations alone, by what they answer and tell: the newest word of each counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.presence.codes import ASSOCIATIONS, OfferState, VisitState
from hub.presence.tables import OfferRow, VisitRow

__all__ = ["offers_of", "settle"]


def settle(session: Session, visit: VisitRow, now: datetime) -> None:
    """Set its state anew, after any change of one of its offers.

    Planned as long as somebody who has accepted has not told of it, or another can still accept: one's "no" closes nobody else's
    place. Then carried out where anybody was there. What the team told of the presence itself holds, and one that is cancelled
    stays so.
    """
    if visit.who != ASSOCIATIONS or visit.state == VisitState.CANCELLED.value or visit.reported_at is not None:
        return
    after = _outcome(offers_of(session, visit.visit_id), visit.places, now).value
    if visit.state != after:
        visit.state, visit.changed_at = after, now


def offers_of(session: Session, visit_id: str) -> Sequence[OfferRow]:
    """Every offer of a presence, whatever became of it."""
    return session.scalars(select(OfferRow).where(OfferRow.visit_id == visit_id)).all()


def _outcome(offers: Sequence[OfferRow], places: int, now: datetime) -> VisitState:
    taken = [row for row in offers if row.state == OfferState.ACCEPTED.value]
    told = [row for row in taken if row.reported_at is not None]
    done = any(row.reason is None for row in told)
    # Whoever can still accept does so before it begins, and before that nobody can have carried it out.
    awaited = len(taken) < places and any(row.state == OfferState.OFFERED.value and now < row.answer_by for row in offers)
    if not taken or len(told) < len(taken) or (awaited and not done):
        return VisitState.PLANNED
    return VisitState.CARRIED_OUT if done else VisitState.NOT_CARRIED_OUT
