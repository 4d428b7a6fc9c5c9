"""When a source is expected to tell something, over calendars, clock changes and terms."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.connector import find_connectors
from hub.expectation import Expectation, due_at, effective, is_silent, public_holidays

STOCKHOLM = ZoneInfo("Europe/Stockholm")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SCHOOL = Expectation(weekdays=WEEK[:5], by=time(18), between=("08-20/12-18", "01-10/06-10"), not_on=("W44", "2025-05-02"))


def at(text: str) -> datetime:
    """A Swedish time."""
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


def silent(expectation: Expectation, last: str, now: str) -> bool:
    return is_silent((expectation,), at(last), at(now))


def test_a_school_day_without_anything_is_silence_from_its_hour_on() -> None:
    assert not silent(SCHOOL, "2025-05-12 17:59", "2025-05-13 18:00")
    assert silent(SCHOOL, "2025-05-12 17:59", "2025-05-13 18:01")


def test_what_comes_after_its_hour_hides_no_silence_of_the_next_day() -> None:
    assert not silent(SCHOOL, "2025-05-12 18:01", "2025-05-13 18:00")
    assert silent(SCHOOL, "2025-05-12 18:01", "2025-05-13 18:01")
    weekly = Expectation(weekdays=("fri",), by=time(16))
    assert silent(weekly, "2025-05-09 16:20", "2025-05-16 16:01")


def test_what_made_up_for_a_missed_hour_counts_for_the_next_one_only_when_it_came_on_that_day() -> None:
    weekly = Expectation(weekdays=("fri",), by=time(16))
    for missed, due in ((1, "2025-05-16 16:00"), (2, "2025-05-23 16:00")):
        asked = (weekly.model_copy(update={"missed": missed}),)
        monday = at("2025-05-12 09:00")
        assert due_at(asked, monday, monday, late=True) == at(due)
        assert due_at(asked, monday, monday) == at(due) + timedelta(days=7)
    tuesday = at("2025-05-13 07:30")
    assert due_at((SCHOOL,), tuesday, tuesday, late=True) == at("2025-05-14 18:00")


@pytest.mark.parametrize(
    ("last", "since", "due"),
    [
        ("2025-05-09 10:00", "2025-05-11 12:00", "2025-05-16 16:00"),
        ("2025-05-09 10:00", "2025-05-16 16:00", "2025-05-23 16:00"),
        ("2025-05-15 10:00", "2025-05-16 09:00", "2025-05-23 16:00"),
        (None, "2025-05-16 09:00", "2025-05-16 16:00"),
    ],
)
def test_what_the_source_is_waited_for_anew_since_is_no_news_and_waives_no_hour(last: str | None, since: str, due: str) -> None:
    weekly = Expectation(weekdays=("fri",), by=time(16))
    assert due_at((weekly,), at(last) if last else None, at(since), since=at(since)) == at(due)


def test_nor_does_an_expectation_that_becomes_valid() -> None:
    old, new = Expectation(within_hours=1), Expectation(valid_from=date(2025, 5, 12), weekdays=("fri",), by=time(16))
    for last, due in (("2025-05-09 10:00", "2025-05-16 16:00"), ("2025-05-13 10:00", "2025-05-23 16:00")):
        assert due_at((old, new), at(last), at("2025-05-13 10:00")) == at(due)


def test_after_a_pause_so_many_days_in_a_row_are_missed_as_were_asked_for() -> None:
    twice = SCHOOL.model_copy(update={"missed": 2})
    since = at("2025-05-13 18:01")
    assert due_at((twice,), at("2025-05-12 17:00"), since, since=since) == at("2025-05-15 18:00")


@pytest.mark.parametrize(
    ("last", "now", "why"),
    [
        ("2025-05-16 10:00", "2025-05-18 23:59", "a weekend"),
        ("2025-04-30 10:00", "2025-05-04 23:59", "a public holiday, a day of study and a weekend"),
        ("2025-06-10 10:00", "2025-08-19 23:59", "the summer"),
        ("2025-10-24 10:00", "2025-11-02 23:59", "the autumn break"),
        ("2025-12-18 10:00", "2026-01-11 23:59", "over the turn of the year"),
    ],
)
def test_nothing_is_expected_of_a_school(last: str, now: str, why: str) -> None:
    assert not silent(SCHOOL, last, now), why


def test_after_a_break_the_first_school_day_counts_again() -> None:
    assert silent(SCHOOL, "2025-06-10 10:00", "2025-08-20 18:01")


def test_a_weekly_report_is_missed_at_the_next_weekday_that_is_no_holiday() -> None:
    weekly = Expectation(weekdays=("fri",), by=time(16))
    assert not silent(weekly, "2025-04-08 09:00", "2025-04-25 16:00"), "Good Friday was between"
    assert silent(weekly, "2025-04-08 09:00", "2025-04-25 16:01")
    assert silent(weekly, "2025-05-06 09:00", "2025-05-16 16:01")


def test_so_many_days_in_a_row_can_be_asked_for() -> None:
    twice = SCHOOL.model_copy(update={"missed": 2})
    assert not silent(twice, "2025-05-12 17:00", "2025-05-13 19:00")
    assert silent(twice, "2025-05-12 17:00", "2025-05-14 18:01")


def test_around_the_clock_hours_are_counted_and_not_what_the_clock_shows() -> None:
    feed = Expectation(within_hours=12)
    for night in ("2025-03-29", "2025-10-25"):  # 11 and 13 hours long by the clock
        last = at(f"{night} 20:00").astimezone(UTC)
        assert due_at((feed,), last, last) == last + timedelta(hours=12)


@pytest.mark.parametrize("day", ["2025-03-30", "2025-10-26"])
@pytest.mark.parametrize("hour", ["02:30", "18:00"])
def test_an_hour_of_a_day_on_which_the_clocks_change_is_one_instant_of_that_day(day: str, hour: str) -> None:
    deadline = Expectation(weekdays=WEEK, by=time.fromisoformat(hour)).deadline(date.fromisoformat(day))
    assert deadline.astimezone(STOCKHOLM).date().isoformat() == day
    if hour == "18:00":
        assert deadline.astimezone(STOCKHOLM).time() == time(18)


def test_the_expectation_that_became_valid_last_judges_what_came_since() -> None:
    old, new = Expectation(within_hours=1), Expectation(valid_from=date(2025, 5, 19), within_hours=24)
    assert effective((new, old), date(2025, 5, 18)) is old
    assert effective((old, new), date(2025, 5, 19)) is new
    assert is_silent((old, new), at("2025-05-18 12:00"), at("2025-05-18 13:01"))
    assert not is_silent((old, new), at("2025-05-18 12:00"), at("2025-05-19 23:59"))
    assert is_silent((old, new), at("2025-05-18 12:00"), at("2025-05-20 00:01"))
    assert not is_silent((new,), at("2025-05-01 12:00"), at("2025-05-18 12:00")), "nothing was valid then"


@pytest.mark.parametrize(
    "wrong",
    [
        {"within_hours": 0},
        {"within_hours": 3, "weekdays": ["mon"]},
        {"weekdays": ["monday"]},
        {"weekdays": ["mon"], "not_on": ["sportlov"]},
        {"weekdays": ["mon"], "not_on": ["W54"]},
        {"weekdays": ["mon"], "between": ["13-01/14-01"]},
        {"weekdays": ["mon"], "between": ["2025-06-10/2025-01-10"]},
        {"weekdays": ["mon"], "by": "18:00+02:00"},
        {"week": "mon"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        Expectation.model_validate(wrong)


# As the almanac has them, for years with an early, a late and a usual Easter.
ALMANAC = {
    2025: "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-06 06-08 06-20 06-21 11-01 12-24 12-25 12-26 12-31",
    2026: "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31",
    2008: "01-01 01-06 03-21 03-23 03-24 05-01 05-11 06-06 06-20 06-21 11-01 12-24 12-25 12-26 12-31",
    2038: "01-01 01-06 04-23 04-25 04-26 05-01 06-03 06-06 06-13 06-25 06-26 11-06 12-24 12-25 12-26 12-31",
}


@pytest.mark.parametrize("year", ALMANAC)
def test_public_holidays_are_those_of_the_almanac(year: int) -> None:
    assert [day.isoformat()[5:] for day in sorted(public_holidays(year))] == ALMANAC[year].split()


INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
SPANS = st.sampled_from(["08-20/12-18", "12-20/01-08", "2025-01-01/2027-12-31", "W08", "easter-6/easter+8", "2026-03-02"])
CALENDARS = st.builds(
    Expectation,
    weekdays=st.sets(st.sampled_from(WEEK), min_size=1).map(tuple),
    by=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    between=st.lists(SPANS, max_size=2).map(tuple),
    not_on=st.lists(SPANS, max_size=2).map(tuple),
    on_holidays=st.booleans(),
    missed=st.integers(1, 3),
)
HOURS = st.builds(Expectation, within_hours=st.floats(0.5, 200))


@given(st.one_of(CALENDARS, HOURS), INSTANTS, st.floats(0, 60), st.floats(0, 60))
def test_silence_lasts_until_something_comes_and_a_later_word_brings_it_no_sooner(one, last, days, more) -> None:
    now, later = last + timedelta(days=days), last + timedelta(days=days + more)
    assert not is_silent((one,), now, now), "something came just now"
    if is_silent((one,), last, now):
        assert is_silent((one,), last, later)
    due, due_later = due_at((one,), last, now), due_at((one,), now, later)
    assert due is None or due_later is None or due <= due_later
    assert due is None or due > last


@given(CALENDARS, INSTANTS, st.integers(0, 40), st.booleans())
def test_it_is_silent_when_and_only_when_enough_days_were_missed(one, last, days, late) -> None:
    """Counted the other way round: every day from that of the last word until now."""
    now = last + timedelta(days=days)
    deadlines = []
    day = last.astimezone(STOCKHOLM).date()
    while day <= now.astimezone(STOCKHOLM).date():
        deadline = datetime.combine(day, one.by, STOCKHOLM).astimezone(UTC)
        if one.expects_on(day) and deadline < now:
            deadlines.append(deadline)
        day += timedelta(days=1)
    met = 0 if late and not one.expects_on(last.astimezone(STOCKHOLM).date()) else 1
    assert is_silent((one,), last, now, late=late) == (len(deadlines) >= one.missed + met)


@given(CALENDARS, INSTANTS)
def test_what_is_due_is_due_on_a_day_on_which_something_is_expected(one, last) -> None:
    due = due_at((one,), last, last)
    if due is not None:
        day = due.astimezone(STOCKHOLM).date()
        assert one.expects_on(day)
        assert due == one.deadline(day)


def test_connectors_say_what_is_expected_of_them_in_words() -> None:
    found = find_connectors()
    assert [one.words() for one in found["polisen"].expects] == ["something new at least every 12 hours"]
    (school,) = found["ss12000"].expects
    assert "mon, tue, wed, thu, fri by 18:00" in school.words()
    assert found["sdk"].expects == ()
    assert Expectation().words() == "nothing"
