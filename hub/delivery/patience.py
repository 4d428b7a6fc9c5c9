"""How long delivery waits for a broker or a database that does not answer."""

from __future__ import annotations

import threading
from typing import Final

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, stop_when_event_set, wait_exponential_jitter
from tenacity.nap import sleep_using_event

from hub.errors import RetriableError

__all__ = ["patient"]

_PATIENCE_SECONDS: Final = 120.0


def patient(stop: threading.Event) -> Retrying:
    """What is gone for longer than two minutes ends the process: the supervisor starts it again, nothing is lost."""
    return Retrying(
        retry=retry_if_exception_type(RetriableError),
        stop=stop_after_delay(_PATIENCE_SECONDS) | stop_when_event_set(stop),
        wait=wait_exponential_jitter(multiplier=0.2, max=10.0),
        sleep=sleep_using_event(stop),
        reraise=True,
    )
