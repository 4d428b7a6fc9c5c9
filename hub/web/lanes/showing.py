"""How a clock, a last day and what a case holds are shown on the two lanes' pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hub.statutory.deadlines import Press
from hub.statutory.desk import Listed
from hub.web.lanes.titles import CASE_CODES, CASE_FACTS
from hub.web.language import Words, mark
from hub.web.presenting import moment

__all__ = ["clock", "due", "facts"]

_SOON: Final = timedelta(days=1)


def clock(last: str, press: Press, one: Listed, words: Words) -> Mapping[str, str]:
    """A last day; once the case system has the report, the clock is that one's."""
    if one.is_done or press is Press.FINE:
        return {"day": last, "status": "fine", "word": ""}
    word = words.text(mark("passed")) if press is Press.PAST else words.text(mark("soon over"))
    return {"day": last, "status": "late" if press is Press.PAST else "soon", "word": word}


def due(due_at: datetime | None, now: datetime, words: Words, *, done: bool) -> Mapping[str, Any] | None:
    """Until when a case is to be looked into; None where it has no clock."""
    if due_at is None:
        return None
    by = moment(due_at, words, now)
    if done or due_at - now > _SOON:
        return {"status": "fine", "word": "", "by": by}
    late = due_at < now
    return {
        "status": "late" if late else "soon",
        "word": words.text(mark("passed")) if late else words.text(mark("soon over")),
        "by": by,
    }


def facts(content: bytes, words: Words) -> list[tuple[str, list[str]]]:
    """What a case holds, as (label, lines); a case is the hub's own JSON."""
    told = json.loads(content)
    return [
        (words.text(CASE_FACTS.get(name, CASE_FACTS[""]), name=name), _told(name, value, words))
        for name, value in told.items()
        if value
    ]


def _told(name: str, value: Any, words: Words) -> list[str]:
    if isinstance(value, str) and (name, value) in CASE_CODES:
        return [words.text(CASE_CODES[name, value])]
    return [words.when(datetime.fromisoformat(value))] if name == "at" else _lines(value)


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name}: {' '.join(_lines(one))}" for name, one in value.items() if one]
    if isinstance(value, list):
        return [", ".join(_lines(one)) for one in value]
    return [str(value)]
