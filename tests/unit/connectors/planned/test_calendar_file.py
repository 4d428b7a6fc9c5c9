"""iCalendar: what is planned when, and what a hostile calendar comes to."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.planned.calendar_file import is_calendar, read_calendar
from connectors.planned.plan import Planned, Window
from hub.connector import Unmapped
from tests.unit.connectors.planned.make import NOW, WINDOW, make_calendar, make_event, utc


def read(*events, **words) -> list[Planned]:
    found = read_calendar(make_calendar(*events, **words), WINDOW)
    assert isinstance(found, list)
    assert all(isinstance(one, Planned) for one in found), found
    return found


def refusals(content: bytes) -> list[str]:
    found = read_calendar(content, WINDOW)
    return [found.reason] if isinstance(found, Unmapped) else [one.reason for one in found if isinstance(one, Unmapped)]


def test_a_weekly_event_keeps_its_hour_in_sweden_over_the_change_to_summer_time() -> None:
    found = read(make_event("RRULE:FREQ=WEEKLY;COUNT=3", "DURATION:PT5H", at="20250321T200000"))
    assert [one.starts for one in found] == [utc(2025, 3, 21, 19), utc(2025, 3, 28, 19), utc(2025, 4, 4, 18)]
    assert {one.ends - one.starts for one in found} == {timedelta(hours=5)}
    assert len({one.source_id for one in found}) == 3


def test_an_event_through_the_night_of_the_change_is_as_long_as_it_is() -> None:
    [found] = read(make_event("DTEND;TZID=Europe/Stockholm:20250330T040000", at="20250329T220000"))
    assert found.ends - found.starts == timedelta(hours=5)


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("DTSTART:20250430T180000Z", utc(2025, 4, 30, 18)),
        ("DTSTART:20250430T180000", utc(2025, 4, 30, 16)),  # floating: Swedish
        ("DTSTART;VALUE=DATE:20250430", utc(2025, 4, 29, 22)),
        ("DTSTART;TZID=America/New_York:20250430T180000", utc(2025, 4, 30, 22)),
        ("DTSTART;TZID=W. Europe Standard Time:20250430T180000", utc(2025, 4, 30, 16)),
        ("DTSTART;TZID=Europe/Stockholm:20250330T023000", utc(2025, 3, 30, 1, 30)),  # an hour that is left out
    ],
)
def test_times_are_read_with_and_without_zones(line: str, starts) -> None:
    assert [one.starts for one in read(make_event(line))] == [starts]


@pytest.mark.parametrize("zone", [";TZID=Europe/Stockholm:{}", ":{}", ":{}Z", ";VALUE=DATE:{}"])
@pytest.mark.parametrize("end", ["COUNT=5", "UNTIL={}", "UNTIL={day}"])
@pytest.mark.parametrize("first", ["20250320", "20250530"])  # over the change to summer time, and within summer
def test_a_series_tells_its_last_occurrence_with_a_zone_and_without(zone: str, end: str, first: str) -> None:
    days = [datetime.fromisoformat(first) + timedelta(days=7 * n) for n in range(5)]
    whole = "DATE" in zone
    at = "{:%Y%m%d}" if whole else "{:%Y%m%dT180000}"
    utc_ends = zone == ":{}Z" or "TZID" in zone  # then UNTIL is an instant: late enough on that day in either time
    until = f"{days[-1]:%Y%m%d}" if whole else at.format(days[-1]) + ("Z" if utc_ends else "")
    line = "DTSTART" + zone.format(at.format(days[0]))
    found = read(make_event(line, "RRULE:FREQ=WEEKLY;" + end.format(until, day=f"{days[-1]:%Y%m%d}")))
    assert [one.starts.date() for one in found] == [(day - timedelta(days=whole)).date() for day in days]


def test_a_moved_a_left_out_and_a_cancelled_occurrence() -> None:
    found = read(
        make_event("RRULE:FREQ=DAILY;COUNT=4", "EXDATE;TZID=Europe/Stockholm:20250322T200000", at="20250321T200000"),
        make_event("RECURRENCE-ID;TZID=Europe/Stockholm:20250323T200000", at="20250323T220000"),
        make_event("RECURRENCE-ID;TZID=Europe/Stockholm:20250324T200000", "STATUS:CANCELLED", at="20250324T200000"),
    )
    assert [(one.source_id[-13:], one.starts, one.cancelled) for one in found] == [
        ("20250321T1900", utc(2025, 3, 21, 19), False),
        ("20250323T1900", utc(2025, 3, 23, 21), False),
        ("20250324T1900", utc(2025, 3, 24, 19), True),
    ]


def test_an_event_that_is_moved_whole_keeps_its_identity() -> None:
    ids = {read(make_event(at=at))[0].source_id for at in ("20250430T180000", "20250501T190000")}
    assert len(ids) == 1
    assert "valborg" not in ids.pop()


def test_a_calendar_that_is_sent_to_cancel_cancels() -> None:
    assert [one.cancelled for one in read(make_event(), extra=("METHOD:CANCEL",))] == [True]


def test_only_what_lies_in_the_window_is_told() -> None:
    assert read(make_event(at="20241213T180000"), make_event(uid="b", at="20260101T180000")) == []
    found = read(make_event("RRULE:FREQ=YEARLY", at="20010430T180000"))
    assert [one.starts for one in found] == [utc(2025, 4, 30, 16)]


def test_a_counted_rule_ends_where_it_should_although_most_of_it_is_past() -> None:
    assert [one.starts for one in read(make_event("RRULE:FREQ=WEEKLY;COUNT=12", at="20250105T180000"))][-1] == utc(
        2025, 3, 23, 17
    )


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("RRULE:FREQ=SECONDLY",), "too_frequent"),
        (("RRULE:FREQ=HOURLY",), "too_frequent"),
        (("RRULE:FREQ=DAILY;BYHOUR=0,1,2;BYMINUTE=0,1",), "too_frequent"),
        (("RRULE:FREQ=DAILY;INTERVAL=0",), "bad_recurrence"),
        (("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",), "bad_recurrence"),
        (("RRULE:FREQ=DAILY;COUNT=99999999",), "bad_recurrence"),
        (("RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "bad_recurrence"),
        (("DTSTART:19000101T000000Z", "RRULE:FREQ=DAILY"), "bad_recurrence"),
        (("DTSTART:20250430T180000Z", "DTEND:20250430T170000Z"), "bad_event"),
        (("DTSTART:20250430T180000Z", "DTEND:20260430T170000Z"), "bad_event"),
        (("DTSTART:soon",), "bad_event"),
        (("DTSTART;TZID=../../etc/passwd:20250430T180000",), "unknown_time_zone"),
        (("DTSTART;TZID=Kommunens egen:20250430T180000",), "unknown_time_zone"),
    ],
)
def test_what_cannot_be_followed_is_refused_and_the_next_event_is_not(lines: tuple[str, ...], reason: str) -> None:
    content = make_calendar(make_event(*lines, uid="hostile"), make_event(uid="good"))
    found = read_calendar(content, WINDOW)
    assert isinstance(found, list)
    assert refusals(content) == [reason]
    assert sum(isinstance(one, Planned) for one in found) == 1


def test_more_events_than_are_told_at_once_refuse_the_calendar() -> None:
    few = Window(WINDOW.start, NOW, WINDOW.end, 50)
    found = read_calendar(make_calendar(make_event("RRULE:FREQ=DAILY", at="20250321T200000")), few)
    assert isinstance(found, Unmapped)
    assert found.reason == "too_many_events"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (make_calendar(make_event())[:-40], "truncated_calendar"),
        (b"BEGIN:VCALENDAR\r\n" * 6000 + b"END:VCALENDAR\r\n" * 6000, "too_many_components"),
        (b"BE\r\n GIN:VCALENDAR\r\n" * 6000 + b"END:VCALENDAR\r\n" * 6000, "too_many_components"),
        (make_calendar(make_event("X-A:" + "a" * 70_000)), "line_too_long"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR", "not_a_calendar"),
        (make_calendar(make_event(uid="")), "no_uid"),
    ],
)
def test_a_calendar_that_is_none_is_refused_by_name(content: bytes, reason: str) -> None:
    assert refusals(content) == [reason]


def test_a_time_zone_of_the_calendars_own_is_not_followed() -> None:
    zone = ("BEGIN:VTIMEZONE", "TZID:Europe/Stockholm", "BEGIN:STANDARD", "DTSTART:16010101T000000", "RRULE:FREQ=SECONDLY",
            "TZOFFSETFROM:+0200", "TZOFFSETTO:+0900", "END:STANDARD", "END:VTIMEZONE")  # fmt: skip
    assert [one.starts for one in read(make_event(), extra=zone)] == [utc(2025, 4, 30, 16)]


def test_time_zones_that_never_end_cost_no_more_than_they_are_long() -> None:
    began = time.process_time()
    zones = (b"BEGIN:VTIMEZONE\r\n" + b"x" * 380 + b"\r\n") * 4_990
    assert refusals(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + zones + b"END:VCALENDAR\r\n") == ["not_a_calendar"]
    assert time.process_time() - began < 2


def test_a_calendar_is_read_whatever_zones_it_describes_and_however_they_are_written() -> None:
    zone = ("begin:vtimezone", "TZID:x", "END:vtimezone")
    assert len(read(make_event(), extra=zone * 2)) == 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_raise(junk: bytes, at: int) -> None:
    whole = make_calendar(make_event("RRULE:FREQ=WEEKLY;COUNT=3"))
    at = min(at, len(whole))
    read_calendar(whole[:at] + junk + whole[at:], WINDOW)
    is_calendar(junk)
