"""What a plan says, and what has to be told of it: new, changed, cancelled, gone. Pure.

Of an event only area, time and category leave. Its title, description, place as written and organiser are never copied.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.place_words import CATEGORIES, CONFIGURED_AREA, plain
from hub.connector import Gazetteer, Place, PlaceRecord, Record, Unmapped
from hub.contract.fields import holds_long_number
from hub.contract.models import PlaceCategory, PlaceKind

__all__ = [
    "STOCKHOLM",
    "Planned",
    "Window",
    "day_of",
    "instant",
    "is_told",
    "name_of",
    "of_plan",
    "place_of",
    "settle",
    "taken_back",
    "window_at",
]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LONGEST_PLACE = 64
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Window:
    """What is told of a plan: what ends after `start` and begins before `end` (aware), `most` at once."""

    start: datetime
    now: datetime
    end: datetime
    most: int

    def holds(self, starts: datetime, ends: datetime) -> bool:
        """Whether an event lies in it, in part at least."""
        return ends >= self.start and starts < self.end


@dataclass(frozen=True, slots=True)
class Planned:
    """One event, or one occurrence of one that recurs. `source_id` is `name_of` its own id, and `/` and an instant of it.

    `place` and `words` are what the plan calls place and category; they do not leave.
    """

    source_id: str
    starts: datetime
    ends: datetime
    place: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    cancelled: bool


def name_of(own_id: str) -> str:
    """What stands for an event's own id, in which there may be an address of somebody: a digest."""
    return hashlib.sha256(f"planned event\x00{own_id}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def of_plan(record: Record, named: str) -> Record:
    """The record under an identity of the plan's own: in another one, the same id may stand for another event."""
    own, mark, which = record.source_id.partition("/")
    if not (isinstance(record, PlaceRecord | Unmapped) and own):
        return record
    return replace(record, source_id=name_of(f"{named}\x00{own}") + mark + which)


def instant(value: date | datetime) -> datetime:
    """The UTC instant of a calendar's time: Swedish where it has no zone, a day's midnight where it is a day.

    An hour that summer time leaves out is the one after it, of one that occurs twice the first is meant.
    """
    at = value if isinstance(value, datetime) else datetime.combine(value, time())
    return (at if at.tzinfo else at.replace(tzinfo=STOCKHOLM)).astimezone(UTC)


def place_of(event: Planned, gazetteer: Gazetteer, default_area: str) -> PlaceRecord | Unmapped:
    """The event as a fact about a place. `unknown_area`: neither the place nor a part of it is an area of areas.yaml then.

    A street or a house is no area: what is not known there is refused, not made into a name of its own.
    """
    told = [event.place, *event.place.split(",")[:_MOST_PARTS]] if event.place.strip() else [default_area]
    for name in map(str.strip, told):
        if 0 < len(name) <= _LONGEST_PLACE and CONFIGURED_AREA.match(code := gazetteer.area_code(name, event.starts)):
            if holds_long_number(code):
                break
            body = _body(_category(event.words), event.ends)
            return PlaceRecord(event.source_id, code, event.starts, body, retracted=event.cancelled)
    return Unmapped("unknown_area", intentional=False, source_id=event.source_id)


def settle(
    records: Iterable[Record], told: Mapping[str, Sequence[Any]], window: Window
) -> tuple[list[Record], dict[str, list[Any]]]:
    """What has to be said now that a plan reads so, and what is told from then on (JSON-able; by source id).

    An event that moved to another area is taken back in the former one first: what is said last is where it is. One that is
    gone from the plan is taken back while it lies ahead; what has begun took place, whoever cleans the calendar up. Nothing
    that could not be read counts as gone.
    """
    said: list[Record] = []
    after: dict[str, list[Any]] = {}
    unread: set[str] = set()
    for record in records:
        if isinstance(record, Unmapped):
            unread.add(_own(record.source_id))
        elif isinstance(record, PlaceRecord):
            if record.source_id in told and told[record.source_id][0] != record.area:
                said.append(_taken_back(record.source_id, told[record.source_id]))
            if not record.retracted:
                after[record.source_id] = _kept(record)
        said.append(record)
    seen = {record.source_id for record in said if isinstance(record, PlaceRecord)}
    for source_id, kept in told.items():
        if source_id in seen:
            continue
        starts, ends = datetime.fromisoformat(kept[1]), datetime.fromisoformat(kept[2])
        if "" not in unread and _own(source_id) not in unread and window.now < starts < window.end:
            said.append(_taken_back(source_id, kept))
        elif ends >= window.start:
            after[source_id] = list(kept)
    return said, after


def is_told(records: Iterable[Record], told: Mapping[str, Sequence[Any]], window: Window) -> bool:
    """Whether this is the plan of which that was told: it has at least half of what lies ahead, by id, area and time."""
    ahead = {(source_id, *kept[:2]) for source_id, kept in told.items() if datetime.fromisoformat(kept[1]) > window.now}
    held = {(one.source_id, one.area, one.occurred_at.isoformat()) for one in records if isinstance(one, PlaceRecord)}
    return 0 < len(ahead) <= 2 * len(ahead & held)


def taken_back(told: Mapping[str, Sequence[Any]]) -> list[Record]:
    """The retraction of everything that was told."""
    return [_taken_back(source_id, kept) for source_id, kept in told.items()]


def day_of(window: Window) -> str:
    """The Swedish day of a reading: with each new day something may come into the window."""
    return window.now.astimezone(STOCKHOLM).date().isoformat()


def window_at(now: datetime, *, keep_days: int, horizon_days: int, most: int) -> Window:
    """The window of a reading at `now` (aware)."""
    return Window(now - timedelta(days=keep_days), now, now + timedelta(days=horizon_days), most)


def _own(source_id: str) -> str:
    return source_id.partition("/")[0]


def _kept(record: PlaceRecord) -> list[Any]:
    assert record.body.ends_at is not None
    return [record.area, record.occurred_at.isoformat(), record.body.ends_at.isoformat(), record.body.category.value]


def _taken_back(source_id: str, kept: Sequence[Any]) -> PlaceRecord:
    area, starts, ends, category = kept
    body = _body(PlaceCategory(category), datetime.fromisoformat(ends))
    return PlaceRecord(source_id, area, datetime.fromisoformat(starts), body, retracted=True)


def _body(category: PlaceCategory, ends: datetime) -> Place:
    return Place(kind=PlaceKind.PLANNED_EVENT, category=category, ends_at=ends)


def _category(words: Iterable[str]) -> PlaceCategory:
    """The first word that is a category of ours; otherwise people gather."""
    return next((CATEGORIES[word] for word in map(plain, words) if word in CATEGORIES), PlaceCategory.GATHERING)
