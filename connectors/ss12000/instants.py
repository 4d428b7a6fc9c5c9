"""Time as school systems write it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["STOCKHOLM", "day_start", "parse_day", "parse_instant", "windows", "written"]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_DATE_LENGTH = 10


def parse_instant(text: Any) -> datetime | None:
    """The UTC instant of an RFC 3339 text, or None. Without an offset (servers in the field) it is Stockholm time."""
    if not isinstance(text, str) or len(text) <= _DATE_LENGTH or text[_DATE_LENGTH] not in "Tt ":
        return None
    try:
        instant = datetime.fromisoformat(text.strip().replace("z", "Z"))
        return (instant if instant.tzinfo else instant.replace(tzinfo=STOCKHOLM)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_day(text: Any) -> date | None:
    """The date of an RFC 3339 full-date, or None."""
    try:
        return date.fromisoformat(text) if isinstance(text, str) and len(text) == _DATE_LENGTH else None
    except ValueError:
        return None


def written(instant: datetime) -> str:
    """RFC 3339 in Stockholm's own offset, so that a server which ignores offsets still reads the right time."""
    return instant.astimezone(STOCKHOLM).isoformat(timespec="seconds")


def day_start(day: date) -> datetime:
    """The first instant of a Stockholm day, in UTC."""
    return datetime.combine(day, time.min, STOCKHOLM).astimezone(UTC)


def windows(first: date, until: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive spans of whole Stockholm days from `first`; the last one ends at `until`."""
    start = day_start(first)
    while start < until:
        first += timedelta(days=days)
        end = min(day_start(first), until)
        yield start, end
        start = end
