"""What a source yields: facts about persons and places, batches of them, and raw messages for the statutory lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict

from hub.contract.models import AbsenceKind, InfoKind, PlaceCategory, PlaceKind, PoliceCategory, RiskConcern

__all__ = [
    "Absence",
    "Aside",
    "Batch",
    "Cursor",
    "Notice",
    "Observation",
    "PersonRecord",
    "Place",
    "PlaceRecord",
    "ProtectedPerson",
    "RawMessage",
    "Record",
    "Removal",
    "StatutoryBatch",
    "Unmapped",
]

Cursor: TypeAlias = dict[str, Any]
"""JSON-able; opaque to the hub; holds no personal identifier."""


class Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Absence(Body):
    """Absence from one lesson; minutes."""

    kind: AbsenceKind
    minutes: int
    offered_minutes: int | None


class Notice(Body):
    """A coded police notice."""

    category: PoliceCategory
    area: str | None
    may_tell_youth: bool = False


class Observation(Body):
    """A coded observation of one youth."""

    concern: RiskConcern
    area: str | None


class Place(Body):
    """Something at a place."""

    kind: PlaceKind
    category: PlaceCategory
    incidents: int = 1
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One fact about one person. `person_id` and `source_id` are never printed, logged or stored in the clear.

    `person_id` may have any spelling of a Swedish identifier; the intake canonicalises it. `source_id` is stable for the
    fact in the source system: a correction keeps it, and content decides the revision.

    A correction of *whom* the fact is about is none under this identity: it is another person's fact, and the former one would
    stand beside it. A source that can correct that yields `Removal(kind, (source_id,), body, but_of=person_id)` in the batch's
    asides beside every such record; it keeps no memory of persons for it.
    """

    kind: InfoKind
    person_id: str = field(repr=False)
    source_id: str = field(repr=False)
    occurred_at: datetime
    body: Absence | Notice | Observation = field(repr=False)
    retracted: bool = False
    fingerprint: str = field(default="", repr=False)
    """Digest of the source's own row, part of the content hash: an edit that coded fields do not show is a revision too."""


@dataclass(frozen=True, slots=True)
class PlaceRecord:
    """One fact about one place; `area` is an area code."""

    source_id: str
    area: str
    occurred_at: datetime
    body: Place
    retracted: bool = False
    fingerprint: str = ""
    """As `PersonRecord.fingerprint`. Never published."""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A record of the source that gives no event. `reason` is a code to count by; `intentional` when that is as it should be.

    What is not intentional becomes a letter that an operator can send again once the mapping is mended. For that, `source_id` is
    the source's name of the record as far as it could be read: that of the record it would have given, or what stands before a
    `:` or `#` in it. `content` is the source's own record. It is kept, sealed, only where the connector tells of places alone,
    and then whole enough to be mapped again (`Connector.map_again`); of persons it stays in memory, for whoever may see it.
    """

    reason: str
    intentional: bool
    source_id: str = field(default="", repr=False, compare=False)
    content: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Removal:
    """Facts that the source deleted, of which it tells the ids and no longer the person (SS12000 `/deletedEntities`).

    `source_ids` are those under which the facts may have been told. The intake looks among what it published for persons who
    have a reference and retracts what it finds; of anything else nothing is left to take back. `body`: of the retraction.
    `but_of`: a person (any spelling) whose facts under these ids stay: the source has corrected whom they are about. When it
    cannot be read, nothing is taken back. It comes after the batch's records, so of a fact that one batch tells of two persons
    only the last has one. Where nothing was told of anybody else it changes nothing: it may stand beside every record.
    """

    kind: InfoKind
    source_ids: tuple[str, ...] = field(repr=False)
    body: Absence | Notice | Observation = field(repr=False)
    but_of: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProtectedPerson:
    """Somebody whom the source marks as protected (skyddade personuppgifter), by herself or through her household.

    Of one who has a reference the registry is told, which stops her correlation everywhere and hands the case to the manual
    lane; of anybody else nothing leaves the process's memory. Told again at every poll. The source itself tells no fact of her.
    """

    person_id: str = field(repr=False)


Record: TypeAlias = PersonRecord | PlaceRecord | Unmapped
Aside: TypeAlias = Removal | ProtectedPerson


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the source's order, and the cursor that holds once all of them are safe.

    `retold`: the source reads this stretch again, behind a cursor that was stored, to see late corrections. What the gate
    lets through is compared with what was published, as ever; what it refuses was counted then and is not counted again. So what
    the source itself shows as reported or changed since belongs in another batch: it is news, and a refusal of it is counted.
    `asides`: what the source says besides facts. It comes after the batch's records.
    """

    records: Sequence[Record]
    cursor: Cursor
    retold: bool = False
    asides: Sequence[Aside] = ()


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message for the statutory lane, byte for byte as received. `arrived_at` is the arrival in the message system.

    `key` is what the source asks `SourceContext.secured` by: whatever tells this very message from every other that it lists.
    A sender may use a `message_id` twice. Empty: the message id, of a source that has nothing finer.
    """

    message_id: str
    arrived_at: datetime
    content: bytes = field(repr=False)
    content_type: str = "application/json"
    key: str = ""


@dataclass(frozen=True, slots=True)
class StatutoryBatch:
    """Raw messages, and the cursor that holds once all of them are safe.

    `safe`: keys of messages that a former batch gave when it had no keys; the store has them, and they count as secured.
    """

    messages: Sequence[RawMessage]
    cursor: Cursor
    safe: Sequence[str] = ()
