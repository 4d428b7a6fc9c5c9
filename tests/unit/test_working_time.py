"""A team's working days: weekends, public holidays, its own closed days, and what comes outside its hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.clock import STOCKHOLM
from hub.working_time import OFFICE_HOURS, WorkingTime

EVENINGS = WorkingTime(days=("tue", "sat"), opens="15:00", closes="22:00", closed=(date(2025, 5, 24),))  # type: ignore[arg-type]


def there(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2025-05-19 10:00", 0, "2025-05-19 10:00"),
        ("2025-05-19 10:00", 2, "2025-05-21 10:00"),
        ("2025-05-23 10:00", 1, "2025-05-26 10:00"),  # Friday
        ("2025-05-24 10:00", 1, "2025-05-27 08:00"),  # Saturday counts from Monday's opening
        ("2025-05-19 06:00", 1, "2025-05-20 08:00"),
        ("2025-05-19 17:00", 1, "2025-05-21 08:00"),  # closed already
        ("2025-05-28 10:00", 1, "2025-05-30 10:00"),  # the day between is Ascension Day
        ("2025-06-05 10:00", 1, "2025-06-09 10:00"),  # the national day
        ("2025-12-23 10:00", 2, "2025-12-30 10:00"),  # Christmas, and a weekend
        ("2025-03-28 10:00", 1, "2025-03-31 10:00"),  # summer time began meanwhile
    ],
)
def test_working_days_pass_from_a_time_of_day_to_the_same_one(start: str, days: int, expected: str) -> None:
    assert OFFICE_HOURS.later(there(start), days) == there(expected)


def test_a_team_has_its_own_days_hours_and_closed_days() -> None:
    assert EVENINGS.later(there("2025-05-20 16:00"), 1) == there("2025-05-27 16:00")  # the Saturday between is closed
    assert EVENINGS.later(there("2025-05-19 09:00"), 0) == there("2025-05-20 15:00")


def test_a_word_in_good_time_comes_working_days_before() -> None:
    assert OFFICE_HOURS.earlier(there("2025-05-26 10:00"), 1) == there("2025-05-23 10:00")


@given(st.integers(0, 3 * 365 * 24 * 60), st.integers(0, 30))
def test_a_deadline_is_in_working_time_and_never_comes_back(minutes: int, days: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = OFFICE_HOURS.later(start, days)
    local = end.astimezone(STOCKHOLM)
    assert end >= start
    assert OFFICE_HOURS.is_open_on(local.date())
    assert OFFICE_HOURS.opens <= local.time() <= OFFICE_HOURS.closes
    assert OFFICE_HOURS.later(start + timedelta(hours=7), days) >= end
    assert OFFICE_HOURS.later(start, days + 1) > end


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"opens": "17:00", "closes": "08:00"}, "opens must be before closes"),
        ({"days": []}, "days"),
        ({"days": ["monday"]}, "days"),
        ({"opens": 720}, "in quotes"),  # what YAML makes of 12:00
        ({"lunch": "12:00"}, "lunch"),
    ],
)
def test_what_is_no_working_time_is_refused_by_name(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        WorkingTime.model_validate(wrong)
    assert told in str(refused.value)


def test_who_is_closed_for_ever_gets_a_deadline_all_the_same() -> None:
    never = WorkingTime(closed=tuple(date(2025, 1, 1) + timedelta(days=day) for day in range(900)))
    assert never.later(there("2025-05-19 10:00"), 1) > there("2025-05-19 10:00")
