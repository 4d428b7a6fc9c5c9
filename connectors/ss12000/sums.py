"""Absence from the sums of a day, for servers that tell no lesson apart (`/aggregatedAttendance`). Pure.

A row is one student in one activity, without an id and without a time of change. So one day is asked at a time, the rows of a
student are added up, and the day's sum is a fact under an identity made of the student and the day: a corrected sum keeps it.
A sum that is missing is unknown and not 0; an offered time of 0 is no lesson's length and gives no rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.ss12000.instants import STOCKHOLM, day_start
from connectors.ss12000.mapping import Piece, absence_body, cover
from connectors.ss12000.roster import Roster
from hub.connector import PersonRecord, Record, Unmapped
from hub.contract.models import AbsenceKind, InfoKind

__all__ = ["map_sums"]

_SUM_OF = {AbsenceKind.UNEXCUSED: "invalidAbsenceSum", AbsenceKind.EXCUSED: "validAbsenceSum"}
_DAY_MINUTES = 24 * 60
_SCHOOL_BEGINS = timedelta(hours=8)


@dataclass(slots=True)
class _Sums:
    """What is known of one student's day, minutes; None: unknown."""

    offered: int = 0
    minutes: dict[AbsenceKind, int | None] = field(default_factory=lambda: dict.fromkeys(_SUM_OF, 0))


def map_sums(rows: Iterable[Any], day: date, roster: Roster, pieces: dict[str, list[Piece]]) -> Iterator[Record]:
    """The facts of one Stockholm day; marks the `pieces` of that day (by person) that the sums cover.

    `occurred_at` is eight in the morning, when a school day begins at the latest: the sums tell no time.
    """
    found: dict[str, _Sums] = {}
    for row in rows:
        student = row.get("student") if isinstance(row, dict) else None
        person_id = roster.person_of(student)
        if isinstance(person_id, Unmapped):
            yield person_id
        elif isinstance(row, dict) and _is_of(row, day):
            _add(found.setdefault(person_id, _Sums()), row)
        else:
            yield Unmapped("malformed_sum", intentional=False)
    begins = datetime.combine(day, datetime.min.time(), STOCKHOLM) + _SCHOOL_BEGINS
    for person_id, sums in found.items():
        yield from _records(person_id, sums, day, begins)
        if all(minutes is not None for minutes in sums.minutes.values()):
            cover(pieces.get(person_id, ()), day_start(day), day_start(day + timedelta(days=1)))


def _records(person_id: str, sums: _Sums, day: date, begins: datetime) -> Iterator[Record]:
    for kind, minutes in sums.minutes.items():
        if minutes is None or minutes > _DAY_MINUTES:
            yield Unmapped("unknown_sum", intentional=False)
            continue
        yield PersonRecord(
            kind=InfoKind.SCHOOL_ABSENCE,
            person_id=person_id,
            source_id=f"sums:{day.isoformat()}:{kind.value}",
            occurred_at=begins,
            body=absence_body(kind, minutes, min(sums.offered, _DAY_MINUTES) or None),
            retracted=minutes == 0,
        )


def _add(sums: _Sums, row: dict[str, Any]) -> None:
    sums.offered += _whole(row.get("offeredSum")) or 0
    for kind, name in _SUM_OF.items():
        so_far, told = sums.minutes[kind], _whole(row.get(name))
        sums.minutes[kind] = None if so_far is None or told is None else so_far + told


def _is_of(row: dict[str, Any], day: date) -> bool:
    """Whether the row's sums are of this day alone: a server that ignores the dates tells of a whole term."""
    return all(str(row.get(name, day))[:10] == day.isoformat() for name in ("startDate", "endDate"))


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
