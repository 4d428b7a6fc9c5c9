"""What is registered: a connector under its entry point, and what it says that it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub.connector.changed import remember_code
from hub.connector.coding import ReadDraft
from hub.connector.records import Record
from hub.connector.sink import Sink, SinkContext
from hub.connector.source import Source, SourceContext, StatutorySource, Waker
from hub.connector.trial import Trial
from hub.contract.models import InfoKind
from hub.errors import ConfigError
from hub.expectation import Expectation

__all__ = ["ENTRY_POINT_GROUP", "Capability", "Connector", "find_connectors", "load_connector"]

ENTRY_POINT_GROUP = "hub.connectors"


class Capability(StrEnum):
    """What a connector can do; the hub relies on what is declared, and the suite asks each connector to show it."""

    EVENTS = "events"
    """Pulls facts about persons, which pass the gate to Kafka."""
    PLACES = "places"
    """Pulls facts about places."""
    STATUTORY = "statutory"
    """Pulls raw messages for the statutory lane, first and whatever their shape."""
    CODING = "coding"
    """Its notices may come without a readable code: then they wait for a person, who codes them from the raw message."""
    BACKFILL = "backfill"
    """Can read again what it knows of some persons since an instant (`Backfill`)."""
    MOVING_WINDOW = "moving_window"
    """Shows what may be gone from its next poll: its batches are on disk before anything of them is published."""
    WAKING = "waking"
    """Can be told by the foreign system that something changed, so that its next poll need not be waited for (`Waker`)."""
    SIMULATOR = "simulator"
    """Brings a server that behaves as the foreign system."""
    DELIVERY = "delivery"
    """Hands tasks to a receiver (`Sink`)."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A registered connector. `kinds` are the kinds of information it may carry; the intake refuses any other.

    It builds a source or a sink or both; `config` holds the settings of what it builds.
    """

    name: str
    title: str
    config: type[BaseModel]
    build_source: Callable[[Any, SourceContext], Source] | None = None
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
    map_again: Callable[[Any, SourceContext, bytes], Sequence[Record]] | None = None
    """(settings, context, `Unmapped.content`) → what the mapping makes of it now. Only where places alone are told of."""
    read_draft: ReadDraft | None = None
    """What a raw message of the statutory lane says, for whoever codes it.

    With it, what the source could not map (`Unmapped` with the message's id as `source_id`) waits for the statutory officer, and
    is no letter. A notice's `source_id` is then the message's id, `#`, and the person's place in the message, so that a coded
    notice has the identity of a mapped one."""
    backfill: bool = False
    """Its source is a `Backfill` too. Without it the whole source is read again when a grant covers earlier time."""
    build_waker: Callable[[Any, SourceContext], Waker | None] | None = None
    """None, too, where the instance's settings say nothing of it: then only `poll_seconds` decides when it is asked."""
    build_sink: Callable[[Any, SinkContext], Sink] | None = None
    expects: tuple[Expectation, ...] = ()
    """When its source is expected to tell something new; empty: at no certain time. `[[connectors.NAME.expect]]` overrides it."""
    trial: Trial | None = None
    """How it is tried without the foreign system; the suite runs on it."""

    def __post_init__(self) -> None:
        if self.build_source is None and (self.kinds or self.places):
            raise ConfigError(f"connector {self.name}: it declares what it tells of, and builds no source", code="bad_connector")
        if self.build_source is None and self.build_sink is None and self.build_statutory is None:
            raise ConfigError(f"connector {self.name}: it builds neither a source nor a sink", code="bad_connector")
        if self.moving_window and (self.kinds or not self.places):
            raise ConfigError(f"connector {self.name}: a moving window may tell of places only", code="bad_connector")
        if self.map_again is not None and self.kinds:
            text = f"connector {self.name}: what is about persons is read again at its source, never kept"
            raise ConfigError(text, code="bad_connector")
        if self.read_draft is not None and (self.build_statutory is None or InfoKind.POLICE_NOTICE not in self.kinds):
            text = f"connector {self.name}: only police notices are coded by a person, from the statutory copy"
            raise ConfigError(text, code="bad_connector")
        if self.backfill and not self.kinds:
            raise ConfigError(
                f"connector {self.name}: only what tells of persons can be read again for one", code="bad_connector"
            )

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it declares, as data."""
        declared = {
            Capability.EVENTS: bool(self.kinds),
            Capability.PLACES: self.places,
            Capability.STATUTORY: self.build_statutory is not None,
            Capability.CODING: self.read_draft is not None,
            Capability.BACKFILL: self.backfill,
            Capability.MOVING_WINDOW: self.moving_window,
            Capability.WAKING: self.build_waker is not None,
            Capability.DELIVERY: self.build_sink is not None,
            Capability.SIMULATOR: self.build_simulator is not None,
        }
        return frozenset(capability for capability, given in declared.items() if given)


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
    remember_code(points[name])
    connector = points[name].load()
    if not isinstance(connector, Connector):
        raise ConfigError(f"entry point {name!r} is not a Connector", code="bad_entry_point")
    return connector
