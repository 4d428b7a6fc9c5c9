"""What is known of a place may raise the priority that a person's task is shown with. Pure.

It is context, never a ground: no rule reads it, no task is opened, moved, sent elsewhere or kept for it, and what is stored of
the task stays as it was. So it ends by itself with the presence task, or the planned event, that it comes of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.clock import stockholm_date
from hub.contract.models import PresenceTask, Priority
from hub.presence.planned import PlannedEvent

__all__ = ["AHEAD", "Raised", "iso_week", "raised", "raised_by_event"]

AHEAD: Final = timedelta(days=7)
"""So long before it begins a planned event raises."""


@dataclass(frozen=True, slots=True)
class Raised:
    """Why a task is shown with a high priority: presence is proposed in its area, for an ISO week (2025-W20)."""

    area: str
    week: str


def raised(priority: Priority, area: str | None, presence: Iterable[PresenceTask], now: datetime) -> Raised | None:
    """Whether a person's task is to be shown higher than its rule says, at `now` (aware).

    Only a normal one is raised, only for its own area, and only by presence that is proposed for this week or the one before
    (Stockholm). `presence`: the presence tasks that are open.
    """
    if priority is not Priority.NORMAL or area is None:
        return None
    weeks = {iso_week(now), iso_week(now - timedelta(days=7))}
    found = sorted(task.week for task in presence if task.area == area and task.week in weeks)
    return Raised(area, found[-1]) if found else None


def raised_by_event(priority: Priority, area: str | None, planned: Iterable[PlannedEvent], now: datetime) -> PlannedEvent | None:
    """The event for which a person's task is to be shown higher than its rule says: as `raised`, where nothing is proposed.

    Only an event in the task's own area that begins within a week of `now`, or is on; of several the first. `planned`: those
    that are not called off.
    """
    if priority is not Priority.NORMAL or area is None:
        return None
    ahead = [one for one in planned if (one.ends_at or one.starts_at) >= now and one.starts_at <= now + AHEAD]
    found = [one for one in ahead if one.area == area]
    return min(found, key=lambda one: (one.starts_at, one.event_id), default=None)


def iso_week(now: datetime) -> str:
    """The ISO week of Sweden at an instant, as presence tasks name it."""
    year, week, _day = stockholm_date(now).isocalendar()
    return f"{year}-W{week:02}"
