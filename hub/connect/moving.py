"""An event at a place whose source has corrected where it was: it counts there, and no more where it was said to be. Pure.

The areas of an event are different subjects, and each that was told of it counts it. So what stands in another area is taken back
before the event is told where it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.connect.gate import RETRACTED, Publishable
from hub.connect.revisions import History
from hub.contract.topics import PLACE_EVENTS

__all__ = ["Moved", "moved"]


@dataclass(frozen=True, slots=True)
class Moved:
    """What to tell, in order; and how many items were passed over, because a later one has the event in another area."""

    items: tuple[Publishable, ...]
    passed: int


def moved(items: Sequence[Publishable], histories: Mapping[tuple[str, str], History]) -> Moved:
    """Each event in the area alone that is told of it last, behind what it takes back in the others.

    Where a source itself takes it back in one area and tells it in another, in whichever order, it is where it is told.
    `histories`: by (event id, subject), of these events in every area where they were told or may have been.
    """
    placed = [item for item in items if item.topic is PLACE_EVENTS]
    where = {item.event_id: item.key for item in sorted(placed, key=lambda item: not item.retracted)}
    former: dict[str, list[str]] = {}
    for (event_id, area), history in histories.items():
        if where.get(event_id, area) != area and _stands(history):
            former.setdefault(event_id, []).append(area)
    told: list[Publishable] = []
    kept = [item for item in items if item.topic is not PLACE_EVENTS or item.key == where[item.event_id]]
    for item in kept:
        told += [_taken_back(item, area) for area in former.pop(item.event_id, ())]
        told.append(item)
    return Moved(tuple(told), len(items) - len(kept))


def _stands(history: History) -> bool:
    """Whether something of it counts, or may."""
    contents = ({history.content} if history.revision else set()) | set(history.intents.values())
    return bool(contents - {RETRACTED})


def _taken_back(item: Publishable, area: str) -> Publishable:
    message = item.message.model_copy(update={"area": area, "retracted": True})
    return replace(item, key=area, content=RETRACTED, retracted=True, message=message)
