"""The Swedish calendar: dates, times of day and school days, asked of an instant in milliseconds (UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SATURDAY = 5


def in_sweden(instant: int) -> datetime:
    return datetime.fromtimestamp(instant // 1000, STOCKHOLM) + timedelta(milliseconds=instant % 1000)


@lru_cache(maxsize=100_000)
def date_in_sweden(instant: int) -> date:
    return in_sweden(instant).date()


@lru_cache(maxsize=10_000)
def when_the_day_begins(day: date) -> int:
    """The instant of midnight in Sweden."""
    return int(datetime.combine(day, time(), STOCKHOLM).astimezone(UTC).timestamp()) * 1000


def as_date(value: date | str) -> date:
    """A date as YAML (a date) or JSON (its text) gives it."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def lies_between(instant: int, begin: str, end: str) -> bool:
    """Whether the time of day lies in [begin, end), which goes over midnight when `end` is not after `begin`."""
    now, first, last = in_sweden(instant).time(), time.fromisoformat(begin), time.fromisoformat(end)
    return first <= now < last if first < last else now >= first or now < last


def is_a_school_day(day: date, school: dict[str, Any]) -> bool:
    """Monday to Friday within a term, and no free day."""
    within_a_term = any(as_date(term["first"]) <= day <= as_date(term["last"]) for term in school["terms"])
    free = day in [as_date(one) for one in school.get("free_days", [])]
    return day.weekday() < SATURDAY and within_a_term and not free


def the_last_school_days_begin_on(today: date, how_many: int, school: dict[str, Any]) -> date:
    """The `how_many`-th last school day, today's included; where the calendar knows fewer, every day is among them."""
    earliest = min(as_date(term["first"]) for term in school["terms"])
    day = today
    while day >= earliest:
        if is_a_school_day(day, school):
            how_many -= 1
            if how_many == 0:
                return day
        day -= timedelta(days=1)
    return date.min
