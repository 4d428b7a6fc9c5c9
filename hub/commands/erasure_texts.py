"""How `hub consent erasure-status` tells of a withdrawal; never whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.erasure_bounds import bounds_of
from hub.registry.erasures import ErasureStatus
from hub.settings import load_settings

__all__ = ["Bound", "as_json_erasure", "bound_line", "lines"]


@dataclass(frozen=True, slots=True)
class Bound:
    """How long something may lie somewhere at most, by these settings, and where longest."""

    hours: float
    text: str


def bound_line(home: Path | None) -> Bound:
    """The bound of this installation's settings."""
    settings = load_settings(home)
    bounds = bounds_of(settings, settings.changelog("youths"))
    place = max(bounds, key=lambda name: bounds[name])
    hours = round(bounds[place].total_seconds() / 3600, 3)
    return Bound(
        hours,
        f"removed everywhere at most {hours:,.1f} h after everybody has erased (longest: {place}); see [erasure] in hub.toml",
    )


def lines(one: ErasureStatus, *, places: bool) -> Iterator[str]:
    """One withdrawal: a line, and one for each place when asked for."""
    parts = [one.erasure_id, _minute(one.requested_at), "all" if one.scope_id is None else f"scope {one.scope_id[:8]}"]
    effect = one.effect_after
    parts.append("not in effect yet" if effect is None else f"in effect after {effect.total_seconds():.1f} s")
    parts.append("complete" if one.complete else f"waits for {', '.join(one.waiting_for)}")
    parts.append(_removal(one))
    if one.unacknowledged:
        parts.append(f"to be acknowledged by {', '.join(one.unacknowledged)}")
    if one.acknowledged:
        parts.append(f"acknowledged by {', '.join(one.acknowledged)}")
    yield "  ".join(filter(None, parts))
    if places:
        for place in one.places:
            state = f"by {_minute(place.due_at)}" if place.done_at is None else f"clean {_minute(place.done_at)}"
            yield f"    {place.name}: {state}"


def _removal(one: ErasureStatus) -> str:
    if not one.places:
        return "removal is looked for once complete" if not one.complete else "removal: not looked yet"
    if one.removed_at is not None:
        return f"removed {_minute(one.removed_at)}"
    clean = sum(place.done_at is not None for place in one.places)
    last = max((place for place in one.places if place.done_at is None), key=lambda place: place.due_at)
    return f"removal: {clean} of {len(one.places)} places clean, the last ({last.name}) by {_minute(last.due_at)}"


def as_json_erasure(one: ErasureStatus) -> dict[str, Any]:
    """All of it, for scripts."""
    effect = one.effect_after
    return {
        "erasure_id": one.erasure_id,
        "scope_id": one.scope_id,
        "requested_at": one.requested_at.isoformat(),
        "effect_seconds": None if effect is None else effect.total_seconds(),
        "complete": one.complete,
        "completed_at": _iso(one.completed_at),
        "waiting_for": one.waiting_for,
        "answered": one.answered,
        "unacknowledged": one.unacknowledged,
        "acknowledged": one.acknowledged,
        "removed_at": _iso(one.removed_at),
        "removed_by": _iso(one.removed_by),
        "places": [{"place": p.name, "due_at": _iso(p.due_at), "done_at": _iso(p.done_at)} for p in one.places],
    }


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
