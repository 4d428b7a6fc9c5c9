"""Sending dead letters again: chosen, previewed, sent, watched until they are processed; or put aside, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.connect.letter_box import Filed, Look
from hub.connect.letters import LetterState
from hub.connect.trying import Tried, by_connector, choose, tried
from hub.errors import RejectedError
from hub.web.operations.letter_rows import CAP, letter_row, tried_told
from hub.web.operations.refusing import failure_text, former_code
from hub.web.operations.watch import Watch

__all__ = ["Preview", "act", "preview", "sent"]

_SECTION: Final = "/letters"
_NAMED: Final = "letter"
_MAPPED: Final = "mapped"
_LOOKED_AT: Final = 1000
"""So many letters at most are tried in search of those that can be sent."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent again: the letters, what each gives now, and how many more wait beyond the cap."""

    chosen: tuple[Filed, ...]
    outcomes: dict[str, Tried]
    more: int


def act(watch: Watch) -> Response:
    """What the list's and the preview's buttons ask for."""
    deeds: dict[str, Callable[[Watch], Response]] = {
        "preview": _begin_preview, "preview_all": _begin_preview, "redrive": _redrive, "discard": _discard, "restore": _restore,
    }  # fmt: skip
    deed = deeds.get(watch.field("deed"))
    if deed is None:
        raise RejectedError("the form says not what to do", code="which_letters")
    return deed(watch)


def preview(watch: Watch) -> Response:
    """How far the preview has come, and what each letter gives now."""
    work = watch.console.works.find(watch.request.path_params["work"], watch.who.account)
    found = work.result if isinstance(work.result, Preview) else Preview((), {}, 0)
    now = [found.outcomes[one.letter.letter_id] for one in found.chosen]
    told = {(one.outcome, one.away): tried_told(watch.words, one) for one in now}
    counts = Counter((one.outcome, one.away) for one in now)
    return watch.page(
        "preview.html", _SECTION, work=work, over=work.over.is_set(), cap=CAP, more=found.more,
        rows=[
            (letter_row(watch, one), tried_told(watch.words, is_now), is_now.outcome == _MAPPED)
            for one, is_now in zip(found.chosen, now, strict=True)
        ],
        counts=[(told[outcome], number) for outcome, number in sorted(counts.items())], away=sum(one.away for one in now),
        ready=[name for name, one in found.outcomes.items() if one.outcome == _MAPPED],
        failure=failure_text(watch, work.failure) if work.failure else "", here=f"/letters/preview/{work.number}",
        former=former_code(watch, {one.connector for one in found.chosen}),
    )  # fmt: skip


def sent(watch: Watch) -> Response:
    """How the letters of the address stand now: the page renews itself until none is on its way."""
    ids = list(dict.fromkeys(watch.request.query_params.getlist(_NAMED)))[:CAP]
    found = watch.console.box.letters(Look(ids=frozenset(ids), states=frozenset(LetterState))) if ids else []
    states = Counter(one.letter.state for one in found)
    failure, work = _failure(watch), watch.asked("work")
    return watch.page(
        "sent.html", _SECTION, total=len(found), done=states[LetterState.HANDLED], queued=states[LetterState.QUEUED],
        back=states[LetterState.WAITING], rows=[letter_row(watch, one) for one in found], failure=failure,
        here=f"/letters/sent?{urlencode([('work', work), *((_NAMED, one) for one in ids)])}",
    )  # fmt: skip


def _failure(watch: Watch) -> str:
    """Why the sending failed as a whole, as long as that is remembered."""
    try:
        error = watch.console.works.find(watch.asked("work"), watch.who.account).failure
    except RejectedError:
        return ""
    return failure_text(watch, error) if error else ""


def _begin_preview(watch: Watch) -> Response:
    every = watch.field("deed") == "preview_all"
    ids = [] if every else watch.chosen(_NAMED)
    console, look = watch.console, Look(connector=watch.field("source"), reason=watch.field("reason"))
    chosen, more = choose(console.box, ids, look, _LOOKED_AT if every else CAP, every=every)
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_TRIED, [one.letter.letter_id for one in chosen])
    settings = console.load()

    def task(advance: Callable[[int], None]) -> Preview:
        outcomes: dict[str, Tried] = {}
        for first in range(0, len(chosen), CAP):
            for _, own in by_connector(chosen[first : first + CAP]):
                outcomes |= tried(settings, console.clock, own)
                advance(len(outcomes))
            if sum(one.outcome == _MAPPED for one in outcomes.values()) >= CAP:
                break
        # Those that can be sent stand first, however many older ones cannot.
        known = [one for one in chosen if one.letter.letter_id in outcomes]
        shown = sorted(known, key=lambda one: outcomes[one.letter.letter_id].outcome != _MAPPED)[:CAP]
        kept = {one.letter.letter_id: outcomes[one.letter.letter_id] for one in shown}
        return Preview(tuple(shown), kept, more + len(chosen) - len(shown))

    work = console.works.begin(watch.who.account, task)
    return RedirectResponse(f"/letters/preview/{work.number}", status_code=303)


def _redrive(watch: Watch) -> Response:
    chosen = _waiting(watch)
    again = watch.console.again
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_REDRIVEN, [one.letter.letter_id for one in chosen])
    queued = again.queue(chosen)
    query = [(_NAMED, one.letter.letter_id) for one in chosen]
    if queued:
        try:
            work = watch.console.works.begin(watch.who.account, lambda advance: again.have_done(queued, advance))
        except RejectedError:  # too much runs at once: nobody would take them
            again.give_up(queued)
            raise
        query.insert(0, ("work", work.number))
    return RedirectResponse(f"/letters/sent?{urlencode(query)}", status_code=303)


def _discard(watch: Watch) -> Response:
    return _move(watch, LetterState.WAITING, LetterState.DISCARDED)


def _restore(watch: Watch) -> Response:
    return _move(watch, LetterState.DISCARDED, LetterState.WAITING)


def _move(watch: Watch, before: LetterState, after: LetterState) -> Response:
    chosen = _waiting(watch, before)
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_RESOLVED, [one.letter.letter_id for one in chosen])
    moved = sum(
        len(watch.console.box.move(name, [one.letter.letter_id for one in own], before, after, watch.now))
        for name, own in by_connector(chosen)
    )
    return RedirectResponse(f"/letters?done={after.value}&number={moved}", status_code=303)


def _waiting(watch: Watch, state: LetterState = LetterState.WAITING) -> Sequence[Filed]:
    """The letters that the form names and that are in `state`. Raises RejectedError `too_many_letters` past the cap."""
    ids = watch.chosen(_NAMED)
    if len(ids) > CAP:
        raise RejectedError(f"at most {CAP} at once", code="too_many_letters")
    chosen, _more = choose(watch.console.box, ids, Look(), CAP, every=False, state=state)
    return chosen
