"""Attendance and reported absence to absence records. Pure.

One attendance gives two facts under two identities, `<attendance id>:unexcused` and `<attendance id>:excused`: the standard
counts invalid and valid absence apart. A fact of zero minutes is a retraction: whether it was ever told, the source cannot
know and the intake does, so a late correction needs no memory here. The same goes for an attendance that is no longer
reported and for a lesson that was cancelled afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from connectors.ss12000.instants import STOCKHOLM, day_start, parse_instant
from connectors.ss12000.roster import Roster
from hub.connector import Absence, PersonRecord, Record, Unmapped
from hub.contract.models import AbsenceKind, InfoKind

__all__ = ["Piece", "absence_body", "cover", "map_absence", "map_event", "piece_record"]

_MINUTES_OF = {AbsenceKind.UNEXCUSED: "invalidAbsenceMinutes", AbsenceKind.EXCUSED: "validAbsenceMinutes"}
_ABSENCE_TYPES = frozenset({"anmäld frånvaro", "beviljad ledighet"})
_DAY_MINUTES = 24 * 60
_SATURDAY = 5


@dataclass(slots=True)
class Piece:
    """One reported absence on one Stockholm day. `covered` once a reported attendance tells of the same time.

    `again`: it was told before and the absence has not been changed since.
    """

    person_id: str = field(repr=False)
    source_id: str = field(repr=False)
    start: datetime
    end: datetime
    covered: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Lesson:
    start: datetime
    end: datetime | None
    offered: int | None
    cancelled: bool


def map_event(row: Any, roster: Roster, pieces: dict[str, list[Piece]]) -> Iterator[tuple[Any, list[Record]]]:
    """The facts of one calendar event, each beside the row or the attendance that tells it.

    Marks the `pieces` (by person) that attendance covers.
    """
    lesson = _lesson(row)
    if lesson is None:
        yield row, [Unmapped("malformed_event", intentional=False)]
        return
    if lesson.cancelled:
        yield row, [Unmapped("cancelled_lesson", intentional=True)]
    embedded = row.get("_embedded")
    attendance = embedded.get("attendance") if isinstance(embedded, dict) else None
    for item in attendance if isinstance(attendance, list) else ():
        yield item, list(_map_attendance(item, lesson, roster, pieces))


def _map_attendance(item: Any, lesson: _Lesson, roster: Roster, pieces: dict[str, list[Piece]]) -> Iterator[Record]:
    attendance_id = item.get("id") if isinstance(item, dict) else None
    if not isinstance(attendance_id, str) or not attendance_id.strip():
        yield Unmapped("malformed_attendance", intentional=False)
        return
    identity = attendance_id.strip().lower()
    person_id = roster.person_of(item.get("student"))
    if isinstance(person_id, Unmapped):
        yield replace(person_id, source_id=identity)
        return
    counts = item.get("isReported") is True and not lesson.cancelled
    for kind, name in _MINUTES_OF.items():
        minutes = _minutes(item.get(name)) if counts else 0
        if minutes is None:
            yield Unmapped("bad_minutes", intentional=False, source_id=f"{identity}:{kind.value}")
            continue
        yield PersonRecord(
            kind=InfoKind.SCHOOL_ABSENCE,
            person_id=person_id,
            source_id=f"{identity}:{kind.value}",
            occurred_at=lesson.start,
            body=absence_body(kind, minutes, lesson.offered),
            retracted=minutes == 0,
        )
    if counts:
        cover(pieces.get(person_id, ()), lesson.start, max(lesson.end or lesson.start, lesson.start + timedelta(minutes=1)))


def cover(pieces: Iterable[Piece], start: datetime, end: datetime) -> None:
    """Mark the pieces that overlap [start, end): attendance tells of that time."""
    for piece in pieces:
        if start < piece.end and end > piece.start:
            piece.covered = True


def map_absence(row: Any, roster: Roster, start: datetime, end: datetime) -> list[Piece] | Unmapped:
    """A reported absence cut into Stockholm days, those that begin within [start, end) and are no Saturday or Sunday.

    By day, because whether attendance covers it is decided window by window, and a window holds whole days.
    """
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        return Unmapped("malformed_absence", intentional=False)
    identity = row["id"].strip().lower()
    first, last = parse_instant(row.get("startTime")), parse_instant(row.get("endTime"))
    if first is None or last is None or last <= first:
        return Unmapped("malformed_absence", intentional=False, source_id=identity)
    if str(row.get("type")).strip().casefold() not in _ABSENCE_TYPES:
        return Unmapped("unknown_absence_type", intentional=False, source_id=identity)
    person_id = roster.person_of(row.get("student"))
    if isinstance(person_id, Unmapped):
        return replace(person_id, source_id=identity)
    pieces = []
    day = max(first, start).astimezone(STOCKHOLM).date()
    while (begins := max(first, day_start(day))) < min(last, end):
        following = day + timedelta(days=1)
        if begins >= start and day.weekday() < _SATURDAY:
            ends = min(last, day_start(following))
            pieces.append(Piece(person_id, f"{identity}:{day.isoformat()}", begins, ends))
        day = following
    return pieces


def piece_record(piece: Piece, school_day_minutes: int) -> PersonRecord:
    """The excused absence of one piece; a retraction when attendance tells of it, so that nothing counts twice.

    Minutes are the reported span's, at most a school day's.
    """
    minutes = 0 if piece.covered else min(school_day_minutes, int((piece.end - piece.start).total_seconds() // 60))
    return PersonRecord(
        kind=InfoKind.SCHOOL_ABSENCE,
        person_id=piece.person_id,
        source_id=piece.source_id,
        occurred_at=piece.start,
        body=absence_body(AbsenceKind.EXCUSED, minutes, None),
        retracted=minutes == 0,
    )


def _lesson(row: Any) -> _Lesson | None:
    start = parse_instant(row.get("startTime")) if isinstance(row, dict) else None
    if start is None:
        return None
    end = parse_instant(row.get("endTime"))
    taught = _minutes(row.get("teachingLengthStudent")) if row.get("teachingLengthStudent") is not None else None
    if taught is None and end is not None and start < end:
        taught = min(_DAY_MINUTES, int((end - start).total_seconds() // 60))
    return _Lesson(start, end, taught or None, row.get("cancelled") is True)


def _minutes(value: Any) -> int | None:
    """Whole minutes of at most a day; an omitted field of a reported attendance is zero, anything else unknown (None)."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _DAY_MINUTES:
        return None
    return int(value)


@lru_cache(maxsize=4096)
def absence_body(kind: AbsenceKind, minutes: int, offered: int | None) -> Absence:
    """Bodies are few and equal ones are shared: a poll makes tens of thousands of records."""
    return Absence(kind=kind, minutes=minutes, offered_minutes=offered)
