"""The gate: what of a source's records may leave the process. Pure; the first of the four points where consent decides.

A person without a reference leaves nothing behind here but a count. The gate is coarser than the core: kinds and spans of
several consents are one list each, and the worker decides every event again, exactly, by scope.

Whether a record is sound is judged first and in the same way for everybody: a crafted record that is refused as invalid for
those who have a reference, and for want of one for the others, would tell who has one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from pydantic import ValidationError

from hub.connect.ports import Entry
from hub.connector import Absence, Notice, Observation, PersonRecord, PlaceRecord
from hub.contract import ids
from hub.contract.models import (
    AbsenceKind,
    InfoKind,
    PersonEvent,
    PlaceEvent,
    PoliceCategory,
    PoliceNotice,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
)
from hub.contract.topics import PLACE_EVENTS, TOPIC_OF_KIND, KeyKind, Topic

__all__ = ["RETRACTED", "Origin", "Publishable", "Refused", "Verdict", "judge_person", "judge_place", "sound_person", "withhold"]

RETRACTED = "retracted"
"""The content of whatever is taken back, whatever it was before."""


@dataclass(frozen=True, slots=True, repr=False)
class Origin:
    """Who speaks: the agency, the connector instance, the kinds both may carry, and a key for digests of place content.

    `areas`: the codes of areas.yaml. `public`: the connector tells of no persons, and so names places as the public knows them.
    """

    agency: str
    connector: str
    kinds: frozenset[InfoKind]
    places: bool
    key: bytes
    areas: frozenset[str] = frozenset()
    public: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Publishable:
    """A message that may go, still without its revision; `content` is a keyed digest, so that nobody can try out codes on it.

    `withheld`: consent keeps out what the source says now, and `content` is of that. The message is a bare retraction, which goes
    only where something else was told before.
    """

    topic: Topic
    key: str
    event_id: str
    content: str
    retracted: bool
    occurred_at: datetime
    message: PersonEvent | PlaceEvent
    withheld: bool = False

    def taking_back(self, occurred_at: datetime | None) -> Publishable:
        """The retraction of what was told instead, which happened then (None: unknown)."""
        at = occurred_at or self.occurred_at
        message = self.message.model_copy(update={"occurred_at": at})
        return replace(self, content=RETRACTED, occurred_at=at, message=message, withheld=False)

    def revised(self, revision: int) -> PersonEvent | PlaceEvent:
        """The message under the revision that the ledger gave it."""
        return self.message if revision == 1 else self.message.model_copy(update={"revision": revision})


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that stays here. `intentional`: as consent or protection wants it; otherwise somebody should look."""

    reason: str
    intentional: bool


Verdict: TypeAlias = Publishable | Refused

_BODY: dict[InfoKind, tuple[type, type[PersonEvent]]] = {
    InfoKind.SCHOOL_ABSENCE: (Absence, SchoolAbsence),
    InfoKind.POLICE_NOTICE: (Notice, PoliceNotice),
    InfoKind.RISK_EVENT: (Observation, RiskEvent),
}
_BARE: dict[InfoKind, Absence | Notice | Observation] = {
    InfoKind.SCHOOL_ABSENCE: Absence(kind=AbsenceKind.UNEXCUSED, minutes=0, offered_minutes=None),
    InfoKind.POLICE_NOTICE: Notice(category=PoliceCategory.OTHER_WORRY, area=None),
    InfoKind.RISK_EVENT: Observation(concern=RiskConcern.OTHER_WORRY, area=None),
}
"""What a retraction carries where nothing of the record may leave; of a retraction nobody reads it."""
_INVALID = Refused("invalid_record", intentional=False)
_UNKNOWN_AREA = Refused("unknown_area", intentional=False)
_NOBODY = Entry("y" + "0" * 32, bytes(32), frozenset(), ())
"""In whose name a record is checked whose person has no reference."""


def judge_person(record: PersonRecord, entry: Entry | None, origin: Origin, now: datetime) -> Verdict:
    """The verdict on a record about a person whose directory entry is `entry` (None: no reference).

    A fact of the future may pass: its time decides in the core when it counts. The span is half-open: the instant a
    consent ends is no longer covered.
    """
    sound = sound_person(record, origin, now, entry or _NOBODY)
    return sound if isinstance(sound, Refused) else _uncovered(record, entry) or sound


