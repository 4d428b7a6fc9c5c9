"""The import of a source's history: tried again as long as it gets on."""

from __future__ import annotations

import threading
from datetime import datetime

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_any, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_base

from hub.connect.events import EventsLane, GoOn
from hub.connect.ledger import Tally
from hub.errors import RetriableError

__all__ = ["import_history"]

_ATTEMPTS = 6  # without any progress in between


def import_history(lane: EventsLane, since: datetime, go_on: GoOn, stop: threading.Event) -> bool:
    """Read until the present; False when `go_on` or `stop` ended it first. What is settled stays, and is not read again.

    Raises what `EventsLane.history` raises; RetriableError only after several attempts that settled nothing.
    """
    failed = 0

    def heard(at: datetime, counts: Tally) -> bool:
        nonlocal failed
        failed = 0
        return go_on(at, counts) and not stop.is_set()

    class Enough(stop_base):
        def __call__(self, _retry_state: RetryCallState) -> bool:
            nonlocal failed
            failed += 1
            return failed >= _ATTEMPTS

    retrying = Retrying(
        retry=retry_if_exception_type(RetriableError),
        stop=stop_any(Enough(), stop_when_event_set(stop)),
        wait=wait_random_exponential(multiplier=0.5, max=30.0),
        sleep=sleep_using_event(stop),
        reraise=True,
    )
    return retrying(lane.history, since, heard)
