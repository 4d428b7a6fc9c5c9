"""How `hub consent erasure-status` tells of a withdrawal; never whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.erasure_bounds import bounds_of
from hub.put_aside import find_asides, find_leftover
from hub.registry.erasures import ErasureStatus
from hub.settings import load_settings

__all__ = ["Bound", "Left", "as_json_erasure", "bound_line", "left_by_restores", "lines"]


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


@dataclass(frozen=True, slots=True)
class Left:
    """A folder that a restore left, and by when the registry removes it; None: at its next look."""

    folder: Path
    removed_by: datetime | None

    @property
    def text(self) -> str:
        if self.removed_by is None:
            return (
                f"{self.folder} was left by a restore that was killed: removed at the registry's next look, or hub backup discard"
            )
        return f"{self.folder} holds former data: removed by {_minute(self.removed_by)}, or now with hub backup discard"


def left_by_restores(home: Path | None) -> list[Left]:
    """What restores left beside this installation, which counts as the place `former-data`."""
    settings = load_settings(home)
    keep = timedelta(days=settings.erasure.former_data_days)
    leftover = find_leftover(settings.home)
    found = [Left(aside.folder, aside.removed_by(keep)) for aside in find_asides(settings.home)]
    return found if leftover is None else [*found, Left(leftover, None)]


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
