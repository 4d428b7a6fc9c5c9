"""What a worker holds of one area, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.core.state import StateError

__all__ = ["PlaceState", "Proposal", "Report", "new_place_state", "place_from_bytes", "place_to_bytes"]

FORMAT = 2
_ONE_OF_A_RULE = 1
"""The former format: of each rule the latest week's task alone, by the rule."""


class Report(NamedTuple):
    """One place event at its highest revision; no category: a retracted one, of which only the revision is remembered."""

    revision: int
    occurred_ms: int
    keep_ms: int
    category: str
    incidents: int


class Proposal(NamedTuple):
    """A week's task that was not recalled, and the bounds of what it was opened on."""

    week: str
    task_id: str
    rules_version: str
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class PlaceState:
    """What is held of one area. `proposals`: what was said, by `rule|week`; it stands, also without ground, until it is recalled
    or nothing of its week can count. `recalled` counts, by rule and week, recalled tasks, so that a new one gets a new id.
    """

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
    """The state that gave these bytes, or those of the former format. Raises StateError for others: stop, do not guess."""
    try:
        version, area, reports, proposals, recalled, wake_ms = json.loads(value)
        held = {event_id: Report(*row) for event_id, row in reports.items()}
        said = {place: Proposal(*row) for place, row in proposals.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise StateError("not a place state") from None
    if version == _ONE_OF_A_RULE:
        said = {f"{rule_id}|{one.week}": one for rule_id, one in said.items()}
    elif version != FORMAT:
        raise StateError("a place state of another format")
    return PlaceState(area, held, said, recalled, wake_ms)
