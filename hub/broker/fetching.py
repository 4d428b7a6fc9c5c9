"""Several fetches at once that a person can end at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from hub.broker.lock import LockedJar
from hub.errors import FatalError

__all__ = ["fetch_all", "stopped"]

_AT_ONCE = 4
_LOOK_SECONDS = 0.1
_GRACE_SECONDS = 2.0


def stopped() -> FatalError:
    """What is raised when somebody asked to stop."""
    return FatalError("stopped while Kafka was being fetched; what has arrived is kept", code="stopped")


def fetch_all(jars: Sequence[LockedJar], fetch: Callable[[LockedJar, threading.Event], None], stop: threading.Event) -> None:
    """Call `fetch(jar, ended)` for each, four at a time; when `ended` is set it should try no more.

    Raises the first error of a fetch; FatalError, within a tenth of a second, when `stop` is set. The threads are daemons: a
    server that has stopped answering keeps neither Ctrl-C nor the end of the process waiting.
    """
    waiting: queue.SimpleQueue[LockedJar] = queue.SimpleQueue()
    outcomes: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
    ended = threading.Event()
    for jar in jars:
        waiting.put(jar)
    threads = [
        threading.Thread(target=_work, args=(waiting, outcomes, fetch, ended), name=f"fetch-jar-{number}", daemon=True)
        for number in range(min(_AT_ONCE, len(jars)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in jars:
            _raise_failure(outcomes, stop)
    except Exception:
        ended.set()
        for thread in threads:  # so that the next attempt does not meet them; but nobody waits who asked to stop
            thread.join(0.0 if stop.is_set() else _GRACE_SECONDS)
        raise
    finally:
        ended.set()  # on Ctrl-C too


def _work(
    waiting: queue.SimpleQueue[LockedJar],
    outcomes: queue.SimpleQueue[Exception | None],
    fetch: Callable[[LockedJar, threading.Event], None],
    ended: threading.Event,
) -> None:
    while not ended.is_set():
        try:
            fetch(waiting.get_nowait(), ended)
        except queue.Empty:
            return
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            outcomes.put(error)
        else:
            outcomes.put(None)


def _raise_failure(outcomes: queue.SimpleQueue[Exception | None], stop: threading.Event) -> None:
    """Wait for one outcome."""
    while not stop.is_set():
        try:
            failure = outcomes.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            continue
        if failure is not None:
            raise failure
        return
    raise stopped()
