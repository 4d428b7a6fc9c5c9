"""What the source remembers of each file: the cursor, and how two exports of one file differ. Pure."""

from __future__ import annotations

import copy
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, TypeAlias

from connectors.inbox import InboxFile
from connectors.observations.mapping import of_anybody, of_others, retracted_place
from hub.connector import Cursor, PersonRecord, PlaceRecord, Record, Removal, Unmapped

__all__ = ["Export", "Persons", "Progress"]

_DUPLICATE = Unmapped("duplicate_row_id", intentional=False)


Persons: TypeAlias = Mapping[str, PersonRecord]
"""By source id, what was last told under it."""
Elsewhere: TypeAlias = Mapping[str, Sequence[PersonRecord | None]]
"""By source id, what each other file has under it; None: it is not known of whom."""


@dataclass(slots=True)
class Export:
    """One content of a file, read to its end: its rows by source id.

    `unread`: ids of the rows that cannot be read this time; `unnamed`: some of them have none. `doubtful`: ids that stand for
    several persons, so that nobody knows whose the observation is.
    """

    digest: str
    persons: dict[str, PersonRecord] = field(default_factory=dict, repr=False)
    places: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    unnamed: bool = False
    doubtful: set[str] = field(default_factory=set)
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
        if not _same_person(known, record):
            self.doubtful.add(record.source_id)
        return _DUPLICATE

    def ended(self) -> None:
        """All is read: what stands for several persons is told of none."""
        if self.doubtful:
            told = [(number, record, getattr(record, "source_id", "")) for number, record in self.rows]
            self.rows = [(number, _DUPLICATE if name in self.doubtful else record) for number, record, name in told]
            self.persons = {name: record for name, record in self.persons.items() if name not in self.doubtful}

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

    @property
    def told(self) -> set[str]:
        """The observations that stand in it."""
        return {name for name, record in self.persons.items() if not record.retracted}


class Progress:
    """The cursor: `files` (by key: digest, row ids, weekly rows, since when gone) and how far the present file is read."""

    def __init__(self, cursor: Cursor | None) -> None:
        state: dict[str, Any] = copy.deepcopy(cursor or {})
        self._files: dict[str, dict[str, Any]] = state.get("files", {})
        self._partial: dict[str, Any] = state.get("partial", {})

    def cursor(self) -> Cursor:
        """The present state; JSON-able, names nobody."""
        return copy.deepcopy({"files": self._files, "partial": self._partial})

    def is_done(self, file: InboxFile) -> bool:
        """Whether this very content of the file has been read to its end."""
        return self.digest_done(file) == file.digest

    def digest_done(self, file: InboxFile) -> str:
        """Digest of the file's content that was last read to its end, empty before the first."""
        return self.digests().get(file.key, "")

    def digests(self) -> dict[str, str]:
        """By file, the digest of its content that was last read to its end."""
        return {key: str(each["digest"]) for key, each in self._files.items()}

    def has_told(self, file: InboxFile) -> bool:
        """Whether anything of the file stands."""
        known = self._files.get(file.key, {})
        return bool(known.get("rows") or known.get("places"))

    def row_reached(self, file: InboxFile) -> int:
        """The number of the last line that is safe, 0 when the file (or this content of it) is new."""
        same = self._partial.get("key") == file.key and self._partial.get("digest") == file.digest
        return int(self._partial["row"]) if same else 0

    def reached(self, file: InboxFile, row: int) -> Cursor:
        """The cursor in the middle of a file."""
        self._partial = {"key": file.key, "digest": file.digest, "row": row}
        return self.cursor()

    def finished(self, file: InboxFile, export: Export) -> Cursor:
        """The cursor at the end of a file."""
        self._partial = {}
        known = self._files.get(file.key, {})
        self._files[file.key] = {
            "digest": export.digest,
            "rows": sorted(export.told.union(filter(export.stays, known.get("rows", [])))),
            "places": sorted(export.places.union(filter(export.stays, known.get("places", [])))),
        }
        return self.cursor()

    def elsewhere(self, file: InboxFile, persons: Mapping[str, Persons]) -> Elsewhere:
        """What other files have, those too that have left the folder. `persons`: by file, of whom it was told, where known."""
        found: dict[str, list[PersonRecord | None]] = {}
        for key, each in self._files.items():
            for source_id in each["rows"] if key != file.key else ():
                found.setdefault(source_id, []).append(persons.get(key, {}).get(source_id))
        return found

    def retractions(self, file: InboxFile, export: Export, former: Persons, elsewhere: Elsewhere) -> Iterator[Record]:
        """What the last export of this file said and this one says no more, unless it cannot be read or another file says it."""
        known = self._files.get(file.key, {})
        kept_places = export.places.union(*(each["places"] for key, each in self._files.items() if key != file.key))
        for source_id in known.get("rows", []):
            if source_id in export.persons or source_id in export.doubtful or export.stays(source_id):
                continue
            record, others = former.get(source_id), elsewhere.get(source_id, [])
            if record is None and not others:
                yield Unmapped("retraction_without_person", intentional=False)
            elif record is not None and not any(other is None or _same_person(other, record) for other in others):
                yield replace(record, retracted=True)
        for source_id in known.get("places", []):
            if source_id not in kept_places and not export.stays(source_id):
                yield retracted_place(source_id)

    def corrected(self, file: InboxFile, export: Export, former: Persons, elsewhere: Elsewhere) -> list[Removal]:
        """Takes back of others the rows of this file that are or may have been told of somebody else, here or in another file.

        The file that is read last says whose an observation is; where it says that of several, it is nobody's.
        """
        known = set(self._files.get(file.key, {}).get("rows", []))
        found = [of_anybody(source_id) for source_id in sorted(export.doubtful)]
        for source_id, record in export.persons.items():
            said = [*elsewhere.get(source_id, []), *([former.get(source_id)] if source_id in known else [])]
            if any(other is None or other.person_id != record.person_id for other in said):
                found.append(of_others(record))
        return found

    def sweep(self, present: set[str], today: date, remember_days: int) -> bool:
        """Note which files have gone and forget those long gone; their rows stay told. True when anything changed."""
        before = self.cursor()
        for key in list(self._files):
            known = self._files[key]
            if key in present:
                known.pop("gone", None)
            elif date.fromisoformat(known.setdefault("gone", today.isoformat())) + timedelta(days=remember_days) < today:
                del self._files[key]
        return self.cursor() != before


def _same_person(one: PersonRecord, other: PersonRecord) -> bool:
    """Whatever the spelling: with the century or without, with a dash or none, in digits of whatever width."""
    return _spelled(one.person_id) == _spelled(other.person_id)


def _spelled(person_id: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", person_id)))[-10:].upper()
