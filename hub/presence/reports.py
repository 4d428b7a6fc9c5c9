"""What is told of a presence afterwards: numbers and codes only, so that nothing of anybody who was met can be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from hub.clock import stockholm_date
from hub.errors import RejectedError
from hub.presence.codes import NotDone, Note
from hub.presence.tables import ReportColumns

__all__ = ["MOST_ADULTS", "MOST_MINUTES", "MOST_YOUTHS", "Report", "clear_report", "report_of", "write_report"]

MOST_MINUTES: Final = 12 * 60
MOST_ADULTS: Final = 200
MOST_YOUTHS: Final = 5000
_LEAST_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class Report:
    """`reason` where it was not carried out: then there are no numbers. `minutes` is how long it lasted, for everybody together
    once; `day` a Stockholm date. `by`: the account, or empty for an association's link.
    """

    day: date
    reason: NotDone | None = None
    minutes: int = 0
    adults: int = 0
    youths: int = 0
    note: Note | None = None
    by: str = ""

    @property
    def carried_out(self) -> bool:
        """Whether somebody was there."""
        return self.reason is None

    def require(self, starts_at: datetime, now: datetime) -> None:
        """Raises RejectedError naming the field's rule: `not_begun`, `bad_day`, `bad_minutes`, `bad_adults`, `bad_youths`."""
        planned = stockholm_date(starts_at)
        if now < starts_at and self.carried_out:
            raise RejectedError("it has not begun yet", code="not_begun")
        if not planned - timedelta(days=1) <= self.day <= planned + timedelta(days=1):
            raise RejectedError("day: the day that was planned, or the one beside it", code="bad_day")
        if self.reason is not None:
            return
        if not _LEAST_MINUTES <= self.minutes <= MOST_MINUTES:
            raise RejectedError(f"minutes: {_LEAST_MINUTES} to {MOST_MINUTES}", code="bad_minutes")
        if not 1 <= self.adults <= MOST_ADULTS:
            raise RejectedError(f"adults: 1 to {MOST_ADULTS}", code="bad_adults")
        if not 0 <= self.youths <= MOST_YOUTHS:
            raise RejectedError(f"youths: 0 to {MOST_YOUTHS}", code="bad_youths")


def report_of(row: ReportColumns) -> Report | None:
    """What a row holds; None while nothing was told."""
    if row.reported_at is None or row.day is None:
        return None
    return Report(
        day=row.day,
        reason=NotDone(row.reason) if row.reason else None,
        minutes=row.minutes or 0,
        adults=row.adults or 0,
        youths=row.youths or 0,
        note=Note(row.note) if row.note else None,
        by=row.reported_by or "",
    )


def write_report(row: ReportColumns, report: Report, by: str, now: datetime) -> None:
    """Put it into a row, in place of what was told before."""
    row.reported_at, row.reported_by, row.day = now, by, report.day
    row.reason = None if report.reason is None else report.reason.value
    row.note = None if report.note is None else report.note.value
    row.minutes, row.adults, row.youths = (
        (report.minutes, report.adults, report.youths) if report.carried_out else (None, None, None)
    )


def clear_report(row: ReportColumns) -> None:
    """Nothing was told after all."""
    row.reported_at = row.reported_by = row.day = row.reason = row.note = None
    row.minutes = row.adults = row.youths = None
