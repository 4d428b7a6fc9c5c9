"""The plan as iCalendar (RFC 5545): where and when, and nothing of who."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from hub.delivery.deadlines import Deadline
from hub.presence.codes import VisitState
from hub.presence.plan import Visit

__all__ = ["calendar_of", "deadline_events"]

_LASTS: Final = timedelta(minutes=30)
_STATUS: Final = {VisitState.CANCELLED: "CANCELLED"}


def deadline_events(
    deadlines: Iterable[Deadline], summary: Callable[[Deadline], str], address: Callable[[Deadline], str], now: datetime
) -> list[Event]:
    """An event for each task's clock: by the task's number, with its page's `address`; nobody is in it."""
    events = []
    for one in deadlines:
        event = Event()
        event.add("uid", f"{one.task_id}@tasks.hub")
        event.add("dtstamp", now)
        event.add("dtstart", one.due_by)
        event.add("dtend", one.due_by + _LASTS)
        event.add("summary", summary(one))
        event.add("url", address(one))
        events.append(event)
    return events


def calendar_of(
    visits: Iterable[Visit], summary: Callable[[str], str], place: Callable[[str], str], more: Iterable[Event] = ()
) -> bytes:
    """The presences as a calendar file: `summary` and `place` are given the area. What was cancelled says so. `more` follows."""
    calendar = Calendar()
    calendar.add("prodid", "-//hub//presence//SV")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for visit in visits:
        event = Event()
        event.add("uid", f"{visit.visit_id}@presence.hub")
        event.add("dtstamp", visit.changed_at)
        event.add("sequence", visit.version)
        event.add("dtstart", visit.starts_at)
        event.add("dtend", visit.ends_at)
        event.add("summary", summary(visit.area))
        event.add("location", place(visit.area))
        event.add("status", _STATUS.get(visit.state, "CONFIRMED"))
        calendar.add_component(event)
    for event in more:
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
