"""Polls one lane until it is told to stop: bounded retries, counted results, and nothing swallowed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_any, stop_when_event_set
from tenacity.nap import sleep_using_event

from hub.backoff import Backoff
from hub.clock import Clock
from hub.connect.lanes import NEWS, Lane
from hub.connect.ledger import Tally
from hub.errors import BreakerOpenError, PausedError, RejectedError, RetriableError, StaleDirectoryError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_CAUGHT_UP, CONNECTOR_LAST_SUCCESS, CONNECTOR_POLLS

__all__ = ["Loop", "Polled", "Watch"]

_ATTEMPTS = 4
_FIRST_WAIT, _MOST_WAIT = 0.2, 5.0  # random within a growing bound …
_LONGEST_WAIT = 60.0  # … or what the other side asked for, up to a minute
_NOTICED_SECONDS = 1.0
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polled:
    """What became of one poll, the code of the error, and the counts when it was whole.

    `ok`; `paused`: somebody paused the connector; `open`: its source is left alone for a while; `stale`, `rejected` or `retry`
    (`hub.errors`).
    """

    result: str
    code: str
    counts: Tally


class Watch(Protocol):
    """Looks after a lane from outside. What it raises of RetriableError is logged and stops nothing."""

    def look(self) -> None:
        """Called between two polls."""
        ...

    def note(self, now: datetime, result: str, code: str, next_poll: datetime | None) -> None:
        """Called after each poll."""
        ...


class Loop:
    """One lane's life.

    RetriableError: tried again a few times, then at the next poll. RejectedError: counted, next poll. ConfigError,
    FatalError and anything unexpected leave `run`: the process ends with the cursor unmoved, and its supervisor starts it again.
    """

    def __init__(
        self,
        lane: Lane,
        connector: str,
        *,
        poll_seconds: float,
        keep_seconds: float,
        clock: Clock,
        stop: threading.Event,
        after: Loop | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._lane = lane
        self._connector = connector
        self._poll_seconds = poll_seconds
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._stop = stop
        self._after = after
        self._watch = watch
        self._woken = threading.Event()
        self._longest_pause = keep_seconds
        self.first_poll_over = threading.Event()
        self.caught_up = threading.Event()
        self._gauge = CONNECTOR_CAUGHT_UP.labels(connector=connector, lane=lane.name)
        self._gauge.set(0)
        self._retrying = Retrying(
            retry=retry_if_exception_type(RetriableError),
            stop=stop_any(stop_after_attempt(_ATTEMPTS), stop_when_event_set(stop)),
            wait=Backoff(_FIRST_WAIT, _MOST_WAIT, _LONGEST_WAIT),
            sleep=sleep_using_event(stop),
            reraise=True,
        )

    def run(self) -> None:
        """Poll, wait, poll again, until `stop` is set."""
        while not self._stop.is_set():
            polled = self._poll()
            whole = polled.result == "ok"
            seconds = self._poll_seconds if whole else min(self._poll_seconds, max(self._keep_seconds, 1.0))
            # Jittered so that many connectors do not ask at once.
            jittered = seconds * random.uniform(0.9, 1.1)  # noqa: S311 -- spreads load, guards nothing
            self._note(polled, timedelta(seconds=jittered))
            self._wait(jittered)

    def heed_wakes(self) -> None:
        """From now on `wake` may be called, and is noticed within a second."""
        self._longest_pause = min(self._keep_seconds, _NOTICED_SECONDS)

    def wake(self) -> None:
        """Poll soon; from any thread. However often it is called, two polls lie a few seconds apart."""
        self._woken.set()

    def once(self) -> Polled:
        """One poll with its retries, counted."""
        polled = self._poll()
        self._note(polled, None)
        return polled

    def _poll(self) -> Polled:
        # Taken before the poll: what the other lane secures from now on may concern records this poll has passed.
        settled = self._after is None or self._after.caught_up.is_set()
        try:
            polled = self._attempt()
        finally:
            self.first_poll_over.set()
        CONNECTOR_POLLS.labels(connector=self._connector, lane=self._lane.name, result=polled.result).inc()
        if polled.result == "ok":
            CONNECTOR_LAST_SUCCESS.labels(connector=self._connector, lane=self._lane.name).set(self._clock.now().timestamp())
        elif polled.result not in {"paused", "open"}:  # it was logged when it began
            _log.warning("poll_" + polled.result, connector=self._connector, lane=self._lane.name, code=polled.code)
        news = any(outcome in NEWS for outcome, _ in polled.counts)
        self._show(caught_up=polled.result == "ok" and settled and not news)
        return polled

    def _attempt(self) -> Polled:
        try:
            return Polled("ok", "", self._retrying(self._lane.poll))
        except PausedError as error:
            return Polled("paused", error.code, Counter())
        except BreakerOpenError as error:
            return Polled("open", error.code, Counter())
        except StaleDirectoryError as error:
            return Polled("stale", error.code, Counter())
        except RejectedError as error:
            return Polled("rejected", error.code, Counter())
        except RetriableError as error:
            return Polled("retry", error.code, Counter())

    def _show(self, *, caught_up: bool) -> None:
        self._gauge.set(1 if caught_up else 0)
        if caught_up:
            self.caught_up.set()
        else:
            self.caught_up.clear()

    def _note(self, polled: Polled, pause: timedelta | None) -> None:
        if self._watch is not None:
            now = self._clock.now()
            try:
                self._watch.note(now, polled.result, polled.code, None if pause is None else now + pause)
            except RetriableError as error:
                _log.warning("not_noted", connector=self._connector, lane=self._lane.name, code=error.code)

    def _wait(self, seconds: float) -> None:
        """Wait; what is due between polls is done on the way."""
        remaining = seconds
        waited = unkept = 0.0
        while remaining > 0 and not (self._woken.is_set() and waited >= self._keep_seconds):
            pause = min(remaining, self._longest_pause)
            if self._stop.wait(pause):
                return
            remaining -= pause
            waited, unkept = waited + pause, unkept + pause
            if remaining > 0 and unkept >= self._keep_seconds:
                unkept = 0.0
                self._keep()
        self._woken.clear()

    def _keep(self) -> None:
        for due in (self._lane.keep, *([self._watch.look] if self._watch else [])):
            try:
                due()
            except (RetriableError, RejectedError) as error:
                _log.info("not_kept", connector=self._connector, lane=self._lane.name, code=error.code)
