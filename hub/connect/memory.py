"""In-memory twins of the intake's ports; `hub.testing` hands them out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from hub.connect.ports import Change, Entry, Heed, Removed
from hub.connector import RawMessage, report_number
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError, StaleDirectoryError
from hub.kafka import Outgoing

__all__ = ["MemoryDirectory", "MemoryPlaces", "MemoryPublisher", "MemoryStatutoryStore"]


class MemoryPublisher:
    """Keeps what was published; each error in `failures` makes one publish fail first, `away` is raised while it is set."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.failures: deque[Exception] = deque()
        self.away: Exception | None = None
        self.closed = False

    def require(self) -> None:
        if self.away is not None:
            raise self.away

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self.failures:
            raise self.failures.popleft()
        first = len(self.records)
        self.records.extend(records)
        return [(0, first + number) for number in range(len(records))]

    def close(self) -> None:
        self.closed = True


class MemoryStatutoryStore:
    """Keeps raw messages by id; each error in `failures` makes one put fail first."""

    def __init__(self) -> None:
        self.messages: dict[str, RawMessage] = {}
        self.failures: deque[Exception] = deque()

    def put(self, message: RawMessage) -> None:
        if self.failures:
            raise self.failures.popleft()
        self.messages.setdefault(message.message_id, message)

    def contents(self, number: str) -> str:
        return number if any(report_number(message_id) == number for message_id in self.messages) else ""


class MemoryDirectory:
    """A subject directory that is filled by hand; `failures` make a refresh fail, `stale` makes it refuse."""

    def __init__(self, today: date | None = None) -> None:
        self.failures: deque[Exception] = deque()
        self.stale = False
        self._today = today or date(2025, 5, 19)
        self._entries: dict[str, Entry] = {}
        self._removed: list[Removed] = []
        self._widened: dict[str, datetime] = {}
        self.protected: list[str] = []

    def grant(self, person_id: str, entry: Entry) -> None:
        """From the next lookup on, the person has this entry; the next refresh says that somebody gained."""
        self._widened[entry.youth_ref] = min(start for start, _ in entry.spans)
        self._entries[canonical_identifier(person_id, today=self._today)] = entry

    def withdraw(self, person_id: str, erasure_id: str | None) -> None:
        """At once nothing is covered; the next refresh asks for erasure, or without an id the entry rests."""
        canonical = canonical_identifier(person_id, today=self._today)
        entry = self._entries.pop(canonical)
        if erasure_id is None:
            self._entries[canonical] = entry.at_rest()
        self._removed.append(Removed(entry.youth_ref, erasure_id))

    def refresh(self, heed: Heed) -> None:
        if self.failures:
            raise self.failures.popleft()
        if self._removed or self._widened:
            heed(Change(tuple(self._removed), bool(self._widened), dict(self._widened)))
            self._removed.clear()
            self._widened.clear()

    def require_fresh(self) -> None:
        if self.stale:
            raise StaleDirectoryError("the subject directory is older than its limit", code="stale_directory")

    def lookup(self, person_id: str) -> Entry | None:
        return self._entries.get(canonical_identifier(person_id, today=self._today))

    def entries(self) -> Iterable[Entry]:
        return {entry.youth_ref: entry for entry in self._entries.values()}.values()

    def protect(self, person_id: str) -> None:
        """Notes the reference in `protected`; `failures` make it fail first."""
        try:
            entry = self.lookup(person_id)
        except RejectedError:
            return
        if entry is None or entry.rests:
            return
        if self.failures:
            raise self.failures.popleft()
        self.protected.append(entry.youth_ref)


class MemoryPlaces:
    """A gazetteer of a few names; any other name becomes `place-` and its ASCII letters."""

    def __init__(self, codes: Mapping[str, str] | None = None) -> None:
        self._codes = {"Norrköping": "0581", "Hageby": "0581-hageby", "City": "0581-city", **(codes or {})}

    def area_code(self, name: str, at: datetime | None = None) -> str:
        del at
        letters = "".join(one for one in name.lower() if one.isascii() and one.isalpha())
        return self._codes.get(name) or (name if name in self._codes.values() else f"place-{letters or 'unknown'}")
