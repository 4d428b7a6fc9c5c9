"""What was corrected or deleted behind the days that every poll reads again.

A changed attendance says which lesson it belongs to and not when that was; the lesson is asked for by its id unless the poll
met it already. The result is days, not facts: a whole day is read again, because only a whole day shows whether attendance
tells of the time of a reported absence. Deletions name ids only, and nobody here remembers persons: the intake knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.instants import STOCKHOLM, day_start, parse_instant
from connectors.ss12000.taken_back import AROUND, absence_gone, attendance_gone
from connectors.ss12000.told import Kind, Position, Watch
from hub.connector import Record, Removal, Unmapped

__all__ = ["Changes", "days_beside", "days_of", "read_changes", "stretches"]

_MOST_LESSONS = 2_000
_LONGEST_DAYS = 400
_YEARS = range(1900, 2200)  # what begins in another is nobody's absence, and has no day before or after that can be named


@dataclass(slots=True)
class Changes:
    """Days to read again (Stockholm dates before the days that the poll reads anyway), and what is to be said at once.

    `missing`: one for each list that the server does not offer. `gone`: the deletions (kind, id) that `removals` are of, and
    those that a poll before has told of.
    """

    days: set[date] = field(default_factory=set)
    missing: list[Record] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    gone: frozenset[tuple[str, str]] = frozenset()


def read_changes(
    client: Ss12000Client,
    watch: Watch,
    seen: set[str],
    stood: Position,
    *,
    begin: date,
    first: date,
    gone: frozenset[tuple[str, str]],
) -> Changes:
    """What changed since the poll that led to `stood`. `begin`: the first day ever read; `first`: the first of those that this
    poll has read; `gone`: deletions that were told of.

    A list that the server does not offer is counted as `changes_not_offered`; the rest is read all the same.
    """
    found = Changes()
    after = stood.asked_after(watch.late)
    lessons = client.changed("attendances", after[Kind.ATTENDANCE])
    absences = client.changed("absences", after[Kind.ABSENCE])
    before = (day_start(begin), day_start(first))
    cancelled = client.changed_lessons(*before, after[Kind.LESSON]) if begin < first else iter(())
    deleted = _deleted(client, stood, watch, gone)
    found.missing += [
        Unmapped("changes_not_offered", intentional=True) for each in (lessons, cancelled, absences, deleted) if each is None
    ]
    everything = {begin + timedelta(days=number) for number in range(max(0, (first - begin).days))}
    marks = _met(watch, Kind.ATTENDANCE_CHANGES, lessons or ())
    days = _days_of_lessons(client, marks, seen, after[Kind.ATTENDANCE])
    found.days |= everything if days is None else days & everything
    for row in _met(watch, Kind.LESSON_CHANGES, cancelled or ()):
        found.days |= days_of(row) & everything if _changed(row, after[Kind.LESSON]) else set()
    for row in _met(watch, Kind.ABSENCE_CHANGES, absences or ()):
        found.days |= days_of(row) & everything
        found.removals += _shortened(row, begin)
    fresh, found.gone = deleted or (frozenset(), gone)
    found.removals += _removals(sorted(fresh), begin, watch.now.astimezone(STOCKHOLM).date())
    return found


def _deleted(
    client: Ss12000Client, stood: Position, watch: Watch, gone: frozenset[tuple[str, str]]
) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]] | None:
    """What was deleted: that of which no poll has told, or not since the poll before; and all. None: the server does not tell.

    The list names no times. So it is asked for as far back as it may be late, and what is new by any clock is told once more.
    """
    pages = client.deleted(stood.deleted_after(watch.late))
    if pages is None:
        return None
    everything = frozenset(chain.from_iterable(pages))
    again = client.deleted(stood.deleted_after()) if gone & everything else None
    return everything - gone | frozenset(chain.from_iterable(again or ())), everything


def _met(watch: Watch, kind: Kind, pages: Iterable[list[Any]]) -> Iterator[Any]:
    """Every row of a list, its time of change noted."""
    for row in chain.from_iterable(pages):
        watch.changed(kind, row)
        yield row


def stretches(days: set[date], longest: int) -> Iterator[tuple[datetime, datetime]]:
    """The days as spans of at most `longest` days that follow each other without a gap."""
    waiting = sorted(days, reverse=True)
    while waiting:
        start = end = waiting.pop()
        while waiting and waiting[-1] == end + timedelta(days=1) and (waiting[-1] - start).days < longest:
            end = waiting.pop()
        yield day_start(start), day_start(end + timedelta(days=1))


def _days_of_lessons(client: Ss12000Client, rows: Iterator[Any], seen: set[str], after: datetime) -> set[date] | None:
    """The days of the lessons behind changed attendances; None when they are too many to ask for one by one."""
    wanted: set[str] = set()
    for row in rows:
        lesson = _lesson_of(row, after)
        if lesson is not None and lesson not in seen:
            wanted.add(lesson)
        if len(wanted) > _MOST_LESSONS:
            return None
    starts = (parse_instant((client.calendar_event(key) or {}).get("startTime")) for key in sorted(wanted))
    return {start.astimezone(STOCKHOLM).date() for start in starts if start is not None}


def _lesson_of(row: Any, after: datetime) -> str | None:
    """The id of a changed attendance's lesson."""
    lesson = row.get("calendarEvent") if _changed(row, after) else None
    key = lesson.get("id") if isinstance(lesson, dict) else None
    return key.strip().lower() if isinstance(key, str) else None


