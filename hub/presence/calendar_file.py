"""Calendars as iCalendar (RFC 5545): where and when, and nothing of who."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from hub.delivery.deadlines import Deadline
from hub.presence.codes import VisitState
from hub.presence.plan import Visit

__all__ = ["calendar_of", "deadline_events", "event_at", "visit_events"]

_LASTS: Final = timedelta(minutes=30)


def event_at(
    uid: str,
    when: datetime | date,
    summary: str,
    now: datetime,
    *,
    lasts: timedelta | None = None,
    address: str = "",
    cancelled: bool = False,
) -> Event:
    """One event: from an instant on, or for a whole day. `address`: the page that tells more to whoever may sign in."""
    if isinstance(when, datetime):
        when = when.astimezone(UTC)  # of an offset that is no zone of a name the file would have to say the rules
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", now)
    event.add("dtstart", when)
    event.add("dtend", when + (lasts or (_LASTS if isinstance(when, datetime) else timedelta(days=1))))
    event.add("summary", summary)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if address:
        event.add("url", address)
    return event


def deadline_events(
    deadlines: Iterable[Deadline], summary: Callable[[Deadline], str], address: Callable[[Deadline], str], now: datetime
) -> list[Event]:
    """An event for each task's clock: by the task's number, with its page's `address`; nobody is in it."""
    return [event_at(f"{one.task_id}@tasks.hub", one.due_by, summary(one), now, address=address(one)) for one in deadlines]


def visit_events(visits: Iterable[Visit], summary: Callable[[str], str], place: Callable[[str], str]) -> list[Event]:
    """An event for each presence: `summary` and `place` are given the area. What was cancelled says so."""
    events = []
    for visit in visits:
        event = event_at(
            f"{visit.visit_id}@presence.hub", visit.starts_at, summary(visit.area), visit.changed_at,
            lasts=visit.ends_at - visit.starts_at, cancelled=visit.state is VisitState.CANCELLED,
        )  # fmt: skip
        event.add("sequence", visit.version)
        event.add("location", place(visit.area))
        events.append(event)
    return events


def calendar_of(events: Iterable[Event]) -> bytes:
    """A calendar file of these."""
    calendar = Calendar()
    calendar.add("prodid", "-//hub//calendar//SV")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for event in events:
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
