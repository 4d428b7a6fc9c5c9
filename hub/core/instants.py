"""Instants as whole milliseconds since 1970 (UTC), and the few questions of the Swedish calendar that the core asks.

A window of n days is n x 24 hours on the UTC line, so summer time moves no window's edge. Only what people count in days
is asked in Europe/Stockholm: distinct days, school days, times of day, ages, ISO weeks and deadlines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = [
    "DAY",
    "HOUR",
    "SchoolDays",
    "from_ms",
    "next_midnight",
    "respond_by",
    "stockholm_date",
    "stockholm_day",
    "stockholm_midnight",
    "stockholm_minute",
    "stockholm_week",
    "to_ms",
]

DAY = 24 * 60 * 60 * 1000
"""Milliseconds of 24 hours."""

HOUR = 60 * 60 * 1000
"""Milliseconds of an hour."""

_MINUTE = 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_STOCKHOLM = ZoneInfo("Europe/Stockholm")


def to_ms(instant: datetime) -> int:
    """Whole milliseconds, rounded down. Raises TypeError for an instant without a zone: that is a programming error."""
    since = instant - _EPOCH
    # The same as dividing by a millisecond, in a third of the time: this is asked thrice for every event.
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def from_ms(milliseconds: int) -> datetime:
    """The UTC instant; beyond year 9999 the last one that can be written."""
    # Milliseconds are the fourth; by their name they take half as long again, and a task has fifty of them.
    return _EPOCH + timedelta(0, 0, 0, min(milliseconds, _LATEST))


def stockholm_date(instant: datetime) -> date:
    """The calendar day in Sweden."""
    return instant.astimezone(_STOCKHOLM).date()


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int) -> int:
    # Sweden's offset from UTC is whole hours, so one UTC hour lies within one Swedish day.
    return stockholm_date(from_ms(hour * HOUR)).toordinal()


@lru_cache(maxsize=4096)
def _minutes_before_hour(hour: int) -> int:
    return from_ms(hour * HOUR).astimezone(_STOCKHOLM).hour * 60


def stockholm_day(milliseconds: int) -> int:
    """The calendar day in Sweden as a day number."""
    return _day_of_hour(milliseconds // HOUR)


def stockholm_minute(milliseconds: int) -> int:
    """The time of day in Sweden, in whole minutes since midnight as the clock on the wall shows it."""
    return _minutes_before_hour(milliseconds // HOUR) + milliseconds % HOUR // _MINUTE


@lru_cache(maxsize=1024)
def stockholm_midnight(day: int) -> int:
    """The instant at which a day (by number) begins in Sweden."""
    begins = date.fromordinal(day)
    return to_ms(datetime(begins.year, begins.month, begins.day, tzinfo=_STOCKHOLM))


def stockholm_week(milliseconds: int) -> str:
    """The ISO week in Sweden, as `2025-W20`."""
    year, week, _ = date.fromordinal(stockholm_day(milliseconds)).isocalendar()
    return f"{year:04}-W{week:02}"


def respond_by(created: datetime, days: int) -> datetime:
    """The same time of day in Sweden, so many calendar days later."""
    return (created.astimezone(_STOCKHOLM) + timedelta(days=days)).astimezone(UTC)


def next_midnight(milliseconds: int) -> int:
    """The first UTC midnight at or after the instant."""
    return -(-milliseconds // DAY) * DAY


class SchoolDays:
    """The school days that a municipality's calendar names, by number, ascending."""

    def __init__(self, days: Iterable[int]) -> None:
        self._days = tuple(sorted(set(days)))
        self._known = frozenset(self._days)

    def __contains__(self, day: int) -> bool:
        return day in self._known

    def edge(self, count: int, now_ms: int) -> int | None:
        """The instant at which the `count`-th last school day began, today's included; None where fewer are known."""
        place = bisect_right(self._days, stockholm_day(now_ms)) - count
        return None if place < 0 else stockholm_midnight(self._days[place])

    def begun(self, after_ms: int, until_ms: int) -> list[int]:
        """The instants in (after, until] at which a school day began, ascending."""
        first = bisect_right(self._days, stockholm_day(after_ms))
        last = bisect_right(self._days, stockholm_day(until_ms))
        return [stockholm_midnight(day) for day in self._days[first:last]]

    def leaves(self, count: int, at_ms: int) -> int | None:
        """The instant from which what occurred at `at_ms` lies before that edge; None where the calendar ends before."""
        place = bisect_right(self._days, stockholm_day(at_ms)) + count - 1
        return None if place >= len(self._days) else stockholm_midnight(self._days[place])
