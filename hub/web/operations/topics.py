"""Dead letters of topics: records on Kafka that a process could not take, what each would meet now, and writing them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.dead_letters.box import WAITING, body_of
from hub.dead_letters.reading import TopicLetter
from hub.dead_letters.store import Settled
from hub.errors import RejectedError
from hub.web.language import mark
from hub.web.operations.letter_rows import CAP, outcome_told
from hub.web.operations.paused import waiting
from hub.web.operations.watch import Watch

__all__ = ["act", "body", "listed"]

_SECTION: Final = "/letters"
_HERE: Final = "/letters/topics"
_STATES: Final[Mapping[str, str]] = {
    WAITING: mark("waits"), Settled.REDRIVEN.value: mark("written again"), Settled.DISCARDED.value: mark("put aside"),
}  # fmt: skip


def listed(watch: Watch) -> Response:
    """Those that wait, or all: one for each record, however many processes refused it."""
    watch.log(Action.LETTER_SEE, Logged.DEAD_LETTER_LISTED)
    return _page(watch)


def body(watch: Watch) -> Response:
    """One record's message, without whose it is, for whoever has the body right."""
    (name,) = _named(watch)[:1]
    watch.log(Action.LETTER_BODY, Logged.DEAD_LETTER_BODY_READ, [name])
    box = watch.console.topics
    letter, _ = box.find([name])[0]
    judged = box.judge([letter])[letter.place]
    fields = [(field, str(value)) for field, value in (body_of(judged) or {}).items()]
    return _page(watch, opened=name, fields=fields, why=outcome_told(watch.words, judged.reason) if judged.reason else "")


def act(watch: Watch) -> Response:
    """What the list's buttons ask for."""
    deeds: dict[str, Callable[[Watch], Response]] = {"try": _try, "redrive": _redrive, "discard": _discard, "restore": _restore}
    deed = deeds.get(watch.field("deed"))
    if deed is None:
        raise RejectedError("the form says not what to do", code="which_letters")
    return deed(watch)


def _try(watch: Watch) -> Response:
    names = _named(watch)
    box = watch.console.topics
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_TRIED, names)
    chosen = box.choose(names, "", CAP)
    judged = {str(place): one.reason for place, one in box.judge(chosen).items()}
    return _page(watch, judged={name: outcome_told(watch.words, reason or "mapped") for name, reason in judged.items()},
        ready=[name for name, reason in judged.items() if not reason])  # fmt: skip


def _redrive(watch: Watch) -> Response:
    names = _named(watch)
    box = watch.console.topics
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_REDRIVEN, names)
    done = box.redrive(box.choose(names, "", CAP))
    told = [(outcome_told(watch.words, reason) if reason else "", number) for reason, number in sorted(done.items())]
    return _page(watch, done=told)


def _discard(watch: Watch) -> Response:
    return _settle(watch, WAITING, undo=False)


def _restore(watch: Watch) -> Response:
    return _settle(watch, Settled.DISCARDED.value, undo=True)


def _settle(watch: Watch, state: str, *, undo: bool) -> Response:
    names = _named(watch)
    watch.log(Action.LETTER_REDRIVE, Logged.DEAD_LETTER_RESOLVED, names)
    box = watch.console.topics
    box.discard(box.choose(names, "", CAP, state), undo=undo)
    return RedirectResponse(_HERE if undo else f"{_HERE}?all=1", status_code=303)


def _named(watch: Watch) -> Sequence[str]:
    """Raises RejectedError `which_letters` for none, `too_many_letters` past the cap."""
    names = watch.chosen("letter")
    if not names:
        raise RejectedError("no letter is named", code="which_letters")
    if len(names) > CAP:
        raise RejectedError(f"at most {CAP} at once", code="too_many_letters")
    return names


def _page(watch: Watch, **shown: Any) -> Response:
    every = watch.asked("all") == "1"
    found = watch.console.topics.all()
    rows = [_row(watch, letter, state) for letter, state in found if every or state == WAITING]
    counts = Counter(row["topic"] for row in rows)
    empty = {"judged": {}, "ready": [], "done": [], "opened": "", "fields": [], "why": ""}
    return watch.page(
        "topics.html", _SECTION, rows=rows[: 4 * CAP], total=len(rows), counts=sorted(counts.items()), every=every,
        cap=CAP, paused=waiting(watch), may_redrive=watch.may(Action.LETTER_REDRIVE), may_body=watch.may(Action.LETTER_BODY),
        here=f"{_HERE}?all=1" if every else _HERE, **{**empty, **shown},
    )  # fmt: skip


def _row(watch: Watch, letter: TopicLetter, state: str) -> Mapping[str, Any]:
    """Where and why; the key is left out."""
    return {
        "name": str(letter.place), "topic": letter.place.topic, "place": f"{letter.place.partition}:{letter.place.offset}",
        "reason": letter.reason, "stages": ", ".join(letter.stages), "found": watch.moment(letter.found_at),
        "state": state, "state_told": watch.words.text(_STATES[state]),
    }  # fmt: skip
