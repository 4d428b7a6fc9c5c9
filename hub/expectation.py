"""When a source is expected to tell something: the calendar by which its silence is judged. Pure; days are Stockholm dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.clock import STOCKHOLM, stockholm_date

__all__ = ["Expectation", "Weekday", "due_at", "effective", "is_silent", "public_holidays"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON_DAYS = 800  # a calendar that names no day in two years names none
_YEARLY = re.compile(r"(\d\d-\d\d)/(\d\d-\d\d)\Z")
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?\Z")
_WEEK = re.compile(r"W(\d\d)\Z")
_EASTER = re.compile(r"easter([+-]\d{1,2})/easter([+-]\d{1,2})\Z")
_LEAP_YEAR = "2024-"
_FORMS = "write 08-25/12-17 (every year), 2025-08-19/2025-12-18 or 2025-11-14 (once), W44 (an ISO week) or easter-6/easter+8"


@lru_cache(maxsize=512)
def _span(text: str) -> Callable[[date], bool]:
    """Whether a day lies in a span, both ends included. Raises ValueError when the text is none."""
    if found := _YEARLY.match(text):
        first, last = (date.fromisoformat(_LEAP_YEAR + part).isoformat()[5:] for part in found.groups())
        if first <= last:
            return lambda day: first <= day.isoformat()[5:] <= last
        return lambda day: not last < day.isoformat()[5:] < first  # over the turn of the year
    if found := _DATED.match(text):
        begin, end = date.fromisoformat(found[1]), date.fromisoformat(found[2] or found[1])
        if begin <= end:
            return lambda day: begin <= day <= end
    if (found := _WEEK.match(text)) and 1 <= int(found[1]) <= 53:
        week = int(found[1])
        return lambda day: day.isocalendar().week == week
    if (found := _EASTER.match(text)) and int(found[1]) <= int(found[2]):
        before, behind = timedelta(int(found[1])), timedelta(int(found[2]))
        return lambda day: _easter(day.year) + before <= day <= _easter(day.year) + behind
    raise ValueError(_FORMS)


def _checked(text: str) -> str:
    _span(text)
    return text


Span = Annotated[str, AfterValidator(_checked)]


class Expectation(BaseModel):
    """Something new is expected: `within_hours` of the last, around the clock; or on certain days, `by` a time of the day.

    On which: on these `weekdays`; `between` the first and last days of spans (terms; none: all the year); `not_on` others
    (holidays, single days); and on public holidays (`public_holidays`) only where `on_holidays` says so. A source is silent when
    so many such days in a row (`missed`) went by their time without anything new. Neither hours nor weekdays: nothing is
    expected. Of several expectations the one that became valid last counts, and it judges only what came since (`valid_from`, a
    Stockholm date).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    valid_from: date = date(1970, 1, 1)
    within_hours: Annotated[float, Field(gt=0, le=24 * 366)] | None = None
    weekdays: tuple[Weekday, ...] = ()
    by: time = time(18)
    between: tuple[Span, ...] = ()
    not_on: tuple[Span, ...] = ()
    on_holidays: bool = False
    missed: Annotated[int, Field(ge=1, le=50)] = 1

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if self.within_hours is not None and (self.weekdays or self.between or self.not_on):
            raise ValueError("either within_hours, around the clock, or weekdays with their spans")
        if self.by.tzinfo is not None:
            raise ValueError("by is a Swedish time of the day, without a zone")
        return self

    def expects_on(self, day: date) -> bool:
        """Whether that day is one of those."""
        return (
            _WEEKDAYS[day.weekday()] in self.weekdays
            and (not self.between or any(_span(text)(day) for text in self.between))
            and not any(_span(text)(day) for text in self.not_on)
            and (self.on_holidays or day not in public_holidays(day.year))
        )

    def deadline(self, day: date) -> datetime:
        """The instant of `by` on that day. An hour that the clock change skips or repeats is the earlier one's."""
        return datetime.combine(day, self.by, STOCKHOLM).astimezone(UTC)

    def words(self) -> str:
        """For an operator."""
        if self.within_hours is not None:
            return f"something new at least every {self.within_hours:g} hours"
        if not self.weekdays:
            return "nothing"
        parts = [f"something new on {', '.join(self.weekdays)} by {self.by:%H:%M}"]
        parts += [f"between {', '.join(self.between)}"] if self.between else []
        parts += [f"not on {', '.join(self.not_on)}"] if self.not_on else []
        parts += [] if self.on_holidays else ["nor on public holidays"]
        parts += [f"silent after {self.missed} such days"] if self.missed > 1 else []
        return "; ".join(parts)


