"""The one source of time of every process.

Instants are UTC and aware; calendar arithmetic (ages, deadlines, school days) is in Europe/Stockholm. A scenario starts
all its processes at one instant by the setting `clock`, so that nothing depends on the day it is run.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from hub.errors import ConfigError

__all__ = [
    "CLOCK_VARIABLE",
    "STOCKHOLM",
    "Clock",
    "ManualClock",
    "ShiftedClock",
    "SystemClock",
    "parse_clock",
    "reachable",
    "stockholm_date",
]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
CLOCK_VARIABLE = "HUB_CLOCK"


def reachable(instant: datetime) -> datetime:
    """The aware instant as it is, if UTC has it: at the calendar's ends, the years 1 and 9999, another zone's may lie outside.

    Raises ValueError, as what parses a text that names no time does: OverflowError is none.
    """
    try:
        instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("no instant of UTC") from None
    return instant


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """Return the present UTC instant (aware)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """A clock that showed `start` when the machine's clock showed `origin` (epoch seconds) and runs at its speed since.

    Processes that share both values share the time, without talking to each other.
    """

    def __init__(self, start: datetime, origin: float) -> None:
        self._start = start.astimezone(UTC)
        self._origin = origin

    def now(self) -> datetime:
        return self._start + timedelta(seconds=max(0.0, time.time() - self._origin))

    def as_setting(self) -> str:
        """The setting `clock` that gives another process this clock."""
        return f"{self._start.isoformat()}@{self._origin:.6f}"


class ManualClock:
    """A clock for tests: stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new instant."""
        self._now += by
        return self._now

    def set(self, to: datetime) -> None:
        self._now = to.astimezone(UTC)


def parse_clock(value: str) -> Clock:
    """The clock that a setting describes: the machine's when empty, else shifted (`ISO-INSTANT@EPOCH-SECONDS`).

    Raises ConfigError when it cannot be read: a silently wrong clock would misjudge every deadline.
    """
    if not value:
        return SystemClock()
    try:
        start, origin = value.split("@")
        clock = ShiftedClock(_aware(datetime.fromisoformat(start)), _finite(float(origin)))
        clock.now()
    except (ValueError, OverflowError) as error:
        raise ConfigError("clock must be an ISO instant with zone, '@' and epoch seconds", code="bad_clock") from error
    return clock


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise ValueError("no number of seconds")
    return seconds


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("no time zone")
    return instant


def stockholm_date(instant: datetime) -> date:
    """The calendar day of an instant, as people in Sweden count days."""
    return instant.astimezone(STOCKHOLM).date()
