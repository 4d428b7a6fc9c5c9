"""The simulator's `/aggregatedAttendance` and `/deletedEntities`: made from its dataset, by nothing of the connector's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from connectors.ss12000.dataset import Dataset, Deletion, Event
from connectors.ss12000.instants import STOCKHOLM

__all__ = ["deleted_ids", "sum_up"]

_SUMS = {
    "attendanceSum": "attendanceMinutes",
    "validAbsenceSum": "validAbsenceMinutes",
    "invalidAbsenceSum": "invalidAbsenceMinutes",
    "otherAttendanceSum": "otherAttendanceMinutes",
}
_PLURALS = {"Absence": "absences", "Activity": "activitites", "Duty": "duties", "Syllabus": "syllabuses"}  # so spelt there


def sum_up(dataset: Dataset, first: date, last: date, at: datetime) -> list[bytes]:
    """One row for each student and activity with a lesson in the days, both included, as known at an instant."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for lesson in dataset["calendarEvents"].values():
        version = lesson.visible(at)
        if not isinstance(lesson, Event) or version is None or version.start is None or version.row.get("cancelled") is True:
            continue
        if not first <= version.start.astimezone(STOCKHOLM).date() <= last:
            continue
        length = (version.end - version.start if version.end else timedelta()) // timedelta(minutes=1)
        activity = version.row["activity"]["id"]
        for mark in json.loads(lesson.attendance(at)):
            row = rows.setdefault((mark["student"]["id"], activity), _empty(mark["student"]["id"], activity, first, last))
            _add(row, mark, length)
    return [json.dumps(row, separators=(",", ":")).encode() for _, row in sorted(rows.items())]


def _empty(student: str, activity: str, first: date, last: date) -> dict[str, Any]:
    numbers = dict.fromkeys((*_SUMS, "reportedSum", "offeredSum"), 0)
    dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
    return {"activity": {"id": activity}, "student": {"id": student}, **dates, **numbers}


def _add(row: dict[str, Any], mark: dict[str, Any], length: int) -> None:
    row["offeredSum"] += length
    if mark["isReported"]:
        row["reportedSum"] += length
        for name, minutes in _SUMS.items():
            row[name] += mark.get(minutes, 0)


def deleted_ids(
    deletions: Sequence[Deletion], after: datetime | None, kinds: frozenset[str], at: datetime
) -> dict[str, list[str]]:
    """Ids of what was deleted in (after, at], by kind as the document spells its lists; all kinds when none is asked for."""
    found: dict[str, list[str]] = {}
    for deletion in deletions:
        asked = not kinds or deletion.entity in kinds
        if asked and deletion.at <= at and (after is None or deletion.at > after):
            name = _PLURALS.get(deletion.entity, f"{deletion.entity[0].lower()}{deletion.entity[1:]}s")
            found.setdefault(name, []).append(deletion.key)
    return found
