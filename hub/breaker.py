"""Whether a source may be asked, or a receiver called: the decision of its circuit breaker, pure. Time and pauses are arguments.

closed ──(so many failures in a row)──▶ open ──(its pause is over)──▶ half-open, for one try
   ▲                                     ▲                               │ fails │
   │                                     └────────(a longer pause)───────┘       │
   └───────────────────────────────────────────────(it succeeds)─────────────────┘

It decides when the other side is called, never with what: a source's cursor stands until a batch is safe, an errand waits until
the receiver has it, so nothing is lost or skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["Breaker", "BreakerState", "asking", "failed", "succeeded"]


class BreakerState(StrEnum):
    CLOSED = "closed"
    """The source is asked as its settings say."""
    OPEN = "open"
    """It failed again and again: it is left alone for a while."""
    HALF_OPEN = "half_open"
    """One reading tries whether it is back."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row, the last with the error `code`; `openings` since it was closed last.

    `since` and `retry_at` are UTC instants, None while it is closed.
    """

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    openings: int = 0
    since: datetime | None = None
    retry_at: datetime | None = None
    code: str = ""


def asking(breaker: Breaker, now: datetime) -> Breaker | None:
    """What it is while the source is asked now; None: it must not be asked."""
    if breaker.state is not BreakerState.OPEN:
        return breaker
    if breaker.retry_at is not None and now < breaker.retry_at:
        return None
    return replace(breaker, state=BreakerState.HALF_OPEN)


def failed(breaker: Breaker, now: datetime, *, most: int, pause: timedelta, code: str = "") -> Breaker:
    """A reading failed, with an error of this code.

    After `most` of them in a row, and whenever the one that tried does, there is no other for `pause`.
    """
    failures = breaker.failures + 1
    if breaker.state is BreakerState.CLOSED and failures < most:
        return replace(breaker, failures=failures, code=code)
    return Breaker(BreakerState.OPEN, failures, breaker.openings + 1, breaker.since or now, now + pause, code)


def succeeded(_breaker: Breaker) -> Breaker:
    """A reading came to its end, or further than it began."""
    return Breaker()
