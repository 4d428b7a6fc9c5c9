"""What the forms of cases send, read."""

from __future__ import annotations

from datetime import date, datetime, time

from starlette.requests import Request

from hub.cases.measuring import MEASURED
from hub.clock import STOCKHOLM, reachable
from hub.contract.models import InfoKind
from hub.errors import RejectedError
from hub.web.cases.titles import AMISS
from hub.web.forms import field, fields
from hub.web.language import Words

__all__ = ["chosen", "day_in", "kinds_in", "moment_in", "number_in", "wrong_with"]

_DIGITS = 9


def number_in(request: Request, name: str) -> int | None:
    """A whole number; None for anything else."""
    sent = field(request, name)
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= _DIGITS else None


def chosen(request: Request, name: str) -> list[str]:
    """The boxes that were ticked."""
    return fields(request).get(name, [])


def kinds_in(request: Request) -> list[InfoKind]:
    """The kinds that the coordinator says were told of throughout."""
    ticked = chosen(request, "throughout")
    return [kind for kind in MEASURED if kind.value in ticked]


def moment_in(request: Request) -> datetime:
    """The Stockholm time of `day` and `time`. Raises RejectedError `bad_time`."""
    try:
        there = datetime.combine(date.fromisoformat(field(request, "day")), time.fromisoformat(field(request, "time")))
        return reachable(there.replace(tzinfo=STOCKHOLM))
    except ValueError:
        raise RejectedError("day, time: no time (2025-05-19, 14:00)", code="bad_time") from None


def day_in(request: Request, name: str) -> date:
    """A day. Raises RejectedError `bad_date`."""
    try:
        return date.fromisoformat(field(request, name))
    except ValueError:
        raise RejectedError(f"{name}: no date (2025-05-19)", code="bad_date") from None


def wrong_with(code: str, words: Words) -> dict[str, str]:
    """The field that is amiss, and what to do; empty where no field is."""
    name, told = AMISS.get(code, ("", ""))
    return {name: words.text(told)} if told else {}
