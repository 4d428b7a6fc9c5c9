"""One content of a file, as it was read to its end. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hub.connector import PersonRecord, PlaceRecord, Record, Unmapped

__all__ = ["Export", "same_person"]

_DUPLICATE = Unmapped("duplicate_row_id", intentional=False)


@dataclass(slots=True)
class Export:
    """One content of a file, read to its end: its rows by source id.

    `unread`: ids of the rows that cannot be read this time; `unnamed`: some of them have none. `doubtful`: ids that stand for
    several persons, so that nobody knows whose the observation is. `left`: what a newer file says, and this one does not;
    `passed`: some of it, which the newer file has said already.
    """

    digest: str
    persons: dict[str, PersonRecord] = field(default_factory=dict, repr=False)
    places: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    unnamed: bool = False
    doubtful: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    rows: list[tuple[int, Record]] = field(default_factory=list, repr=False)
    _repeats: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, record: PersonRecord | PlaceRecord | Unmapped) -> None:
        """Take a line's record, under the identity that it has in this file.

        An observation's id can be used once: `duplicate_row_id`. Weekly rows of the same week, area and category are reports
        of several parties and count side by side.
        """
        if isinstance(record, PersonRecord):
            self.rows.append((number, self._of_person(record)))
        elif isinstance(record, PlaceRecord):
            self._repeats[record.source_id] += 1
            place = replace(record, source_id=f"{record.source_id}/{self._repeats[record.source_id]}")
            self.places.add(place.source_id)
            self.rows.append((number, place))
        else:
            self.missed(record.source_id)
            self.rows.append((number, record))

    def _of_person(self, record: PersonRecord) -> Record:
        known = self.persons.setdefault(record.source_id, record)
        if known is record:
            return record
        if not same_person(known, record):
            self.doubtful.add(record.source_id)
        return _DUPLICATE

    def ended(self) -> None:
        """All is read: what stands for several persons is told of none."""
        if self.doubtful:
            told = [(number, record, getattr(record, "source_id", "")) for number, record in self.rows]
            self.rows = [(number, _DUPLICATE if name in self.doubtful else record) for number, record, name in told]
            self.persons = {name: record for name, record in self.persons.items() if name not in self.doubtful}

    def hold(self, told: set[str]) -> set[str]:
        """The weekly rows of which nobody can say which report of their place and week they are, for one that was told is among
        what cannot be read: they are counted as `beside_unread_row`, and stay as they were `told`.
        """
        before = Counter(_report(name) for name in told if self.unnamed)
        held = {name for name in self.places if self._repeats[_report(name)] < before[_report(name)]}
        self._leave_out(held, "beside_unread_row")
        return held

    def leave(self, left: set[str], passed: set[str]) -> None:
        """What a newer file has too that one says, and this one not before it."""
        self.left, self.passed = left, passed
        self._leave_out(left, "in_newer_file")

    def _leave_out(self, names: set[str], reason: str) -> None:
        for place, (number, record) in enumerate(self.rows):
            if not isinstance(record, Unmapped) and record.source_id in names:
                self.rows[place] = (number, Unmapped(reason, intentional=True, source_id=record.source_id))

    def missed(self, source_id: str = "") -> None:
        """A row, or the whole file, that cannot be read this time: what was told of it has not gone."""
        if source_id:
            self.unread.add(source_id)
        else:
            self.unnamed = True

    def stays(self, source_id: str) -> bool:
        """Whether what was told under the id may be a row that cannot be read this time."""
        read = source_id in self.persons or source_id in self.doubtful
        return not read and (self.unnamed or source_id in self.unread)

    def says(self, is_somebody: Callable[[PersonRecord], bool]) -> set[str]:
        """Of what it has something to say by which an older file's word is overruled: not where it is unclear who is meant."""
        return self.places.union(self.doubtful, (name for name, record in self.persons.items() if is_somebody(record)))

    @property
    def named(self) -> set[str]:
        """What it says something of."""
        return self.places.union(self.persons, self.doubtful)

    @property
    def told(self) -> set[str]:
        """The observations that stand in it."""
        return {name for name, record in self.persons.items() if not record.retracted}


def same_person(one: PersonRecord, other: PersonRecord) -> bool:
    """Whatever the spelling: with the century or without, with a dash or none, in digits of whatever width."""
    return _spelled(one.person_id) == _spelled(other.person_id)


def _report(source_id: str) -> str:
    """Week, area and category of a weekly row, which several rows may have."""
    return source_id.rpartition("/")[0]


def _spelled(person_id: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", person_id)))[-10:].upper()
