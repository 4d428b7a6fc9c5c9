"""Turns what is planned in an area into what the pages say of it, before its date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hub.clock import STOCKHOLM, stockholm_date
from hub.core.wording_texts import CODE_WORDS
from hub.presence.codes import VisitState
from hub.presence.plan import Visit
from hub.presence.planned import PlannedEvent
from hub.web.language import Words

__all__ = ["event_row", "event_when", "is_on"]


def is_on(event: PlannedEvent, first: datetime, last: datetime) -> bool:
    """Whether it is on at some time from `first` on and before `last`, as `planned_between` has it."""
    return event.starts_at < last and (event.starts_at >= first or (event.ends_at is not None and event.ends_at > first))


def event_when(event: PlannedEvent, words: Words) -> str:
    """`fre 23 maj 20.00–23.00`; of what lasts for more than a night the days, of a whole day that day; Stockholm time."""
    there = event.starts_at.astimezone(STOCKHOLM)
    if event.ends_at is None:
        return words.when(there)
    until = event.ends_at.astimezone(STOCKHOLM)
    if until - there < timedelta(hours=20):  # real time: a night with a change of the clock is one too
        return f"{words.when(there)}–{words.when(until).rsplit(' ', 1)[1]}"
    begins, ends = words.when(there).rsplit(" ", 1)[0], words.when(until - timedelta(minutes=1)).rsplit(" ", 1)[0]
    return begins if begins == ends else f"{begins} – {ends}"


def event_row(event: PlannedEvent, visits: Iterable[Visit], words: Words, now: datetime) -> Mapping[str, Any]:
    """One planned event as a line of the plan; `open`: it lies ahead, and of the `visits` none is for it."""
    held = [one for one in visits if (one.event_id, one.area) == (event.event_id, event.area)]
    ahead = stockholm_date(event.ends_at or event.starts_at) >= stockholm_date(now)
    return {
        "event": event.event_id, "when": event_when(event, words), "exact": event.starts_at.isoformat(timespec="seconds"),
        "category": CODE_WORDS[event.category.value][words.language],
        "open": ahead and all(one.state is VisitState.CANCELLED for one in held),
    }  # fmt: skip
