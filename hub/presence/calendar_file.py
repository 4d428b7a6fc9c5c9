"""The plan as iCalendar (RFC 5545): where and when, and nothing of who."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from icalendar import Calendar, Event

from hub.presence.codes import VisitState
from hub.presence.plan import Visit

__all__ = ["calendar_of"]

_STATUS: Final = {VisitState.CANCELLED: "CANCELLED"}


def calendar_of(visits: Iterable[Visit], summary: Callable[[str], str], place: Callable[[str], str]) -> bytes:
    """The presences as a calendar file: `summary` and `place` are given the area. What was cancelled says so."""
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
    content: bytes = calendar.to_ical()
    return content
