"""What a worker holds of one area, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.core.state import StateError

__all__ = ["PlaceState", "Proposal", "Report", "new_place_state", "place_from_bytes", "place_to_bytes"]

FORMAT = 1


class Report(NamedTuple):
    """One place event at its highest revision; no category: a retracted one, of which only the revision is remembered."""

    revision: int
    occurred_ms: int
    keep_ms: int
    category: str
    incidents: int


class Proposal(NamedTuple):
    """The latest task of a rule that was not recalled, and the bounds of what it was opened on."""

    week: str
    task_id: str
    rules_version: str
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What is held of one area. `recalled` counts, by rule and week, recalled tasks, so that a new one gets a new id."""

    area: str
    reports: Mapping[str, Report] = field(default_factory=dict)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    recalled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    wake_ms: int | None = None


def new_place_state(area: str) -> PlaceState:
    """The state of an area nothing is known of."""
    return PlaceState(area)


def place_to_bytes(state: PlaceState) -> bytes:
    """Canonical: equal states give equal bytes."""
    content = [FORMAT, state.area, state.reports, state.proposals, state.recalled, state.wake_ms]
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def place_from_bytes(value: bytes) -> PlaceState:
    """The state that gave these bytes. Raises StateError for anything else: stop, do not guess."""
    try:
        version, area, reports, proposals, recalled, wake_ms = json.loads(value)
        state = PlaceState(
            area,
            {event_id: Report(*row) for event_id, row in reports.items()},
            {rule_id: Proposal(*row) for rule_id, row in proposals.items()},
            recalled,
            wake_ms,
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StateError("not a place state") from None
    if version != FORMAT:
        raise StateError("a place state of another format")
    return state
