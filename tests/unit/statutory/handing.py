"""A lane with a fake receiver, and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.clock import ManualClock
from hub.connector import RawMessage
from hub.statutory.handing_over import HandOvers
from hub.statutory.lane import Lane
from hub.statutory.receiving import Report, Taken
from hub.statutory_settings import StatutorySettings
from tests.unit.statutory.make import KEY, WatchedDisk, make_store

MONDAY = datetime(2025, 5, 19, 8, 0, tzinfo=UTC)  # ten in the morning
SATURDAY = datetime(2025, 5, 24, 8, 0, tzinfo=UTC)
EVENING = datetime(2025, 5, 19, 17, 0, tzinfo=UTC)
FIRST_OF_MAY = datetime(2025, 5, 1, 8, 0, tzinfo=UTC)  # a Thursday


@dataclass
class FakeReceiver:
    """Knows a report by its key. `fail`: what the next attempts raise; `lose`: it takes the report and the answer is lost."""

    fail: list[Exception] = field(default_factory=list)
    lose: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    effects: dict[str, bytes] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    reads: bool = True

    def take(self, report: Report) -> Taken:
        self.asked.append(report.key)
        if self.fail:
            raise self.fail.pop(0)
        self.effects.setdefault(report.key, report.open()[1] if self.reads else b"")
        if self.lose:
            raise self.lose.pop(0)
        return Taken(f"ref-{len(self.effects)}")

    def registered(self, key: str) -> str | None:
        return self.cases.get(key)

    def register_all(self) -> None:
        self.cases.update({key: f"SN 2025/{number}" for number, key in enumerate(self.effects, 1)})

    def close(self) -> None:
        pass


_RECEIVERS = {
    "reception": {"title": "Mottagningen", "folder": "in"},
    "jouren": {"title": "Socialjouren", "connector": "webhook"},
    "chief": {"title": "Enhetschefen", "connector": "webhook"},
}


class LaneTown:
    """Everything around one lane; `lane()` is another process' each time."""

    def __init__(self, folder: Path, at: datetime = MONDAY, **settings: object) -> None:
        self.folder = folder
        self.clock = ManualClock(at)
        roles = {"receiver": "reception", "after_hours": "jouren", "escalate_to": "chief"} | settings
        self.settings = StatutorySettings.model_validate({"receivers": _RECEIVERS} | roles)
        self.reception, self.jouren, self.chief = FakeReceiver(), FakeReceiver(), FakeReceiver(reads=False)

    def put(self, name: str = "one", content: bytes = b"\xff\x00 not readable", arrived: datetime | None = None) -> Path:
        store = make_store(self.folder)
        store.put(RawMessage(name, arrived or self.clock.now(), content))
        return max(store.files(), key=lambda path: path.stat().st_mtime_ns)

    def hand_overs(self, disk: WatchedDisk | None = None) -> HandOvers:
        return HandOvers(self.folder, KEY.public_key, disk=disk)

    def lane(self, disk: WatchedDisk | None = None) -> Lane:
        receivers = {"reception": self.reception, "jouren": self.jouren, "chief": self.chief}
        return Lane(make_store(self.folder), self.settings, receivers, self.hand_overs(disk), clock=self.clock)

    def pass_by(self, lane: Lane, **length: float) -> None:
        self.clock.advance(timedelta(**length))
        lane.look()
