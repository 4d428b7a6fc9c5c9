"""When a team is at work, and when a number of its working days is over. Pure; days and times of day are Stockholm's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub.clock import STOCKHOLM
from hub.expectation import Weekday, public_holidays

__all__ = ["OFFICE_HOURS", "WorkingTime"]

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON_DAYS: Final = 400  # a team that is closed for longer works never


def _written(value: object) -> object:
    # YAML reads 12:00 without quotes as a number of base sixty, which would be twelve minutes past midnight here.
    if not isinstance(value, str | time):
        raise ValueError('write a time of day in quotes: "08:00"')  # noqa: TRY004 - pydantic tells of ValueErrors
    return value


_TimeOfDay = Annotated[time, BeforeValidator(_written)]


class WorkingTime(BaseModel):
    """From when until when, on which days; never on Swedish public holidays nor on the days of `closed`.

    Raises ValueError (pydantic's ValidationError) when no time of the day is left, or no day of the week.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Weekday, ...] = Field(("mon", "tue", "wed", "thu", "fri"), min_length=1)
    opens: _TimeOfDay = time(8)
    closes: _TimeOfDay = time(17)
    closed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _some_time_is_left(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes, on the same day")
        return self

    def is_open_on(self, day: date) -> bool:
        """Whether the team works on a day."""
        return _WEEKDAYS[day.weekday()] in self.days and day not in self.closed and day not in public_holidays(day.year)

    def later(self, start: datetime, days: int) -> datetime:
        """The UTC instant when `days` working days have passed since the aware instant `start`.

        What comes outside working time counts from the next opening. A day passes from a time of day to the same time of the
        next working day, so that summer time and holidays take nothing from anybody.
        """
        return self._stepped(self.at_work(start), days)

    def earlier(self, end: datetime, days: int) -> datetime:
        """The UTC instant `days` working days before `end`: for a word in good time."""
        return self._stepped(end, -days)

    def at_work(self, instant: datetime) -> datetime:
        """The instant itself while the team works, else the next opening; UTC."""
        there = instant.astimezone(STOCKHOLM)
        day = there.date()
        if self.is_open_on(day) and there.time() <= self.opens:
            return _utc(day, self.opens)
        if self.is_open_on(day) and there.time() < self.closes:
            return instant.astimezone(UTC)
        return _utc(self._next_day(day, 1), self.opens)

    def _stepped(self, instant: datetime, days: int) -> datetime:
        there = instant.astimezone(STOCKHOLM)
        day, step = there.date(), 1 if days >= 0 else -1
        for _ in range(abs(days)):
            day = self._next_day(day, step)
        return _utc(day, there.time()) if days else instant.astimezone(UTC)

    def _next_day(self, day: date, step: int) -> date:
        for _ in range(_HORIZON_DAYS):
            day += timedelta(days=step)
            if self.is_open_on(day):
                return day
        return day  # closed for more than a year: the calendar is wrong, and a late deadline is better than none


OFFICE_HOURS: Final = WorkingTime()
"""Monday to Friday, 8 to 17: of a team that says nothing else."""


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=STOCKHOLM).astimezone(UTC)
