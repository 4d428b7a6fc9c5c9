"""The SPI: what a connector is, and all that one may know of the hub.

A connector translates one foreign system. It never sees a `youth_ref`, a link key, Kafka or a consent: it yields records
about persons (by national identifier, in memory only) or places, and the hub's intake decides what may leave the process.

    connector = Connector(
        name="ss12000", title="…", config=Config, build_source=build_source, build_simulator=build_simulator,
    )

registered under the entry point group `hub.connectors`. Two kinds of source may be built:

* `build_source`     events for Kafka. At least once: the cursor of a batch is stored only after Kafka acknowledged every
                     record of that batch, so a crash repeats the batch, under the same identities and revisions. A source
                     whose window moves on meanwhile says so (`moving_window`): the hub keeps its batches on disk.
* `build_statutory`  raw messages for the statutory lane. It runs first, on a loop and a cursor of its own, and needs
                     neither Kafka, nor the registry, nor a readable payload.

Errors that may leave a source: RetriableError (the other side may answer later; the loop waits and repeats),
ConfigError (stop), RejectedError (a whole answer is refused: the loop counts it and goes on). A single record that
cannot be mapped is yielded as `Unmapped`, never raised: one bad record does not stop the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from hub.contract.models import AbsenceKind, InfoKind, PlaceCategory, PlaceKind, PoliceCategory, RiskConcern
from hub.errors import ConfigError

__all__ = [
    "ENTRY_POINT_GROUP",
    "Absence",
    "Batch",
    "Connector",
    "Cursor",
    "Gazetteer",
    "Notice",
    "Observation",
    "PersonRecord",
    "Place",
    "PlaceRecord",
    "RawMessage",
    "Record",
    "Source",
    "SourceContext",
    "StatutoryBatch",
    "StatutorySource",
    "Unmapped",
    "find_connectors",
    "load_connector",
]

ENTRY_POINT_GROUP = "hub.connectors"
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
    """A record of the source that gives no event. `reason` is a code to count by; `intentional` when that is as it should be."""

    reason: str
    intentional: bool


Record: TypeAlias = PersonRecord | PlaceRecord | Unmapped


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the source's order, and the cursor that holds once all of them are safe.

    `retold`: the source reads this stretch again, behind a cursor that was stored, to see late corrections. What the gate
    lets through is compared with what was published, as ever; what it refuses was counted then and is not counted again.
    """

    records: Sequence[Record]
    cursor: Cursor
    retold: bool = False


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message for the statutory lane, byte for byte as received. `arrived_at` is the arrival in the message system."""

    message_id: str
    arrived_at: datetime
    content: bytes = field(repr=False)
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class StatutoryBatch:
    messages: Sequence[RawMessage]
    cursor: Cursor


class Source(Protocol):
    """Pulls events."""

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Yield what is new since `cursor` (None: from the configured beginning), oldest first, and end when caught up."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class StatutorySource(Protocol):
    """Pulls raw messages for the statutory lane."""

    def batches(self, cursor: Cursor | None) -> Iterator[StatutoryBatch]:
        """As `Source.batches`, with raw messages."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class Gazetteer(Protocol):
    """Turns a place name of a source into an area code."""

    def area_code(self, name: str) -> str:
        """The configured code, else a slug of the name (place names are public; names of persons never come here)."""
        ...


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What the hub gives a source: its time, its folder for secrets (`secret(name)`), its places."""

    now: Callable[[], datetime]
    secret: Callable[[str], str]
    gazetteer: Gazetteer
    observe_request: Callable[[str, int], None] = lambda _operation, _status: None
    secured: Callable[[str], bool] = lambda _message_id: True
    """Whether the statutory lane has this message (by its message id) safely on disk."""
    home: Path = Path()
    """The installation's folder: relative paths of a source's settings are relative to it."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A registered connector. `kinds` are the kinds of information it may carry; the intake refuses any other."""

    name: str
    title: str
    config: type[BaseModel]
    build_source: Callable[[Any, SourceContext], Source]
    kinds: frozenset[InfoKind] = frozenset()
    places: bool = False
    moving_window: bool = False
    """What one poll shows may be gone from the next one, so that nobody could ask for it again (a feed of the latest rows).

    Then every batch is on disk from the pull until Kafka has it, and is not asked for again. Only for connectors that tell
    of places alone: persons without a reference must not leave the process's memory.
    """
    build_statutory: Callable[[Any, SourceContext], StatutorySource] | None = None
    build_simulator: Callable[[Path, Mapping[str, Any]], Any] | None = None
    """(dataset folder, options) → ASGI application that behaves as the foreign system."""
    sample: Path | None = None
    """A dataset for the simulator that travels with the connector."""

    def __post_init__(self) -> None:
        if self.moving_window and (self.kinds or not self.places):
            raise ConfigError(f"connector {self.name}: a moving window may tell of places only", code="bad_connector")


def find_connectors() -> dict[str, Connector]:
    """Every registered connector by name. Raises ConfigError when two share a name or an entry point is not a Connector."""
    found: dict[str, Connector] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        connector = point.load()
        if not isinstance(connector, Connector) or connector.name != point.name or point.name in found:
            raise ConfigError(f"entry point {point.name!r} is not a Connector of that name", code="bad_entry_point")
        found[point.name] = connector
    return found


def load_connector(name: str) -> Connector:
    """One connector by name, importing no other. Raises ConfigError that lists the known names."""
    points = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in points:
        raise ConfigError(
            f"no connector named {name!r}; installed: {', '.join(sorted(points)) or 'none'}", code="unknown_connector"
        )
    connector = points[name].load()
    if not isinstance(connector, Connector):
        raise ConfigError(f"entry point {name!r} is not a Connector", code="bad_entry_point")
    return connector
