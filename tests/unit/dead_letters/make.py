"""Records and dead letters of topics, and Kafka in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.contract.codec import Codec
from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    ConsentStatus,
    DeadLetter,
    PlaceCategory,
    PlaceEvent,
    PlaceKind,
    SchoolAbsence,
)
from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES, Topic
from hub.kafka import Incoming

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
YOUTH = "y" + "7" * 32
CODEC = Codec.load()


def make_absence(youth: str = YOUTH, event: int = 1, **changes) -> SchoolAbsence:
    parts = {
        "youth_ref": youth, "event_id": f"e{event:040x}", "revision": 1, "retracted": False, "agency": "school-norrkoping",
        "connector": "ss12000", "occurred_at": NOW, "recorded_at": NOW, "kind": AbsenceKind.UNEXCUSED, "minutes": 60,
        "offered_minutes": None,
    }  # fmt: skip
    return SchoolAbsence(**(parts | changes))


def make_place_event() -> PlaceEvent:
    return PlaceEvent(
        area="0581-hageby", event_id="e" + "2" * 40, revision=1, retracted=False, agency="police", connector="polisen",
        occurred_at=NOW, ends_at=None, recorded_at=NOW, kind=PlaceKind.POLICE_EVENT, category=PlaceCategory.FIRE, incidents=1,
    )  # fmt: skip


def make_consent(status: ConsentStatus = ConsentStatus.IN_FORCE, youth: str = YOUTH) -> ConsentRecord:
    return ConsentRecord(
        youth_ref=youth, version=1, status=status, age_years=None, age_valid_until=None, area=None, legal_basis="consent",
        scopes=(), recorded_at=NOW,
    )  # fmt: skip


def make_letter(offset: int = 0, topic: str = SCHOOL_ABSENCES.name, **changes) -> DeadLetter:
    parts = {
        "origin_topic": topic, "origin_partition": 0, "origin_offset": offset, "stage": "decoding",
        "error_class": "unknown_schema_id", "attempts": 1, "occurred_at": NOW + timedelta(seconds=offset),
    }  # fmt: skip
    return DeadLetter(**(parts | changes))


class Shelf:
    """Records by (topic, offset), on one partition; the newest consent of each key."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], Incoming] = {}
        self.consents: dict[bytes, Incoming] = {}

    def put(self, topic: Topic, offset: int, key: bytes | None, value: bytes | None) -> None:
        self.records[topic.name, offset] = Incoming(topic.name, 0, offset, key, value, (), 0)

    def consent(self, record: ConsentRecord) -> None:
        key = record.youth_ref.encode()
        self.consents[key] = Incoming(CONSENTS.name, 0, 0, key, CODEC.encode(CONSENTS, record), (), 0)

    def record_at(self, topic: str, _partition: int, offset: int) -> Incoming | None:
        return self.records.get((topic, offset))

    def newest_of(self, _topic: str, key: bytes) -> Incoming | None:
        return self.consents.get(key)