def _changed(row: Any, after: datetime) -> bool:
    """Whether an entity changed since; a server that ignores the filter also shows what has not."""
    meta = row.get("meta") if isinstance(row, dict) else None
    modified = parse_instant(meta.get("modified")) if isinstance(meta, dict) else None
    return isinstance(row, dict) and (modified is None or modified > after)


def days_of(row: Any) -> set[date]:
    """The Stockholm days that a lesson or a reported absence touches."""
    span = _span(row)
    return set() if span is None else {span[0] + timedelta(days=number) for number in range((span[1] - span[0]).days + 1)}


def days_beside(row: Any) -> list[date]:
    """The Stockholm days before and after a reported absence that it may have touched before it was shortened.

    None after one that is longer than anybody's: where that ends is not looked for.
    """
    span = _span(row)
    if span is None:
        return []
    (first, last), numbers = span, range(1, AROUND.days + 1)
    after = numbers if (last - first).days < _LONGEST_DAYS - 1 else ()
    return [*(first - timedelta(days=number) for number in numbers), *(last + timedelta(days=number) for number in after)]


def _span(row: Any) -> tuple[date, date] | None:
    """First and last Stockholm day of a reported absence."""
    first, last = (parse_instant(row.get(name)) if isinstance(row, dict) else None for name in ("startTime", "endTime"))
    if first is None or last is None or last <= first or first.year not in _YEARS:
        return None
    ends = min(last, first + timedelta(days=_LONGEST_DAYS)) - timedelta(microseconds=1)
    return first.astimezone(STOCKHOLM).date(), ends.astimezone(STOCKHOLM).date()


def _shortened(row: Any, begin: date) -> Iterator[Removal]:
    """What a changed absence may have told on days that are none of its own any more, wherever those are now."""
    key, days = row.get("id"), [day for day in days_beside(row) if day >= begin]
    if isinstance(key, str) and days:
        yield absence_gone(key.strip().lower(), days)


def _removals(rows: Iterable[tuple[str, str]], begin: date, today: date) -> Iterator[Removal]:
    for kind, key in rows:
        if kind == "attendance":
            yield from attendance_gone(key)
        elif kind == "absence":
            days = (begin + timedelta(days=number) for number in range((today + AROUND - begin).days))
            yield absence_gone(key, days)