def sound_person(record: PersonRecord, origin: Origin, now: datetime, subject: Entry = _NOBODY) -> Verdict:
    """Whether the record would be an event that the contract allows, asking no consent; by default in the name of nobody.

    Its area must be one of areas.yaml: a code that a connector made of a text could be the home of whoever it tells of.
    """
    body_type, message_type = _BODY[record.kind]
    if record.kind not in origin.kinds:
        return Refused("kind_not_allowed", intentional=False)
    if not isinstance(record.body, body_type) or record.occurred_at.tzinfo is None:
        return _INVALID
    told = record.body.model_dump()
    if (area := told.get("area")) is not None and area not in origin.areas:
        if not record.retracted:
            return _UNKNOWN_AREA
        told["area"] = None  # areas.yaml may have lost it since: what was told is taken back all the same
    event_id = ids.event_id(subject.link_key, record.kind, record.source_id)
    fields = {"youth_ref": subject.youth_ref, **_common(record, event_id, origin, now), **told}
    return _publishable(message_type, TOPIC_OF_KIND[record.kind], subject.youth_ref, fields, _digest(subject.link_key, record))


def withhold(record: PersonRecord, entry: Entry, origin: Origin, now: datetime) -> Publishable | None:
    """Of a sound record that consent keeps out: what takes back whatever else was told under its identity.

    What the source takes back or corrects must not stand, whether or not the consent under which it was told is in force at
    that moment. Nothing that the record says leaves with it.
    """
    bare = replace(record, occurred_at=now, body=_BARE[record.kind], fingerprint="", retracted=True)
    sound = sound_person(bare, origin, now, entry)
    if isinstance(sound, Refused):
        return None
    return replace(sound, content=_digest(entry.link_key, record), withheld=True)


def _uncovered(record: PersonRecord, entry: Entry | None) -> Refused | None:
    """Why consent does not cover the record, None when it does."""
    if entry is None or entry.rests:
        return Refused("no_reference", intentional=True)
    if record.kind not in entry.kinds:
        return Refused("kind_not_consented", intentional=True)
    if not any(start <= record.occurred_at < end for start, end in entry.spans):
        return Refused("outside_span", intentional=True)
    return None


def judge_place(record: PlaceRecord, origin: Origin, now: datetime) -> Verdict:
    """The verdict on a record about a place: any connector that is declared for places may tell it.

    Whoever may tell of persons too names areas of areas.yaml alone. What was told under another code can be taken back.
    """
    if not origin.places:
        return Refused("kind_not_allowed", intentional=False)
    if record.occurred_at.tzinfo is None:
        return _INVALID
    if ids.valid_key(KeyKind.AREA, record.area.encode("utf-8", "replace")) is None:
        return Refused("bad_area", intentional=False)
    if not (origin.public or record.retracted or record.area in origin.areas):
        return _UNKNOWN_AREA
    event_id = ids.place_event_id(origin.connector, record.source_id)
    fields = {"area": record.area, **_common(record, event_id, origin, now), **record.body.model_dump()}
    return _publishable(PlaceEvent, PLACE_EVENTS, record.area, fields, _digest(origin.key, record))


def _common(record: PersonRecord | PlaceRecord, event_id: str, origin: Origin, now: datetime) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "revision": 1,
        "retracted": record.retracted,
        "agency": origin.agency,
        "connector": origin.connector,
        "occurred_at": record.occurred_at,
        "recorded_at": now,
    }


def _publishable(kind: type[PersonEvent | PlaceEvent], topic: Topic, key: str, fields: dict[str, Any], content: str) -> Verdict:
    try:
        message = kind.model_validate(fields)
    except ValidationError:  # a code or an area that the contract does not know; the values stay here
        return _INVALID
    return Publishable(topic, key, fields["event_id"], content, fields["retracted"], fields["occurred_at"], message)


def _digest(key: bytes, record: PersonRecord | PlaceRecord) -> str:
    """What decides whether the content changed. `content` keeps it apart from the event identity under the same key."""
    if record.retracted:
        return RETRACTED
    place = record.area if isinstance(record, PlaceRecord) else ""
    occurred_at = record.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
    parts = ("content", place, occurred_at, record.body.model_dump_json(), record.fingerprint)
    return hmac.new(key, "\x00".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
