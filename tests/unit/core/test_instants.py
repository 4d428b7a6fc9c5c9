"""Instants, Swedish days and weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.instants import (
    DAY,
    HOUR,
    SchoolDays,
    from_ms,
    next_midnight,
    respond_by,
    stockholm_date,
    stockholm_day,
    stockholm_midnight,
    stockholm_week,
    to_ms,
)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 29), timezones=st.just(UTC)))  # noqa: DTZ001
def test_milliseconds_round_down_and_come_back(instant: datetime) -> None:
    assert timedelta() <= instant - from_ms(to_ms(instant)) < timedelta(milliseconds=1)


def test_the_zone_does_not_matter_but_must_be_there() -> None:
    noon = datetime(2025, 5, 19, 12, tzinfo=UTC)
    assert to_ms(noon.astimezone(timezone(timedelta(hours=5)))) == to_ms(noon)
    with pytest.raises(TypeError):
        to_ms(noon.replace(tzinfo=None))


def test_an_instant_beyond_the_calendar_is_its_end() -> None:
    assert from_ms(10**18).year == 9999


@given(st.integers(0, 4_000_000_000_000))
def test_the_day_number_is_that_of_the_swedish_date(milliseconds: int) -> None:
    assert stockholm_day(milliseconds) == stockholm_date(from_ms(milliseconds)).toordinal()


@pytest.mark.parametrize(
    ("instant", "week"),
    [
        (datetime(2025, 5, 18, 21, 59, tzinfo=UTC), "2025-W20"),
        (datetime(2025, 5, 18, 22, 0, tzinfo=UTC), "2025-W21"),
        (datetime(2024, 12, 29, 23, 0, tzinfo=UTC), "2025-W01"),
        (datetime(2027, 1, 1, 12, 0, tzinfo=UTC), "2026-W53"),
    ],
)
def test_weeks_are_iso_weeks_in_sweden(instant: datetime, week: str) -> None:
    assert stockholm_week(to_ms(instant)) == week


def test_a_deadline_counts_calendar_days() -> None:
    autumn = datetime(2025, 10, 24, 6, 30, tzinfo=UTC)
    assert respond_by(autumn, 5) == datetime(2025, 10, 29, 7, 30, tzinfo=UTC)


def test_the_next_midnight_is_at_or_after() -> None:
    assert [next_midnight(0), next_midnight(1), next_midnight(DAY), next_midnight(DAY + 1)] == [0, DAY, DAY, 2 * DAY]


DAYS = [date(2025, 5, day).toordinal() for day in (15, 16, 19)]
THURSDAY, FRIDAY, MONDAY = (stockholm_midnight(day) for day in DAYS)
SCHOOL_DAYS = SchoolDays([*DAYS[::-1], *DAYS])


def test_school_days_are_counted_back_to_the_first_that_the_calendar_knows() -> None:
    for now in (MONDAY, MONDAY + DAY):
        assert [SCHOOL_DAYS.edge(count, now) for count in (1, 2, 3, 4)] == [MONDAY, FRIDAY, THURSDAY, None]
    assert [SCHOOL_DAYS.edge(count, MONDAY - 1) for count in (1, 2, 3)] == [FRIDAY, THURSDAY, None]
    assert SCHOOL_DAYS.edge(1, THURSDAY - 1) is None


def test_what_occurred_leaves_the_last_school_days_as_later_ones_begin_until_the_calendar_ends() -> None:
    for occurred in (THURSDAY, FRIDAY - 1):
        assert [SCHOOL_DAYS.leaves(count, occurred) for count in (1, 2, 3)] == [FRIDAY, MONDAY, None]
    assert SCHOOL_DAYS.leaves(3, THURSDAY - 1) == MONDAY


def test_a_school_day_has_begun_at_its_midnight_and_not_once_more_after_it() -> None:
    assert SCHOOL_DAYS.begun(THURSDAY - 1, THURSDAY) == [THURSDAY]
    assert SCHOOL_DAYS.begun(THURSDAY, MONDAY - 1) == [FRIDAY]
    assert SCHOOL_DAYS.begun(THURSDAY - DAY, MONDAY + HOUR) == [THURSDAY, FRIDAY, MONDAY]
    assert SCHOOL_DAYS.begun(MONDAY, MONDAY + DAY) == []
