"""What the source remembers of each file: the cursor, and how two exports of one file differ. Pure."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from connectors.inbox import InboxFile
from connectors.observations.mapping import of_others, retracted_place
from hub.connector import Cursor, PersonRecord, PlaceRecord, Record, Removal, Unmapped

__all__ = ["Export", "Progress"]


@dataclass(slots=True)
class Export:
    """The rows of one content of a file, by source id; of those that cannot be read, the ids, or that some have none."""

    digest: str
    persons: dict[str, PersonRecord] = field(default_factory=dict, repr=False)
    places: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    unnamed: bool = False
    _repeats: Counter[str] = field(default_factory=Counter)

    def missed(self, source_id: str = "") -> None:
        """A row, or the whole file, that cannot be read this time: what was told of it has not gone."""
        if source_id:
            self.unread.add(source_id)
        else:
            self.unnamed = True

    def stays(self, source_id: str) -> bool:
        """Whether what was told under the id may be a row that cannot be read this time."""
        return self.unnamed or source_id in self.unread

    def add(self, record: PersonRecord | PlaceRecord | Unmapped) -> Record:
        """The record under the identity it has in this file.

        An observation's id can be used once: `duplicate_row_id`. Weekly rows of the same week, area and category are reports
        of several parties and count side by side.
        """
        if isinstance(record, PersonRecord):
            if record.source_id in self.persons:
                return Unmapped("duplicate_row_id", intentional=False)
            self.persons[record.source_id] = record
        elif isinstance(record, PlaceRecord):
            self._repeats[record.source_id] += 1
            record = replace(record, source_id=f"{record.source_id}/{self._repeats[record.source_id]}")
            self.places.add(record.source_id)
        else:
            self.missed(record.source_id)
        return record


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
        return str(self._files.get(file.key, {}).get("digest", ""))

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
            "rows": sorted(set(export.persons).union(filter(export.stays, known.get("rows", [])))),
            "places": sorted(export.places.union(filter(export.stays, known.get("places", [])))),
        }
        return self.cursor()

    def retractions(self, file: InboxFile, export: Export, former: Mapping[str, PersonRecord]) -> Iterator[Record]:
        """What the last export of this file said and this one says no more, unless it cannot be read or another file says it."""
        known = self._files.get(file.key, {})
        others = [each for key, each in self._files.items() if key != file.key]
        kept_rows = set(export.persons).union(*(each["rows"] for each in others))
        kept_places = export.places.union(*(each["places"] for each in others))
        for source_id in known.get("rows", []):
            if source_id not in kept_rows and not export.stays(source_id):
                record = former.get(source_id)
                yield replace(record, retracted=True) if record else Unmapped("retraction_without_person", intentional=False)
        for source_id in known.get("places", []):
            if source_id not in kept_places and not export.stays(source_id):
                yield retracted_place(source_id)

    def corrected(self, file: InboxFile, export: Export, former: Mapping[str, PersonRecord]) -> list[Removal]:
        """Takes back of others the rows of this file that are or may be about somebody else now.

        What another file has too stays.
        """
        others = {source_id for key, each in self._files.items() if key != file.key for source_id in each["rows"]}
        known = set(self._files.get(file.key, {}).get("rows", [])) - others
        return [
            of_others(record)
            for source_id, record in export.persons.items()
            if source_id in known and (source_id not in former or former[source_id].person_id != record.person_id)
        ]

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
