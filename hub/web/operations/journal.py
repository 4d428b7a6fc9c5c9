"""What connectors have published, by event, time and outcome: never by a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.clock import STOCKHOLM, reachable
from hub.connect.letter_box import Line, Look
from hub.web.language import mark
from hub.web.operations.watch import Watch

__all__ = ["page"]

_OUTCOMES: Final[Mapping[str, str]] = {"published": mark("published"), "retracted": mark("retracted")}
_LIMIT: Final = 100
_WRONG_TIME: Final = mark("Give day and time as 2025-05-19T07:30.")
_WRONG_EVENT: Final = mark("An event's number is e and 40 digits or letters a to f, whole.")
_EVENT_LENGTH: Final = 41


def page(watch: Watch) -> Response:
    """The search and what it finds, newest first. Messages about persons: for a whole event number, or listed for an auditor."""
    asked = {name: watch.asked(name) for name in ("source", "event", "outcome", "since", "until")}
    persons = bool(watch.asked("persons")) and watch.may(Action.JOURNAL_PERSONS)
    wrong = _wrong(asked)
    lines: list[Line] = []
    if not wrong:
        watch.log(Action.JOURNAL_PERSONS if persons else Action.JOURNAL_SEE, Logged.JOURNAL_SEARCHED)
        look = Look(connector=asked["source"], since=_instant(asked["since"]), until=_instant(asked["until"]))
        outcome = asked["outcome"] if asked["outcome"] in _OUTCOMES else ""
        lines = watch.console.box.journal(look, event_id=asked["event"], outcome=outcome, persons=persons, limit=_LIMIT)
    asked |= dict.fromkeys(wrong, "")  # what was typed in the wrong place may be a person's number: it is not shown again
    asked["outcome"] = asked["outcome"] if asked["outcome"] in _OUTCOMES else ""
    query = urlencode({name: value for name, value in asked.items() if value} | ({"persons": "1"} if persons else {}))
    return watch.page(
        "journal.html", "/journal", status=400 if wrong else 200, asked=asked, persons=persons,
        lines=[_row(watch, one) for one in lines], may_persons=watch.may(Action.JOURNAL_PERSONS),
        wrong={name: watch.words.text(text) for name, text in wrong.items()}, cut=len(lines) == _LIMIT, limit=_LIMIT,
        outcomes=[(code, watch.words.text(title)) for code, title in _OUTCOMES.items()],
        may_letters=watch.may(Action.LETTER_SEE), connectors=sorted(watch.console.load().connectors),
        here=f"/journal?{query}" if query else "/journal",
    )  # fmt: skip


def _wrong(asked: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each field."""
    wrong = {}
    if asked["event"] and not (len(asked["event"]) == _EVENT_LENGTH and asked["event"].isalnum()):
        wrong["event"] = _WRONG_EVENT
    for name in ("since", "until"):
        try:
            _instant(asked[name])
        except ValueError:
            wrong[name] = _WRONG_TIME
    return wrong


def _instant(text: str) -> datetime | None:
    """A Swedish day and time, as a form sends it. Raises ValueError, also at the calendar's ends."""
    return reachable(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)) if text else None


def _row(watch: Watch, line: Line) -> Mapping[str, Any]:
    """Nothing says of whom it is: the key is left out."""
    one = line.published
    return {
        "event": one.event_id, "revision": one.revision, "connector": line.connector, "at": watch.moment(one.settled_at),
        "outcome": watch.words.text(_OUTCOMES[one.outcome]) if one.outcome in _OUTCOMES else one.outcome, "topic": one.topic,
        "place": f"{one.partition}:{one.offset}", "letter": one.letter_id,
    }  # fmt: skip
