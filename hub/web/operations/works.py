"""What takes its time and is watched meanwhile: a preview, a trial of a source, sending again. In this process' memory only.

A work is its beginner's alone, and is forgotten an hour after it was last looked at; what it did stays done.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import FatalError, HubError, RejectedError
from hub.logs import get_logger

__all__ = ["Work", "Works"]

_LOG = get_logger(__name__)
_IDLE_SECONDS: Final = 3600.0
_MOST_EACH: Final = 10
_AT_ONCE: Final = 4
_SOON_SECONDS: Final = 2.0

Task = Callable[[Callable[[int], None]], Any]


@dataclass(slots=True)
class Work:
    """`done` is how far it has come; once `over` is set, `result` is what came of it, or `failure` why nothing did."""

    number: str
    account: str
    used: float
    done: int = 0
    result: Any = field(default=None, repr=False)
    failure: HubError | None = None
    over: threading.Event = field(default_factory=threading.Event, repr=False)

    def advance(self, done: int) -> None:
        """So far."""
        self.done = done


class Works:
    """Safe for several threads. `elapsed` counts seconds."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic, *, soon_seconds: float = _SOON_SECONDS) -> None:
        self._elapsed = elapsed
        self._soon_seconds = soon_seconds
        self._lock = threading.Lock()
        self._works: dict[str, Work] = {}

    def begin(self, account: str, task: Task) -> Work:
        """Run `task` in a thread of its own; the answer comes when it is over, or after a moment. The task is given `advance`.

        Raises RejectedError `busy` when as many run as may at once.
        """
        with self._lock:
            self._sweep()
            if sum(not work.over.is_set() for work in self._works.values()) >= _AT_ONCE:
                raise RejectedError("several long works run already: wait until one of them is over", code="busy")
            own = [work for work in self._works.values() if work.account == account and work.over.is_set()]
            if len(own) >= _MOST_EACH:
                self._works.pop(min(own, key=lambda work: work.used).number)
            work = Work(secrets.token_hex(16), account, self._elapsed())
            self._works[work.number] = work
        threading.Thread(target=_run, args=(work, task), name="operator-work", daemon=True).start()
        work.over.wait(self._soon_seconds)
        return work

    def find(self, number: str, account: str) -> Work:
        """One of an account's own. Raises RejectedError `no_work`: it is forgotten, or somebody else's."""
        with self._lock:
            self._sweep()
            work = self._works.get(number)
            if work is None or work.account != account:
                raise RejectedError("there is no such work any more", code="no_work")
            work.used = self._elapsed()
            return work

    def _sweep(self) -> None:
        oldest = self._elapsed() - _IDLE_SECONDS
        for number in [work.number for work in self._works.values() if work.used < oldest and work.over.is_set()]:
            del self._works[number]


def _run(work: Work, task: Task) -> None:
    try:
        work.result = task(work.advance)
    except HubError as error:
        work.failure = error
    except Exception as error:  # noqa: BLE001 - the edge of a thread: what happened is logged by its kind, without its text
        _LOG.error("work_failed", error=type(error).__name__)
        work.failure = FatalError("not expected", code="unexpected")
    finally:
        work.over.set()
