"""What a plan says, and what has to be told of it: new, changed, cancelled, gone. Pure.

Of an event only area, time and category leave. Its title, description, place as written and organiser are never copied.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
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
_LATER = timedelta(days=1)  # an occurrence that ended before the window may be one within it, once its hour is corrected


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
    records: Iterable[Record],
    told: Mapping[str, Sequence[Any]],
    window: Window,
    before: Collection[str] | None = None,
) -> tuple[list[Record], dict[str, list[Any]]]:
    """What has to be said now that a plan reads so, and what is told from then on (JSON-able; by source id).

    An event that moved to another area is taken back in the former one first: what is said last is where it is. One that is
    gone from the plan is taken back while it lies ahead; what has begun took place, whoever cleans the calendar up, unless the
    plan has it at another time now (`_restated`). Nothing that could not be read counts as gone. `before`: what of `told` was
    told for certain before the plan read so; all of it by default.
    """
    said: list[Record] = []
    after: dict[str, list[Any]] = {}
    unread: set[str] = set()
    held: list[PlaceRecord] = []
    for record in records:
        if isinstance(record, Unmapped):
            unread.add(_own(record.source_id))
        elif isinstance(record, PlaceRecord):
            if record.source_id in told and told[record.source_id][0] != record.area:
                said.append(_taken_back(record.source_id, told[record.source_id]))
            held.append(record)
            if not record.retracted:
                after[record.source_id] = _kept(record)
        said.append(record)
    seen = {record.source_id for record in held}
    gone = {source_id: kept for source_id, kept in told.items() if source_id not in seen}
    restated = _restated(gone, held, told if before is None else before, window)
    for source_id, kept in gone.items():
        starts, ends = datetime.fromisoformat(kept[1]), datetime.fromisoformat(kept[2])
        revoked = window.now < starts < window.end or source_id in restated
        if revoked and "" not in unread and _own(source_id) not in unread:
            said.append(_taken_back(source_id, kept))
        elif ends >= window.start - _LATER:
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
    return _day(window.now).isoformat()


def window_at(now: datetime, *, keep_days: int, horizon_days: int, most: int) -> Window:
    """The window of a reading at `now` (aware)."""
    return Window(now - timedelta(days=keep_days), now, now + timedelta(days=horizon_days), most)


def _restated(
    gone: Mapping[str, Sequence[Any]], held: Iterable[PlaceRecord], before: Collection[str], window: Window
) -> set[str]:
    """Which occurrences that are gone from the plan and have begun it has at another time: a rule's hour or day was corrected.

    The event has one on the same Swedish day; or some of its past is new, and of what is gone nothing lies nearer to the new day
    that is nearest to this one. What has only left the window is not gone: there the one on the same day has to be new.
    """
    days, new, lost = (defaultdict[str, set[date]](set) for _ in range(3))
    corrected: set[str] = set()
    for one in held:
        own, day = _own(one.source_id), _day(one.occurred_at)
        days[own].add(day)
        if not one.retracted and one.source_id not in before:
            new[own].add(day)
            if one.occurred_at <= window.now:
                corrected.add(own)
    spans = {source_id: (datetime.fromisoformat(kept[1]), datetime.fromisoformat(kept[2])) for source_id, kept in gone.items()}
    for source_id, (starts, _) in spans.items():
        lost[_own(source_id)].add(_day(starts))
    found = set()
    for source_id, (starts, ends) in spans.items():
        own, day = _own(source_id), _day(starts)
        there = (days if ends >= window.start else new)[own]
        if starts <= window.now and (day in there or (own in corrected and _fits(day, new[own], lost[own]))):
            found.add(source_id)
    return found


def _fits(day: date, new: Collection[date], lost: Iterable[date]) -> bool:
    """Whether nothing that is gone lies nearer to the new day that is nearest to this one."""
    there = min(new, key=lambda one: (abs(one - day), one))
    return all(abs(one - there) >= abs(day - there) for one in lost)


def _day(at: datetime) -> date:
    return at.astimezone(STOCKHOLM).date()


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
