"""Reads one stretch of whole days: lessons (or sums) and reported absences, as records of what is told again and what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, TypeAlias

from connectors.ss12000.changes import days_beside, days_of
from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import STOCKHOLM, parse_instant
from connectors.ss12000.mapping import Piece, map_absence, map_event, piece_record
from connectors.ss12000.roster import Roster
from connectors.ss12000.sums import map_sums
from connectors.ss12000.taken_back import absence_gone, attendance_gone
from connectors.ss12000.told import Kind, Told, Watch
from hub.connector import Record, Removal, Unmapped

__all__ = ["Part", "Reading"]

_Pieces: TypeAlias = dict[str, list[Piece]]
_MOST_REMOVALS = 5_000  # at once: for each such lot the intake looks through all that it told


@dataclass(frozen=True, slots=True)
class Part:
    """Records, whether a poll before told them as they are, and what is taken back of others than they are about now."""

    records: Sequence[Record]
    again: bool = False
    removals: Sequence[Removal] = ()


@dataclass(slots=True)
class Reading:
    """One poll's way of reading a stretch. `seen` collects the ids of the lessons met, if it is given.

    Whom a changed attendance or absence is about may have changed too. So the facts that it may have given are taken back of
    everybody but the pupil whom it names now; nothing is, where that pupil's number is not known. A changed absence may have been
    longer too: what it may have given on the days beside it is taken back of everybody.
    """

    config: Ss12000Config
    client: Ss12000Client
    roster: Roster
    watch: Watch
    seen: set[str] | None = field(default=None, repr=False)
    _odd: set[str] = field(default_factory=set, repr=False)

    def stretch(self, start: datetime, end: datetime, told: Told) -> Iterator[Part]:
        """Everything in [start, end), page by page; `told` by polls before."""
        pieces: _Pieces = {}
        absences = self._absences(start, end, told, pieces)
        yield from (self._sums if self.config.reading == "sums" else self._lessons)(start, end, told, pieces)
        for again in (True, False):
            own = [piece for each in pieces.values() for piece in each if piece.again is again]
            yield Part([piece_record(piece, self.config.school_day_minutes) for piece in own], again)
        yield from absences

    def _lessons(self, start: datetime, end: datetime, told: Told, pieces: _Pieces) -> Iterator[Part]:
        removals: list[Removal] = []
        for rows in self.client.calendar_events(start, end):
            if self.seen is not None:
                self.seen.update(key for row in rows if (key := _id_of(row)) is not None)
            parts: dict[bool, list[Record]] = {True: [], False: []}
            for row in rows:
                begins = _start_of(row)
                for item, records in map_event(row, self.roster, pieces):
                    kind = Kind.LESSON if item is row else Kind.ATTENDANCE
                    changed = self.watch.changed(kind, item)
                    parts[told.again(kind, changed, begins)] += records
                    if kind is Kind.ATTENDANCE and told.changed_since(kind, changed, begins):
                        removals += self._attendance_of_others(item)
            yield Part(parts[True], again=True)
            yield Part(parts[False])
            if len(removals) >= _MOST_REMOVALS:
                yield Part((), removals=removals)
                removals = []
        yield Part((), removals=removals)

    def _sums(self, start: datetime, end: datetime, told: Told, pieces: _Pieces) -> Iterator[Part]:
        """A day's sums are whole when the day is over; until then each poll corrects them."""
        day, last = start.astimezone(STOCKHOLM).date(), (end - timedelta(microseconds=1)).astimezone(STOCKHOLM).date()
        while day <= last:
            records = list(map_sums(chain.from_iterable(self.client.sums(day)), day, self.roster, pieces))
            yield Part(records, told.has_whole_day(day))
            day += timedelta(days=1)

    def _absences(self, start: datetime, end: datetime, told: Told, pieces: _Pieces) -> list[Part]:
        """Puts reported absences of the stretch into `pieces` by person; the answer is what else they say, told again or new."""
        odd: dict[bool, list[Record]] = {True: [], False: []}
        removals: list[Removal] = []
        for row in chain.from_iterable(self.client.absences(start, end) if self.config.read_absences else ()):
            begins, changed = _start_of(row) or start, self.watch.changed(Kind.ABSENCE, row)
            again = told.again(Kind.ABSENCE, changed, begins)
            if told.changed_since(Kind.ABSENCE, changed, begins):
                removals += self._absence_before(row)
            mapped = map_absence(row, self.roster, start, end)
            if isinstance(mapped, Unmapped):
                odd[again] += self._once(mapped)
                continue
            for piece in mapped:
                piece.again = told.again(Kind.ABSENCE, changed, piece.start)
                pieces.setdefault(piece.person_id, []).append(piece)
        return [Part(odd[True], again=True), Part(odd[False], removals=removals)]

    def _once(self, unmapped: Unmapped) -> list[Unmapped]:
        """An absence that touches several stretches is told of in the first."""
        known, name = unmapped.source_id in self._odd, unmapped.source_id
        self._odd |= {name} if name else set()
        return [] if known else [unmapped]

    def _attendance_of_others(self, row: Any) -> Iterator[Removal]:
        key, number = _id_of(row), self._number_in(row)
        if key and number:
            yield from attendance_gone(key, number)

    def _absence_before(self, row: Any) -> Iterator[Removal]:
        """What it told of others on its days, and of anybody on days that are none of its own any more."""
        key, number = _id_of(row), self._number_in(row)
        if key and (beside := days_beside(row)):
            yield absence_gone(key, beside)
        if key and number and (days := days_of(row)):
            yield absence_gone(key, sorted(days), number)

    def _number_in(self, row: Any) -> str | None:
        return self.roster.number_of(row.get("student")) if isinstance(row, dict) else None


def _start_of(row: Any) -> datetime | None:
    return parse_instant(row.get("startTime")) if isinstance(row, dict) else None


def _id_of(row: Any) -> str | None:
    value = row.get("id") if isinstance(row, dict) else None
    return value.strip().lower() if isinstance(value, str) else None
