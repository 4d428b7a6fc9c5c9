"""What is planned in an area (a match, a concert, the last day of school), ahead of its date: place and time only.

The correlation counts such an event when it has come; whoever plans presence has to know of it before. So delivery takes place
events too, and of them keeps what is planned: in the transaction that moves the offset, by identity and area, at the highest
revision. What is called off stays as that, so that whoever planned a presence for it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.contract.models import Message, PlaceEvent, PlaceKind
from hub.delivery.tables import PlannedRow

__all__ = ["KEPT", "Planning", "Refuses", "believe_all"]

Refuses: TypeAlias = Callable[[PlaceEvent], str]
"""Why an event's claim cannot be; empty when it can (`hub.claims`)."""

KEPT: Final = timedelta(days=35)
"""So long after its end it can still be looked at: a presence is reported within a month."""
_AHEAD: Final = timedelta(days=400)


def believe_all(_event: PlaceEvent) -> str:
    """Everybody is believed."""
    return ""


class Planning:
    """What one batch tells of plans, in its transaction."""

    def __init__(self, session: Session, messages: Sequence[Message], now: datetime, claims: Refuses) -> None:
        self._session = session
        self._now = now
        self._claims = claims
        told = {one.event_id for one in messages if isinstance(one, PlaceEvent) and one.kind is PlaceKind.PLANNED_EVENT}
        self._rows: dict[tuple[str, str], PlannedRow] = {}
        if told:
            ended = func.coalesce(PlannedRow.ends_at, PlannedRow.starts_at)
            session.execute(delete(PlannedRow).where(ended <= now - KEPT))
            found = session.scalars(select(PlannedRow).where(PlannedRow.event_id.in_(told)))
            self._rows = {(row.event_id, row.area): row for row in found}

    def take(self, event: PlaceEvent) -> str:
        """What becomes of a place event: the outcome's name."""
        if event.kind is not PlaceKind.PLANNED_EVENT:
            return "not_for_us"
        refusal = self._claims(event)
        if refusal:
            return f"refused_{refusal}"
        if (event.ends_at or event.occurred_at) <= self._now - KEPT:
            return "over"
        if event.occurred_at > self._now + _AHEAD:
            return "refused_too_far_ahead"
        row = self._rows.get((event.event_id, event.area))
        if row is not None and row.revision >= event.revision:
            return "duplicate"
        if row is None:
            row = self._rows[event.event_id, event.area] = PlannedRow(event_id=event.event_id, area=event.area)
            self._session.add(row)
        row.revision, row.called_off, row.category = event.revision, event.retracted, event.category.value
        row.starts_at, row.ends_at = event.occurred_at, event.ends_at
        return "called_off" if event.retracted else "planned"
