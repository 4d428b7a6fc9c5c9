"""Reads one stretch of whole days: lessons (or sums) and reported absences, as records of what is told again and what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import STOCKHOLM, parse_instant
from connectors.ss12000.mapping import Piece, map_absence, map_event, piece_record
from connectors.ss12000.roster import Roster
from connectors.ss12000.sums import map_sums
from hub.connector import Record, Unmapped

__all__ = ["Part", "Reading"]

Part: TypeAlias = tuple[list[Record], bool]
"""Records, and whether an earlier poll has told of their time already."""


@dataclass(slots=True)
class Reading:
    """One poll's way of reading a stretch. `seen` collects the ids of the lessons met, if it is given."""

    config: Ss12000Config
    client: Ss12000Client
    roster: Roster
    seen: set[str] | None = field(default=None, repr=False)

    def stretch(self, start: datetime, end: datetime, stored: datetime | None) -> Iterator[Part]:
        """Everything in [start, end), page by page. What began before `stored` was told before."""
        pieces, odd = self._absences(start, end)
        told = self._sums if self.config.reading == "sums" else self._lessons
        yield from told(start, end, stored, pieces)
        absent = [piece_record(piece, self.config.school_day_minutes) for own in pieces.values() for piece in own]
        for again in (True, False):
            yield [record for record in absent if (stored is not None and record.occurred_at < stored) is again], again
        yield odd, stored is not None and start < stored

    def _lessons(self, start: datetime, end: datetime, stored: datetime | None, pieces: dict[str, list[Piece]]) -> Iterator[Part]:
        for rows in self.client.calendar_events(start, end):
            if self.seen is not None:
                self.seen.update(key for row in rows if (key := _id_of(row)) is not None)
            for again in (True, False):
                part = [row for row in rows if _began_before(row, stored) is again]
                yield [record for row in part for record in map_event(row, self.roster, pieces)], again

    def _sums(self, start: datetime, end: datetime, stored: datetime | None, pieces: dict[str, list[Piece]]) -> Iterator[Part]:
        """A day's sums are whole when the day is over; until then each poll corrects them."""
        day, last = start.astimezone(STOCKHOLM).date(), (end - timedelta(microseconds=1)).astimezone(STOCKHOLM).date()
        while day <= last:
            records = list(map_sums(chain.from_iterable(self.client.sums(day)), day, self.roster, pieces))
            yield records, stored is not None and day < stored.astimezone(STOCKHOLM).date()
            day += timedelta(days=1)

    def _absences(self, start: datetime, end: datetime) -> tuple[dict[str, list[Piece]], list[Record]]:
        """Reported absences of the stretch by person, and what could not be read."""
        pieces: dict[str, list[Piece]] = {}
        odd: list[Record] = []
        if not self.config.read_absences:
            return pieces, odd
        for row in chain.from_iterable(self.client.absences(start, end)):
            mapped = map_absence(row, self.roster, start, end)
            if isinstance(mapped, Unmapped):
                odd.append(mapped)
                continue
            for piece in mapped:
                pieces.setdefault(piece.person_id, []).append(piece)
        return pieces, odd


def _began_before(row: Any, stored: datetime | None) -> bool:
    """Whether an earlier poll has told of this lesson already."""
    start = parse_instant(row.get("startTime")) if stored and isinstance(row, dict) else None
    return start is not None and stored is not None and start < stored


def _id_of(row: Any) -> str | None:
    value = row.get("id") if isinstance(row, dict) else None
    return value.strip().lower() if isinstance(value, str) else None
