"""The calendar says where and when, what was cancelled too, and nothing of who."""

from __future__ import annotations

from datetime import date, timedelta, timezone

from icalendar import Calendar

from hub.presence.calendar_file import calendar_of, event_at, visit_events
from tests.unit.presence.make import ANNA, FRIDAY, NOW, PlanHouse


def test_each_presence_is_an_event_and_a_cancelled_one_says_so(house: PlanHouse) -> None:
    kept = house.visit(who=ANNA)
    gone = house.visit(starts=FRIDAY + timedelta(days=1))
    house.plan.cancel(gone.visit_id, ANNA, seen=gone.version, record=house.record)
    visits = house.plan.between(FRIDAY, FRIDAY + timedelta(days=2))
    content = calendar_of(visit_events(visits, lambda area: f"Närvaro: {area}", lambda _area: "Hageby"))
    events = Calendar.from_ical(content).walk("VEVENT")
    assert [(str(one["SUMMARY"]), str(one["LOCATION"]), one["DTSTART"].dt, str(one["STATUS"])) for one in events] == [
        ("Närvaro: 0581-hageby", "Hageby", FRIDAY, "CONFIRMED"),
        ("Närvaro: 0581-hageby", "Hageby", FRIDAY + timedelta(days=1), "CANCELLED"),
    ]
    assert str(events[0]["UID"]) == f"{kept.visit_id}@presence.hub"
    assert ANNA.encode() not in content


def test_a_day_is_a_whole_day_and_an_instant_lasts_half_an_hour_or_as_long_as_it_says() -> None:
    day = event_at("d", date(2025, 5, 23), "Ska vara gjort", NOW, address="https://hub.example/1")
    short, long = event_at("s", FRIDAY, "x", NOW), event_at("l", FRIDAY, "x", NOW, lasts=timedelta(hours=1), cancelled=True)
    (shown, *_rest) = Calendar.from_ical(calendar_of([day, short, long])).walk("VEVENT")
    assert (shown["DTSTART"].dt, shown["DTEND"].dt, str(shown["URL"])) == (
        date(2025, 5, 23), date(2025, 5, 24), "https://hub.example/1",
    )  # fmt: skip
    assert [one["DTEND"].dt - one["DTSTART"].dt for one in (short, long)] == [timedelta(minutes=30), timedelta(hours=1)]
    assert [str(one["STATUS"]) for one in (short, long)] == ["CONFIRMED", "CANCELLED"]


def test_an_instant_of_whichever_offset_is_written_as_utc() -> None:
    there = FRIDAY.astimezone(timezone(timedelta(hours=2)))
    assert b"DTSTART:20250523T180000Z" in calendar_of([event_at("u", there, "x", NOW)])


def test_a_line_break_in_a_title_is_no_line_of_the_file() -> None:
    content = calendar_of([event_at("u", FRIDAY, "a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:b", NOW)])
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 1
