"""The hub's intake around a source: real gate, ledger and encoding; Kafka and the registry in memory."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from hub.clock import ManualClock
from hub.connect.events import EventsLane
from hub.connect.gate import Origin
from hub.connect.ledger import Ledger
from hub.connect.ports import Entry, SubjectDirectory
from hub.connector import Source
from hub.contract.codec import Codec
from hub.contract.models import InfoKind, SchoolAbsence
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import outgoing
from hub.testing import MemoryDirectory, MemoryPublisher

from .school import Fact

KEY = bytes(range(32))


class Intake:
    """One connector's events lane; `references` says who has which."""

    def __init__(self, folder: Path, source: Source, clock: ManualClock, directory: SubjectDirectory | None = None) -> None:
        self.clock = clock
        self.codec = Codec.load()
        self.publisher = MemoryPublisher()
        self.directory = MemoryDirectory(clock.now().date())
        self.references: dict[str, str] = {}
        self.ledger = Ledger(folder / "ledger.db")
        self.lane = EventsLane(
            origin=Origin("school-norrkoping", "ss12000", frozenset({InfoKind.SCHOOL_ABSENCE}), False, KEY),
            source=source,
            directory=directory or self.directory,
            ledger=self.ledger,
            publisher=self.publisher,
            encode=lambda topic, key, message, identity, at: outgoing(
                self.codec, topic, key, message, id=identity, source="/connectors/test", time=at
            ),
            clock=clock,
        )

    def grant(self, number: str, since: datetime) -> None:
        """A reference for this person, whose consent holds from then on for long."""
        reference = f"y{len(self.references) + 1:032x}"
        self.references[reference] = number
        spans = ((since, since + timedelta(days=400)),)
        self.directory.grant(number, Entry(reference, reference.encode(), frozenset({InfoKind.SCHOOL_ABSENCE}), spans))

    @property
    def messages(self) -> list[SchoolAbsence]:
        """All that stands on the topic."""
        return [self.codec.decode(SCHOOL_ABSENCES, one.value) for one in self.publisher.records]

    def standing(self) -> Counter[Fact]:
        """What stands: of each identity the highest revision, unless that one takes it back."""
        highest: dict[str, SchoolAbsence] = {}
        for one in self.messages:
            if one.event_id not in highest or highest[one.event_id].revision < one.revision:
                highest[one.event_id] = one
        return Counter(
            Fact(self.references[one.youth_ref], one.kind.value, one.minutes, one.occurred_at)
            for one in highest.values()
            if not one.retracted
        )

    def repeated(self) -> int:
        """Records that say what was said before under the same identity and revision."""
        return len(self.messages) - len({(one.event_id, one.revision) for one in self.messages})

    def close(self) -> None:
        self.ledger.close()
