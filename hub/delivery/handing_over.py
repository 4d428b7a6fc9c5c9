"""The threads of `hub deliver` that hand errands over: one for each sink, so that a slow receiver holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hub.delivery.dispatcher import Dispatcher
from hub.delivery.patience import Patience
from hub.errors import RetriableError
from hub.logs import get_logger

__all__ = ["handing_over"]

_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 5.0
_log = get_logger(__name__)


@contextmanager
def handing_over(dispatchers: Sequence[Dispatcher], stop: threading.Event, failed: list[BaseException]) -> Iterator[None]:
    """Hand over for as long as the block runs. What ends a thread before `stop` is put into `failed`.

    A call that is under way at the end is left: it is repeated, under the same identity, by whoever comes next.
    """
    threads = [
        threading.Thread(target=_until, args=(one, stop, failed), name=f"sink-{one.name}", daemon=True) for one in dispatchers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=_GRACE_SECONDS)


def _until(dispatcher: Dispatcher, stop: threading.Event, failed: list[BaseException]) -> None:
    patiently = Patience(stop, f"sink-{dispatcher.name}")
    try:
        while not stop.is_set():
            wait = patiently(dispatcher.run_once)
            stop.wait(min(wait.total_seconds(), _LOOK_SECONDS))
    except BaseException as error:  # noqa: BLE001 - handed to the main thread, which ends the process
        if not (stop.is_set() and isinstance(error, RetriableError)):
            _log.error("handing over failed", sink=dispatcher.name, error=type(error).__name__)
        failed.append(error)
    finally:
        _let_go(dispatcher)


def _let_go(dispatcher: Dispatcher) -> None:
    try:
        dispatcher.close()
    except RetriableError as error:  # the lease runs out by itself
        _log.warning("the lease was not released", sink=dispatcher.name, code=error.code)
