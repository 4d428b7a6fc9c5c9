"""Names the facts that an attendance or a reported absence may have given, so that they can be taken back. Pure.

The source keeps no memory of persons: whose facts they were the intake knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from connectors.ss12000.mapping import absence_body
from hub.connector import Removal
from hub.contract.models import AbsenceKind, InfoKind

__all__ = ["AROUND", "absence_gone", "attendance_gone", "piece_id"]

AROUND = timedelta(days=31)
"""A reported absence may have been longer by as much before it was changed."""


def attendance_gone(key: str, but_of: str = "") -> Iterator[Removal]:
    """Both facts of an attendance; `but_of`: whose they are now."""
    for kind in (AbsenceKind.UNEXCUSED, AbsenceKind.EXCUSED):
        yield Removal(InfoKind.SCHOOL_ABSENCE, (f"{key}:{kind.value}",), absence_body(kind, 0, None), but_of)


def absence_gone(key: str, days: Iterable[date], but_of: str = "") -> Removal:
    """What a reported absence may have told on these Stockholm days."""
    ids = tuple(piece_id(key, day) for day in days)
    return Removal(InfoKind.SCHOOL_ABSENCE, ids, absence_body(AbsenceKind.EXCUSED, 0, None), but_of)


def piece_id(key: str, day: date) -> str:
    """The source's name of one day of a reported absence."""
    return f"{key}:{day.isoformat()}"
