"""Lets a foreign system wake the events lane: a thread beside it that must never end it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hub.connect.loop import Loop
from hub.connector import Waker
from hub.errors import HubError, places_passed
from hub.logs import get_logger

__all__ = ["listening"]

_AGAIN_SECONDS = 60.0
_log = get_logger(__name__)


@contextmanager
def listening(waker: Waker | None, loop: Loop, connector: str, stop: threading.Event) -> Iterator[None]:
    """While the block runs `waker` may wake `loop`. It ends with `stop`, which leaving the block sets."""
    if waker is None:
        yield
        return
    loop.heed_wakes()
    thread = threading.Thread(target=_listen, args=(waker, loop, connector, stop), name="waker")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _listen(waker: Waker, loop: Loop, connector: str, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            waker.listen(loop.wake, stop)
        except HubError as error:
            _log.warning("not_listening", connector=connector, error=type(error).__name__, code=error.code)
        except Exception as error:  # noqa: BLE001 -- a foreign text may hold anything; polls go on without it
            _log.error("waker_crashed", connector=connector, error=type(error).__name__, passed=places_passed(error))
        stop.wait(_AGAIN_SECONDS)
