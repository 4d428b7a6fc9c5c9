"""Dead letters of connectors: the list, one letter, what it holds, and what the mapping makes of it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.connect.letter_box import Filed, Line, Look
from hub.connect.letters import LetterState
from hub.connect.trying import bodies, recalled, tried
from hub.web.operations.letter_rows import CAP, STATES, letter_row, records_of, tried_told
from hub.web.operations.refusing import former_code
from hub.web.operations.watch import Watch

__all__ = ["body", "listed", "one", "trial"]

_OPEN: Final = frozenset({LetterState.WAITING, LetterState.QUEUED})
_SECTION: Final = "/letters"
_MOST: Final = 200
_LINKED: Final = 20


def listed(watch: Watch) -> Response:
    """Letters with where and why, oldest first, and how many there are of each reason."""
    state = watch.asked("state")
    chosen = frozenset({LetterState(state)}) if state in set(LetterState) else frozenset(LetterState) if state == "all" else _OPEN
    connector, reason = watch.asked("source"), watch.asked("reason")
    whole = watch.console.box.letters(Look(states=chosen, connector=connector))
    reasons = sorted({one.letter.reason for one in whole})
    found = [one for one in whole if reason in {"", one.letter.reason}]
    limit = _MOST if watch.asked("more") else CAP
    watch.log(Action.LETTER_SEE, Logged.DEAD_LETTER_LISTED)
    return watch.page(
        "letters.html", _SECTION, rows=[letter_row(watch, one) for one in found[:limit]], total=len(found), limit=limit, cap=CAP,
        groups=_groups(whole), reasons=reasons, source=connector, reason=reason, state=state,
        connectors=sorted(watch.console.load().connectors),
        states=[(one.value, watch.words.text(title)) for one, title in STATES.items()],
        may_redrive=watch.may(Action.LETTER_REDRIVE), done=watch.asked("done"), number=_whole(watch.asked("number")),
        here=_here(connector, reason if reason in reasons else "", state),
    )  # fmt: skip


def one(watch: Watch) -> Response:
    """One letter's origin, reason and history, and the messages about places that it became."""
    filed = _found(watch)
    watch.log(Action.LETTER_SEE, Logged.DEAD_LETTER_READ, [filed.letter.letter_id])
    return _page(watch, filed)


def body(watch: Watch) -> Response:
    """The same with the source's own record, for the source agency's officer: shown by an act, kept nowhere."""
    filed = _found(watch)
    watch.log(Action.LETTER_BODY, Logged.DEAD_LETTER_BODY_READ, [filed.letter.letter_id])
    console = watch.console
    again = recalled(console.load(), console.clock, [filed])[filed.letter.letter_id]
    return _page(watch, filed, body=bodies(again), body_missing=tried_told(watch.words, again) if again.reason else "")


def trial(watch: Watch) -> Response:
    """The same with what the mapping as it is now makes of its record, field by field. Nothing is done with it."""
    filed = _found(watch)
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_TRIED, [filed.letter.letter_id])
    console = watch.console
    found = tried(console.load(), console.clock, [filed])[filed.letter.letter_id]
    return _page(
        watch,
        filed,
        tried=True,
        mapped=found.outcome == "mapped",
        records=records_of(found),
        outcome=tried_told(watch.words, found),
        former=former_code(watch, [filed.connector]),
    )


def _page(watch: Watch, filed: Filed, **shown: Any) -> Response:
    empty: dict[str, Any] = {
        "body": None,
        "body_missing": "",
        "tried": False,
        "former": "",
        "mapped": False,
        "records": [],
        "outcome": "",
    }
    return watch.page(
        "letter.html", _SECTION, letter=letter_row(watch, filed), linked=_linked(watch, filed),
        may_body=watch.may(Action.LETTER_BODY), may_redrive=watch.may(Action.LETTER_REDRIVE),
        here=f"/letters/{filed.letter.letter_id}", **{**empty, **shown},
    )  # fmt: skip


def _found(watch: Watch) -> Filed:
    return watch.console.box.find(watch.request.path_params["letter"])


def _linked(watch: Watch, filed: Filed) -> list[Mapping[str, Any]]:
    """The messages that this letter became, where the journal may be seen. Those about persons are not listed for anybody here:
    that there is one would say that somebody has a consent.
    """
    if not watch.may(Action.JOURNAL_SEE):
        return []
    look = Look(connector=filed.connector, ids=frozenset({filed.letter.letter_id}))
    return [_told(watch, line) for line in watch.console.box.journal(look, persons=False, limit=_LINKED)]


def _told(watch: Watch, line: Line) -> Mapping[str, Any]:
    one = line.published
    return {
        "event": one.event_id, "revision": one.revision, "at": watch.moment(one.settled_at),
        "place": f"{one.topic}:{one.partition}:{one.offset}",
    }  # fmt: skip


def _groups(found: list[Filed]) -> list[tuple[str, str, int]]:
    counts = Counter((one.connector, one.letter.reason) for one in found)
    return [(connector, reason, number) for (connector, reason), number in sorted(counts.items())]


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _here(source: str, reason: str, state: str) -> str:
    """The list's own address; of what was typed only what is known stands in it."""
    known = {"source": source, "reason": reason, "state": state if state == "all" or state in set(LetterState) else ""}
    query = urlencode({name: value for name, value in known.items() if value})
    return f"{_SECTION}?{query}" if query else _SECTION
