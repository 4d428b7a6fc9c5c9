"""The calendar says where and when, what was cancelled too, and nothing of who."""

from __future__ import annotations

from datetime import timedelta

from icalendar import Calendar

from hub.presence.calendar_file import calendar_of
from tests.unit.presence.make import ANNA, FRIDAY, PlanHouse


def test_each_presence_is_an_event_and_a_cancelled_one_says_so(house: PlanHouse) -> None:
    kept = house.visit(who=ANNA)
    gone = house.visit(starts=FRIDAY + timedelta(days=1))
    house.plan.cancel(gone.visit_id, ANNA, seen=gone.version, record=house.record)
    visits = house.plan.between(FRIDAY, FRIDAY + timedelta(days=2))
    content = calendar_of(visits, lambda area: f"Närvaro: {area}", lambda _area: "Hageby")
    events = Calendar.from_ical(content).walk("VEVENT")
    assert [(str(one["SUMMARY"]), str(one["LOCATION"]), one["DTSTART"].dt, str(one["STATUS"])) for one in events] == [
        ("Närvaro: 0581-hageby", "Hageby", FRIDAY, "CONFIRMED"),
        ("Närvaro: 0581-hageby", "Hageby", FRIDAY + timedelta(days=1), "CANCELLED"),
    ]
    assert str(events[0]["UID"]) == f"{kept.visit_id}@presence.hub"
    assert ANNA.encode() not in content
