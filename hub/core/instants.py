"""Instants as whole milliseconds since 1970 (UTC), and the few questions of the Swedish calendar that the core asks.

A window of n days is n x 24 hours on the UTC line, so summer time moves no window's edge. Only what people count in days
is asked in Europe/Stockholm: distinct days, ISO weeks and deadlines.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = ["DAY", "from_ms", "next_midnight", "respond_by", "stockholm_date", "stockholm_day", "stockholm_week", "to_ms"]

DAY = 24 * 60 * 60 * 1000
"""Milliseconds of 24 hours."""

_HOUR = 60 * 60 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_STOCKHOLM = ZoneInfo("Europe/Stockholm")


def to_ms(instant: datetime) -> int:
    """Whole milliseconds, rounded down. Raises TypeError for an instant without a zone: that is a programming error."""
    return (instant - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The UTC instant; beyond year 9999 the last one that can be written."""
    return _EPOCH + timedelta(milliseconds=min(milliseconds, _LATEST))


def stockholm_date(instant: datetime) -> date:
    """The calendar day in Sweden."""
    return instant.astimezone(_STOCKHOLM).date()


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int) -> int:
    # Sweden's offset from UTC is whole hours, so one UTC hour lies within one Swedish day.
    return stockholm_date(from_ms(hour * _HOUR)).toordinal()


def stockholm_day(milliseconds: int) -> int:
    """The calendar day in Sweden as a day number."""
    return _day_of_hour(milliseconds // _HOUR)


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
