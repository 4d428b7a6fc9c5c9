"""How long delivery waits for a broker or a database that does not answer, or has no room; and that it says so meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    stop_when_event_set,
    wait_exponential_jitter,
)
from tenacity.nap import sleep_using_event

from hub.errors import RetriableError
from hub.logs import get_logger
from hub.metrics import DELIVERY_WAITING_SINCE

__all__ = ["Patience"]

_PATIENCE_SECONDS: Final = 120.0
_P = ParamSpec("_P")
_T = TypeVar("_T")
_log = get_logger(__name__)


class Patience:
    """Calls again what raises RetriableError, for one thread. `part` names the thread in the log and the metric.

    What is gone for longer than two minutes ends the process: the supervisor starts it again, nothing is lost.
    """

    def __init__(self, stop: threading.Event, part: str) -> None:
        self._part = part
        self._waits = False
        self._retrying = Retrying(
            retry=retry_if_exception_type(RetriableError),
            stop=stop_after_delay(_PATIENCE_SECONDS) | stop_when_event_set(stop),
            wait=wait_exponential_jitter(multiplier=0.2, max=10.0),
            sleep=sleep_using_event(stop),
            before_sleep=self._wait,
            reraise=True,
        )

    def __call__(self, act: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
        """What `act` returns, once it does. Raises its last RetriableError at the stop, or when patience is over."""
        done = self._retrying(act, *arguments, **named)
        if self._waits:
            self._waits = False
            DELIVERY_WAITING_SINCE.labels(part=self._part).set(0)
            _log.warning("delivery goes on", part=self._part)
        return done

    def _wait(self, tried: RetryCallState) -> None:
        error = tried.outcome.exception() if tried.outcome is not None else None
        if not self._waits:
            self._waits = True
            DELIVERY_WAITING_SINCE.labels(part=self._part).set(time.time())
            _log.warning("delivery waits", part=self._part, code=error.code if isinstance(error, RetriableError) else "")
