"""What the source remembers of each file: the cursor, and how two exports of one file differ. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeAlias

from connectors.inbox import InboxFile
from connectors.observations.export import Export, same_person
from connectors.observations.mapping import of_anybody, of_others, retracted_place
from connectors.observations.overruled import outdated, overrule
from hub.connector import Cursor, PersonRecord, Record, Removal, Unmapped

__all__ = ["Begun", "Contents", "Persons", "Progress"]

Persons: TypeAlias = Mapping[str, PersonRecord]
"""By source id, what was last told under it."""
Elsewhere: TypeAlias = Mapping[str, Sequence[PersonRecord | None]]
"""By source id, what each other file has under it; None: it is not known of whom."""
Contents: TypeAlias = Mapping[str, Mapping[str, Persons]]
"""By file and content, of whom its rows were told, where known."""
Begun: TypeAlias = dict[str, tuple[tuple[str, int], dict[str, dict[str, list[str]]]]]
"""By file: behind which content of it, and by content the `rows` and `places` that may have been told of it."""


class Progress:
    """The cursor: `files` (by key: digest, row ids, weekly rows, since when gone) and how far the present file is read.

    A file may be replaced when it is told in part: `begun` has, by content, what may have been told of it. `left` are rows that
    a newer file says; until all that were read in one go are told, that file may be replaced, and then this one says them.
    `again` counts how often a file came back to the content it had, after something was told of another.
    `outdated` are rows that a file has still and a word told later overrules; `doubtful`, which it says of several persons.
    `begun`: what a process remembers besides of what it told and no cursor knows, because Kafka went away.
    `anew`: a folder that is read already is read from its beginning, beside the reading that goes on.
    """

    def __init__(self, cursor: Cursor | None, begun: Begun, *, anew: bool = False) -> None:
        self.anew = bool(cursor.get("anew")) if cursor else anew
        self._files, self._partial = _copied(cursor or {})
        self._begun = begun
        self._unsure: set[tuple[str, str]] = set()
        self._doubt: set[str] = set()  # what is gone from a file and stands, as it stood, of whom nobody knows
        for key, (behind, contents) in list(begun.items()):
            if behind == self._state(key):
                known = self._files.get(key, {}).get("begun", {})
                self._unsure.update((key, digest) for digest in contents if digest not in known)
                self._begin(key, contents)
            else:
                del begun[key]

    def cursor(self) -> Cursor:
        """The present state; JSON-able, names nobody."""
        files, partial = _copied({"files": self._files, "partial": self._partial})
        return {"files": files, "partial": partial, **({"anew": True} if self.anew else {})}

    def outdated(self) -> dict[tuple[str, str], set[str]]:
        """By file and content, the rows that a word told later overrules."""
        return {(key, each["digest"]): set(each["outdated"]) for key, each in self._files.items() if each.get("outdated")}

    def is_done(self, file: InboxFile) -> bool:
        """Whether this very content of the file has been read to its end, nothing of it waits for a newer file, and nothing has
        been told of another content since.
        """
        return self._is_read(file) and not self._files[file.key].get("left")

    def digest_done(self, file: InboxFile) -> str:
        """Digest of the file's content that was last read to its end, empty before the first."""
        return self.digests().get(file.key, "")

    def digests(self) -> dict[str, str]:
        """By file, the digest of its content that was last read to its end."""
        return {key: str(each["digest"]) for key, each in self._files.items() if each["digest"]}

    def has_told(self, file: InboxFile) -> bool:
        """Whether anything of the file stands."""
        known = self._files.get(file.key, {})
        return bool(_all(known, "rows") or _all(known, "places"))

    def row_reached(self, file: InboxFile) -> tuple[int, set[str]]:
        """The number of the last line that is safe, 0 when the file (or its content) is new; and what was left till then."""
        if self._partial.get("key") == file.key and self._partial.get("digest") == file.digest:
            since = {digest for key, digest in self._unsure if key == file.key} - {file.digest}
            return (0, set()) if since else (int(self._partial["row"]), set(self._partial.get("left", [])))
        return (sys.maxsize, set(self._files[file.key].get("left", []))) if self._is_read(file) else (0, set())

    def begin(self, file: InboxFile, export: Export) -> None:
        """Some of this content will be told before all of it is."""
        if self._is_read(file):
            return
        content = {file.digest: {"rows": sorted(export.told), "places": sorted(export.places)}}
        behind = self._state(file.key)
        self._begun[file.key] = (behind, (self._begun[file.key][1] if file.key in self._begun else {}) | content)
        self._begin(file.key, content)

    def _is_read(self, file: InboxFile) -> bool:
        others = self._files.get(file.key, {}).get("begun", {}).keys() - {file.digest}
        return self.digest_done(file) == file.digest and not others

    def _state(self, key: str) -> tuple[str, int]:
        known = self._files.get(key, {})
        return str(known.get("digest", "")), int(known.get("again", 0))

    def _begin(self, key: str, contents: Mapping[str, Any]) -> None:
        known = self._files.get(key, {"digest": "", "rows": [], "places": []})
        self._files[key] = {**known, "begun": {**known.get("begun", {}), **contents}}

    def reached(self, file: InboxFile, row: int, export: Export) -> Cursor:
        """The cursor in the middle of a file."""
        self._partial = {"key": file.key, "digest": file.digest, "row": row, "left": sorted(export.left)}
        return self.cursor()

    def finished(self, file: InboxFile, export: Export) -> Cursor:
        """The cursor at the end of a file."""
        self._partial = {}
        known = self._files.get(file.key, {})
        again = known.get("again", 0) + (self.digest_done(file) == file.digest and not self._is_read(file))
        self._files[file.key] = {
            "digest": export.digest,
            "rows": sorted(export.told.union(filter(export.stays, _all(known, "rows")))),
            "places": sorted(export.places.union(filter(export.stays, _all(known, "places")))),
            **({"left": sorted(export.left)} if export.left else {}),
            **({"outdated": known["outdated"]} if known.get("outdated") else {}),
            **({"doubtful": sorted(export.doubtful)} if export.doubtful else {}),
            **({"again": again} if again else {}),
        }
        return self.cursor()

    def elsewhere(self, file: InboxFile, persons: Contents) -> Elsewhere:
        """What other files have or may have told, those too that have left the folder."""
        found: dict[str, list[PersonRecord | None]] = {}
        for key, each in self._files.items():
            contents = {each["digest"]: each["rows"]} | {one: begun["rows"] for one, begun in each.get("begun", {}).items()}
            for digest, rows in contents.items() if key != file.key else ():
                for source_id in rows:
                    found.setdefault(source_id, []).append(persons.get(key, {}).get(digest, {}).get(source_id))
        return found

    def overrule(self, file: InboxFile, export: Export, words: set[str], persons: Contents, handed: Persons) -> None:
        """At the end of a file: which rows of this one and of others are outdated now. `words`: what it says from now on."""
        said = {key: persons.get(key, {}).get(each["digest"], {}) for key, each in self._files.items()}
        late = outdated(export, [each for key, each in said.items() if key != file.key])
        for key, each in self._files.items():
            if key != file.key:
                each["outdated"] = sorted(overrule(each, said[key], export, words, handed))
            else:
                each["outdated"] = sorted(late.union(each.get("outdated", []) if self._is_read(file) else ()))

    def lost(self, file: InboxFile, export: Export) -> set[str]:
        """The observations that this file has no more, though they were or may have been told of it."""
        told = _all(self._files.get(file.key, {}), "rows")
        return {source_id for source_id in told - export.named if not export.stays(source_id)}

    def reports(self, file: InboxFile) -> set[str]:
        """The weekly rows that were told of another content of this file, or may have been."""
        known = self._files.get(file.key, {})
        return {*known.get("places", []), *_begun(known, "places", but_of=file.digest)}

    def has_said(self, key: str) -> set[str]:
        """The observations that stand in a file as it was last read to its end, or that it says of several persons."""
        known = self._files.get(key, {})
        return {*known.get("rows", []), *known.get("doubtful", [])}

    def taken_over(self, file: InboxFile, export: Export, elsewhere: Elsewhere) -> Iterator[Record]:
        """One for each row of another person's in another file that this one says from now on: it may be no correction, but two
        exports that number their rows alike.
        """
        stored = self._files.get(file.key, {})
        known = {*stored.get("rows", []), *_begun(stored, "rows", but_of=file.digest)}
        for source_id, record in export.persons.items():
            others = [other for other in elsewhere.get(source_id, []) if other is not None]
            if source_id not in known | export.left and any(not same_person(other, record) for other in others):
                yield Unmapped("taken_from_other_file", intentional=True, source_id=source_id)

    def retractions(self, file: InboxFile, export: Export, former: Persons, elsewhere: Elsewhere) -> Iterator[Record]:
        """What the last export of this file said and this one says no more, unless it cannot be read or another file says it."""
        known = self._files.get(file.key, {})
        kept_places = export.places.union(*(_all(each, "places") for key, each in self._files.items() if key != file.key))
        broken_off = _begun(known, "rows", but_of=file.digest)
        for source_id in known.get("rows", []):
            if source_id in export.named or source_id in broken_off or export.stays(source_id):
                continue
            record, others = former.get(source_id), elsewhere.get(source_id, [])
            if record is not None and not any(other is None or same_person(other, record) for other in others):
                yield replace(record, retracted=True)
        for source_id in sorted(self.reports(file)):
            if source_id not in kept_places and not export.stays(source_id):
                yield retracted_place(source_id)

    def corrected(self, file: InboxFile, export: Export, former: Persons, elsewhere: Elsewhere) -> list[Removal]:
        """Takes back of others the rows of this file that are or may have been told of somebody else, here or in another file.

        The file that is read last says whose an observation is; where it says that of several, it is nobody's. Of another content
        that was told in part, and after a restart, nobody knows what that was: all of it that stands nowhere is taken back,
        whoever it is about.
        """
        stored = self._files.get(file.key, {})
        known, broken_off = set(stored.get("rows", [])), _begun(stored, "rows", but_of=file.digest)
        unsure = broken_off | self._doubt
        found = [of_anybody(source_id) for source_id in sorted(export.doubtful - export.passed)]
        for source_id, record in export.persons.items():
            said = [*elsewhere.get(source_id, []), *([former.get(source_id)] if source_id in known else [])]
            doubt = any(other is None or other.person_id != record.person_id for other in said)
            if record.retracted and source_id in (export.left - export.passed) & (known | broken_off):
                found.append(of_anybody(source_id))  # the newer file does not know of whom it was told here
            elif (doubt or source_id in unsure) and source_id not in export.passed:
                found.append(of_others(record))
        for source_id in sorted((broken_off | (known - former.keys())) - export.named):
            if not export.stays(source_id):
                left = _left_to(source_id, elsewhere.get(source_id, []))
                self._doubt |= set() if left else {source_id}
                found += left
        return found

    def sweep(self, present: set[str], today: date, remember_days: int) -> bool:
        """At the end of a reading: all is told that was left to a newer file. Note which files have gone and forget those long
        gone; their rows stay told. True when anything changed.
        """
        before = self.cursor()
        for key in list(self._files):
            known = self._files[key]
            if key in present:
                known.pop("gone", None)
                known.pop("left", None)
            elif date.fromisoformat(known.setdefault("gone", today.isoformat())) + timedelta(days=remember_days) < today:
                del self._files[key]
        return self.cursor() != before


def _copied(state: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The `files` and `partial` of a cursor. The lists in it are shared: they are replaced, and never changed."""
    return {key: dict(each) for key, each in state.get("files", {}).items()}, dict(state.get("partial", {}))


def _all(known: Mapping[str, Any], name: str) -> set[str]:
    """What of a file is or may be told."""
    return {*known.get(name, []), *_begun(known, name)}


def _begun(known: Mapping[str, Any], name: str, but_of: str = "") -> set[str]:
    return {one for digest, begun in known.get("begun", {}).items() if digest != but_of for one in begun[name]}


def _left_to(source_id: str, others: Sequence[PersonRecord | None]) -> list[Removal]:
    """What is gone here stands of whomever another file tells it, and of nobody else; where nobody knows whom, as it stood."""
    if not others:
        return [of_anybody(source_id)]
    first = others[0]
    sure = first is not None and all(other is not None and same_person(first, other) for other in others)
    return [of_others(first)] if first is not None and sure else []
