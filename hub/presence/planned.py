"""What is planned in areas ahead of its date, as delivery keeps it; never a person. What is over is kept for a month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.contract.models import PlaceCategory
from hub.database import answering
from hub.delivery.tables import PlannedRow

__all__ = ["PlannedEvent", "called_off", "planned_between", "planned_one"]


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """One planned event in an area. `starts_at`, `ends_at` are UTC instants; no end: nobody has said when it ends."""

    event_id: str
    area: str
    starts_at: datetime
    ends_at: datetime | None
    category: PlaceCategory


def planned_between(engine: Engine, first: datetime, last: datetime, area: str | None = None) -> list[PlannedEvent]:
    """What is on at some time from `first` on and before `last` (UTC), in order; in one area or all. Raises RetriableError."""
    on = (PlannedRow.starts_at < last) & ((PlannedRow.starts_at >= first) | (PlannedRow.ends_at > first))
    query = select(PlannedRow).where(on, PlannedRow.called_off.is_(False))
    if area is not None:
        query = query.where(PlannedRow.area == area)
    with answering(), Session(engine) as session:
        return [_event(row) for row in session.scalars(query.order_by(PlannedRow.starts_at, PlannedRow.event_id))]


def planned_one(engine: Engine, event_id: str, area: str) -> PlannedEvent | None:
    """The event of that identity in an area; None when there is none, or it is called off. Raises RetriableError."""
    with answering(), Session(engine) as session:
        row = session.get(PlannedRow, (event_id, area))
        return None if row is None or row.called_off else _event(row)


def called_off(engine: Engine, told: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Of these (event, area) those that were planned and are so no more: cancelled, or moved elsewhere. Raises RetriableError."""
    wanted = frozenset(told)
    if not wanted:
        return frozenset()
    query = select(PlannedRow.event_id, PlannedRow.area).where(
        PlannedRow.event_id.in_({event for event, _area in wanted}), PlannedRow.called_off.is_(True)
    )
    with answering(), Session(engine) as session:
        return wanted & {(event, area) for event, area in session.execute(query)}


def _event(row: PlannedRow) -> PlannedEvent:
    return PlannedEvent(row.event_id, row.area, row.starts_at, row.ends_at, PlaceCategory(row.category))