def effective(expectations: Iterable[Expectation], day: date) -> Expectation | None:
    """The one that holds on that day."""
    valid = [one for one in expectations if one.valid_from <= day]
    return max(valid, key=lambda one: one.valid_from) if valid else None


def due_at(
    expectations: Sequence[Expectation],
    last: datetime | None,
    now: datetime,
    *,
    late: bool = False,
    since: datetime | None = None,
) -> datetime | None:
    """By when something new is expected, as it is expected at `now`; UTC instants. None: nothing is expected.

    `last`: when something new came last. On its own day nothing more is expected than what came, before the hour or after it. On
    another day it counts for the next expected one; but when it is `late`, and made up for an hour that was missed, for none.
    `since`: from when on the source is waited for, its first poll or the end of a pause; at the earliest, and without one, since
    the expectation became valid. What was to come before it is waived; it is no news, and waives nothing that is to come after.
    """
    valid = effective(expectations, stockholm_date(now))
    if valid is None:
        return None
    begin = datetime.combine(valid.valid_from, time(), STOCKHOLM).astimezone(UTC)
    begin = begin if since is None else max(begin, since)
    if valid.within_hours is not None:
        return max(begin, last or begin) + timedelta(hours=valid.within_hours)
    after_news = None if last is None else _due_after(valid, last, late=late)
    if last is not None and last >= begin:
        return after_news
    ahead = (deadline for deadline in _deadlines(valid, stockholm_date(begin)) if deadline > begin)
    first = next(islice(ahead, valid.missed - 1, None), None)
    return first if first is None or after_news is None else max(first, after_news)


def _due_after(valid: Expectation, last: datetime, *, late: bool) -> datetime | None:
    day = stockholm_date(last)
    met = 0 if late and not valid.expects_on(day) else 1
    return next(islice(_deadlines(valid, day), valid.missed - 1 + met, None), None)


def _deadlines(valid: Expectation, first: date) -> Iterator[datetime]:
    """Those of a day and the days behind it, in order."""
    for day in (first + timedelta(number) for number in range(_HORIZON_DAYS if valid.weekdays else 0)):
        if valid.expects_on(day):
            yield valid.deadline(day)


def is_silent(expectations: Sequence[Expectation], last: datetime, now: datetime, *, late: bool = False) -> bool:
    """Whether what was expected after `last` has not come, at `now`. `late`: see `due_at`."""
    due = due_at(expectations, last, now, late=late)
    return due is not None and now > due


@lru_cache(maxsize=16)
def public_holidays(year: int) -> frozenset[date]:
    """Swedish public holidays (lagen 1989:253 om allmänna helgdagar), and the eves on which nobody works either.

    The eves of midsummer, Christmas and New Year count as Sundays in semesterlagen (1977:480). A library of the holidays of
    all countries would cost every process that asks 18 MB; only Easter has to be computed, and that a library does.
    """
    easter = _easter(year)
    midsummer = _saturday_from(date(year, 6, 20))
    fixed = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
    moving = (easter + timedelta(days) for days in (-2, 0, 1, 39, 49))  # Good Friday to Whit Sunday
    saints = _saturday_from(date(year, 10, 31))
    return frozenset({*(date(year, *one) for one in fixed), *moving, midsummer - timedelta(1), midsummer, saints})


def _saturday_from(day: date) -> date:
    return day + timedelta((5 - day.weekday()) % 7)


@lru_cache(maxsize=16)
def _easter(year: int) -> date:
    from dateutil.easter import easter  # noqa: PLC0415 - memory: only who judges a calendar with holidays needs it

    found: date = easter(year)
    return found
