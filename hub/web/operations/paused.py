"""Topics' partitions that pause because too many of their records were dead letters, and letting them go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.dead_letters.answers import Answer
from hub.dead_letters.pauses import Mark
from hub.dead_letters.reading import Place
from hub.dead_letters.resuming import MOST_ALLOWED, Resuming
from hub.errors import RejectedError
from hub.said_why import LONGEST_REASON
from hub.web.language import mark
from hub.web.operations.sources import REASONS
from hub.web.operations.watch import Watch

__all__ = ["listed", "resume", "waiting"]

_SECTION: Final = "/letters"
_HERE: Final = "/letters/paused"
_ANSWERS: Final = 10
_NUMBER: Final = mark("Write a whole number from 0 to {most}.")


def listed(watch: Watch) -> Response:
    """Those that wait for somebody's word, and what was said before."""
    watch.log(Action.LETTER_SEE, Logged.DEAD_LETTER_LISTED)
    return _page(watch)


def resume(watch: Watch) -> Response:
    """The chosen go on where they stood; in the audit log first. One that goes on already is passed over: it is said once."""
    names = watch.chosen("source")
    if not names:
        raise RejectedError("nothing is named", code="which_letters")
    reason, allowed = watch.field("reason"), watch.field("allowed").strip() or "0"
    if not (allowed.isdecimal() and len(allowed) < 10 and int(allowed) <= MOST_ALLOWED):
        return _page(watch, status=400, wrong_number=watch.words.text(_NUMBER, most=MOST_ALLOWED), typed=reason, allowed=allowed)
    resuming = _resuming(watch)
    chosen = [one for one in resuming.paused() if not one.resumed and _name(one) in names]
    try:
        resuming.resume(chosen, actor_of(watch.who, Action.OPERATIONS_ACT), reason, int(allowed))
    except RejectedError as error:
        if error.code not in REASONS:
            raise
        wrong = watch.words.text(REASONS[error.code], most=LONGEST_REASON)
        return _page(watch, status=400, wrong=wrong, typed="" if error.code == "number_in_reason" else reason, allowed=allowed)
    return RedirectResponse(_HERE, status_code=303)


def waiting(watch: Watch) -> int:
    """How many are paused, for the pages that lead here."""
    return sum(not one.resumed for one in _resuming(watch).paused())


def _resuming(watch: Watch) -> Resuming:
    return watch.console.resuming(watch.web.audit)


def _name(one: Mark) -> str:
    """With the place: what was shown is answered, and no pause that came since."""
    return str(Place(one.topic, one.partition, one.at))


def _page(
    watch: Watch, *, status: int = 200, wrong: str = "", wrong_number: str = "", typed: str = "", allowed: str = "0"
) -> Response:
    resuming = _resuming(watch)
    marks = resuming.paused()
    return watch.page(
        "paused.html", _SECTION, status=status, rows=[_row(watch, one) for one in marks if not one.resumed],
        going_on=[_row(watch, one) for one in marks if one.resumed],
        answers=[_told(watch, one) for one in resuming.history(_ANSWERS)],
        wrong=wrong, wrong_number=wrong_number, typed=typed, allowed=allowed, longest=LONGEST_REASON, most=MOST_ALLOWED,
        may_act=watch.may(Action.OPERATIONS_ACT), here=_HERE,
    )  # fmt: skip


def _row(watch: Watch, one: Mark) -> Mapping[str, Any]:
    return {
        "name": _name(one), "topic": one.topic, "partition": one.partition, "at": one.at, "letters": one.letters,
        "records": one.records, "since": watch.moment(datetime.fromtimestamp(one.since, UTC)),
    }  # fmt: skip


def _told(watch: Watch, one: Answer) -> Mapping[str, Any]:
    return {
        "topic": one.topic, "partition": one.partition, "when": watch.moment(one.when), "by": one.by, "reason": one.reason,
        "allowed": one.allowed,
    }  # fmt: skip
