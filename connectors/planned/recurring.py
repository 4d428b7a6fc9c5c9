"""Recurrences, bounded before a library follows them. Pure.

A rule of one line can ask for every second of eight thousand years, or for a day that never comes: dateutil looks for the next
one until the year 9999, whatever `UNTIL` says. So a rule is cut at the window's end, must go by days at least, begin in this
century and name days that are certain to come again, and the days that all rules of a plan look through are counted before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr

from connectors.planned.plan import STOCKHOLM, Window, instant

__all__ = ["Budget", "RefusedRule", "bounded_rule"]

_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_FOLLOWED = frozenset({"FREQ", "INTERVAL", "UNTIL", "COUNT", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"})
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(?:MO|TU|WE|TH|FR|SA|SU)", re.IGNORECASE)
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ALWAYS_THERE = 28  # of every month
_RAREST = 15_000  # days: 29 February falls on one weekday every 40 years at least
_FIRST_YEAR = 2000
_MOST_DAYS = 1_000_000
_MOST_COUNT = 10_000


class RefusedRule(Exception):  # noqa: N818 -- why an event is not followed; never leaves the connector
    """`code` is the reason to count."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Budget:
    """How many days the rules of one plan may look through."""

    def __init__(self) -> None:
        self._left = _MOST_DAYS

    def spend(self, days: int) -> None:
        """Raises RefusedRule `too_much_recurrence` when there are no more."""
        self._left -= max(days, 0)
        if self._left < 0:
            raise RefusedRule("too_much_recurrence")


def bounded_rule(rule: Mapping[str, Any], begins: date | datetime, window: Window, budget: Budget) -> dict[str, Any]:
    """The same rule, by `UNTIL`, no further than the window. Raises RefusedRule.

    `too_frequent`  it goes by hours or less
    `bad_recurrence`  it begins before 2000, or is none that can be followed, or its days may never come
    `too_much_recurrence`  the plan's rules look through too many days
    """
    parts = {name.upper(): values if isinstance(values, list) else [values] for name, values in rule.items()}
    if parts.get("FREQ", [""])[0] not in _FREQUENCIES or any(name in parts for name in _WITHIN_A_DAY):
        raise RefusedRule("too_frequent")
    if begins.year < _FIRST_YEAR or not _comes_again(parts):
        raise RefusedRule("bad_recurrence")
    days = max((window.end - instant(begins)).days, 0) + (_RAREST if {"BYDAY", "BYMONTHDAY"} <= set(parts) else 1)
    end = min([window.end, *(_end_of(until) for until in parts.pop("UNTIL", []))])
    count = parts.pop("COUNT", [])
    budget.spend(days * (2 if count else 1))
    if count:
        end = _last_of(parts, begins, end, count[0])
    return {**parts, "UNTIL": [_like(begins, end)]}


def _comes_again(parts: Mapping[str, list[Any]]) -> bool:
    """Whether the parts name days that come again and again. Some rules that do are refused too: none that people write."""
    frequency, every = parts["FREQ"][0], _whole(parts.get("INTERVAL", [1])[0])
    months, days = ([_whole(one) for one in parts.get(name, ())] for name in ("BYMONTH", "BYMONTHDAY"))
    weekdays = [_WEEKDAY.fullmatch(str(one)) for one in parts.get("BYDAY", ())]
    if set(parts) - _FOLLOWED or every < 1 or not all(weekdays) or not all(1 <= one <= 12 for one in months):
        return False
    often = every == 1
    ordinals = [abs(int(found[1])) for found in weekdays if found and found[1]]
    most = 52 if frequency == "YEARLY" and not months else 4
    return (
        _days_exist(days, months, often=often)
        and all(0 < one <= most + often for one in ordinals)
        and not (ordinals and days)
        and len(ordinals) in {0, len(weekdays)}  # dateutil asks for days that are both
        and _positions_exist(parts, plain=bool(weekdays) and not ordinals and not days)
        and (often or _filters_fit(frequency, set(parts)))
    )


def _days_exist(days: list[int], months: list[int], *, often: bool) -> bool:
    """Whether there is such a day of the month in one of the months; in any of them where months are stepped over."""
    longest = max((_LONGEST_MONTH[month - 1] for month in months), default=31) if often else _ALWAYS_THERE
    return all(1 <= abs(day) <= 31 for day in days) and (not days or min(map(abs, days)) <= longest)


def _positions_exist(parts: Mapping[str, list[Any]], *, plain: bool) -> bool:
    """Every weekday comes four times a month."""
    positions = [abs(_whole(one)) for one in parts.get("BYSETPOS", ())]
    return not positions or (plain and parts["FREQ"][0] in {"MONTHLY", "YEARLY"} and max(positions) <= 4 and min(positions) > 0)


def _filters_fit(frequency: str, names: set[str]) -> bool:
    """Whether what is stepped over can be nothing but what the filters would have let through."""
    filters = names & {"BYDAY", "BYMONTH", "BYMONTHDAY"}
    allowed = {"DAILY": set[str](), "WEEKLY": {"BYDAY"}, "MONTHLY": {"BYDAY", "BYMONTHDAY"}}.get(frequency, filters)
    return filters <= allowed and not {"BYDAY", "BYMONTHDAY"} <= filters


def _whole(value: Any) -> int:
    text = str(value)
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,5}", text) else 0


def _end_of(until: date | datetime) -> datetime:
    """The last instant that counts: a day is meant whole."""
    return instant(until) if isinstance(until, datetime) else instant(until + timedelta(days=1)) - timedelta(seconds=1)


def _like(begins: date | datetime, end: datetime) -> date | datetime:
    """`end` in the form of the beginning, which it is compared with: RFC 5545 3.3.10 asks for it, and the library relies on it.

    Of a beginning without a zone it is Swedish time, as the beginning is; in UTC it would lie before the last occurrence.
    """
    local = end.astimezone(STOCKHOLM)
    if not isinstance(begins, datetime):
        return local.date()
    return end if begins.tzinfo else local.replace(tzinfo=None)


def _last_of(parts: Mapping[str, Any], begins: date | datetime, end: datetime, count: Any) -> datetime:
    """When the last of `count` occurrences begins, no later than `end`."""
    if not isinstance(count, int) or not 0 < count <= _MOST_COUNT:
        raise RefusedRule("bad_recurrence")
    local = begins if isinstance(begins, datetime) else datetime(begins.year, begins.month, begins.day)  # noqa: DTZ001 -- Swedish
    zoned = local if local.tzinfo else local.replace(tzinfo=STOCKHOLM)
    text = ";".join(f"{name}={','.join(map(str, values))}" for name, values in parts.items())
    try:
        found = rrulestr(f"{text};UNTIL={end.astimezone(UTC):%Y%m%dT%H%M%SZ}", dtstart=zoned)
        last = max(islice(found, count), default=zoned)
    except (ValueError, TypeError, OverflowError):
        raise RefusedRule("bad_recurrence") from None
    return last.astimezone(UTC)
