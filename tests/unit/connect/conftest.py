"""A world for the intake: a source that is a list, a clock that stands still, Kafka and the registry in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.clock import ManualClock
from hub.connect.events import EventsLane
from hub.connect.gate import Origin
from hub.connect.ledger import Ledger
from hub.connect.ports import Entry
from hub.connector import (
    Absence,
    Batch,
    PersonRecord,
    Place,
    PlaceRecord,
    ProtectedPerson,
    RawMessage,
    Removal,
    StatutoryBatch,
    Unmapped,
)
from hub.contract.codec import Codec
from hub.contract.models import AbsenceKind, InfoKind, PlaceCategory, PlaceKind
from hub.contract.topics import CATALOGUE
from hub.kafka import outgoing
from hub.testing import MemoryDirectory, MemoryPublisher
from tests.prepared import prepare

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
KEY = bytes(range(32))
AREAS = frozenset({"0581-hageby", "0581-city"})


def luhn(nine: str) -> str:
    """Ten positions from nine."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(nine))
    return nine + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


class ListSource:
    """Batches by number; `fail_before` raises in front of a batch, once per entry."""

    def __init__(self) -> None:
        self.given: list[list] = []
        self.fail_before: dict[int, Exception] = {}
        self.pulls = 0
        self.closed = False

    def batches(self, cursor):
        self.pulls += 1
        for number in range(cursor["next"] if cursor else 0, len(self.given)):
            if number in self.fail_before:
                raise self.fail_before.pop(number)
            asides = [one for one in self.given[number] if isinstance(one, Removal | ProtectedPerson)]
            records = [one for one in self.given[number] if one not in asides]
            yield Batch(records, {"next": number + 1}, asides=asides)

    def close(self) -> None:
        self.closed = True


class RawSource(ListSource):
    """The same, of raw messages."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch(batch.records, batch.cursor)


class CountingLane(EventsLane):
    """Keeps apart what was handled, which does not depend on consent, so that a test can speak of what does."""

    handled = 0

    def poll(self):
        counts = super().poll()
        self.handled = counts.pop(("handled", ""), 0)
        counts.pop(("placed", ""), None)
        return counts


class World:
    """Everything around one lane; `crash` forgets what was in memory and keeps what was on disk."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.clock = ManualClock(NOW)
        self.source = ListSource()
        self.publisher = MemoryPublisher()
        self.directory = MemoryDirectory()
        self.origin = Origin("school-norrkoping", "ss12000", frozenset({InfoKind.SCHOOL_ABSENCE}), True, KEY, areas=AREAS)
        self.codec = Codec.load()
        prepare(f"sqlite:///{folder / 'ledger.db'}", "connect/migrations")
        self.ledger = Ledger(folder / "ledger.db")

    def close(self) -> None:
        self.ledger.close()

    def crash(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.folder / "ledger.db")

    def lane(self, **changes) -> CountingLane:
        parts = {
            "origin": self.origin,
            "source": self.source,
            "directory": self.directory,
            "ledger": self.ledger,
            "publisher": self.publisher,
            "encode": self.encode,
            "clock": self.clock,
        }
        return CountingLane(**(parts | changes))

    def encode(self, topic, key, message, identity, occurred_at):
        return outgoing(self.codec, topic, key, message, id=identity, source="/connectors/test", time=occurred_at)

    def grant(self, person: str, number: int = 1, **changes) -> Entry:
        entry = self.entry(number, **changes)
        self.directory.grant(person, entry)
        return entry

    @property
    def published(self) -> list:
        """The messages on Kafka, decoded."""
        return [self.codec.decode(CATALOGUE[record.topic], record.value) for record in self.publisher.records]

    @staticmethod
    def person(number: int = 0) -> str:
        """A test number (birth number series 980-999), with a dash."""
        ten = luhn(f"1103{15 + number % 10}98{number // 10 % 10}")
        return f"20{ten[:6]}-{ten[6:]}"

    @staticmethod
    def entry(number: int = 1, *, kinds=(InfoKind.SCHOOL_ABSENCE,), spans=None) -> Entry:
        default = ((NOW - timedelta(days=60), NOW + timedelta(days=60)),)
        return Entry(f"y{number:032x}", bytes([number]) * 32, frozenset(kinds), spans or default)

    @staticmethod
    def absence(person: str, source_id: str = "a1", *, minutes: int = 60, at=None, **changes) -> PersonRecord:
        body = Absence(kind=AbsenceKind.UNEXCUSED, minutes=minutes, offered_minutes=60)
        return PersonRecord(InfoKind.SCHOOL_ABSENCE, person, source_id, at or NOW - timedelta(days=3), body, **changes)

    @staticmethod
    def incident(source_id: str = "p1", *, area: str = "0581-hageby", **changes) -> PlaceRecord:
        body = Place(kind=PlaceKind.POLICE_EVENT, category=PlaceCategory.VIOLENCE)
        return PlaceRecord(source_id, area, NOW - timedelta(days=1), body, **changes)

    @staticmethod
    def unmapped(reason: str = "uncoded") -> Unmapped:
        return Unmapped(reason, intentional=True)

    @staticmethod
    def raw(message_id: str = "m1", content: bytes = b"{}") -> RawMessage:
        return RawMessage(message_id, NOW, content)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    built = World(tmp_path)
    yield built
    built.close()


@pytest.fixture
def raw_source() -> RawSource:
    return RawSource()
