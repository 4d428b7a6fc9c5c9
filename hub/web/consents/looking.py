"""A look at what the worker holds of one youth, while an officer waits before the page: bounded in time and in number."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Final, Protocol

from hub.access.why_not import Holding
from hub.errors import RejectedError, RetriableError

__all__ = ["Held", "Looking", "Read"]

_SECONDS: Final = 20.0
_AT_ONCE: Final = 2


class Held(Holding, Protocol):
    """What a look finds."""

    @property
    def titles(self) -> Mapping[str, Mapping[str, str]]:
        """What the rules are called, by language and id."""
        ...


Read = Callable[[str, Callable[[], bool]], Held]
"""Reads what is held of a reference, and gives up (RetriableError) once the second argument says that nobody waits any more."""


class Looking:
    """Safe for several threads. `seconds`: the longest that anybody waits; `at_once`: readings under way, waited for or not.

    Each reading has a thread of its own, so that one that nobody waits for any more holds up no page.
    """

    def __init__(
        self, read: Read, *, seconds: float = _SECONDS, at_once: int = _AT_ONCE, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._read = read
        self._elapsed = elapsed
        self._free = threading.BoundedSemaphore(at_once)

    def at(self, reference: str) -> Held:
        """What is held now. Raises what the reading raises; RejectedError `busy`, RetriableError `slow`: ask again later."""
        if not self._free.acquire(blocking=False):
            raise RejectedError("others are looking just now: ask again in a moment", code="busy")
        found: Future[Held] = Future()
        until = self._elapsed() + self.seconds
        threading.Thread(
            target=self._look, args=(found, reference, lambda: self._elapsed() >= until), name="look-at-held", daemon=True
        ).start()
        try:
            return found.result(self.seconds)
        except TimeoutError:
            raise RetriableError("what is held could not be read in time", code="slow") from None

    def _look(self, found: Future[Held], reference: str, expired: Callable[[], bool]) -> None:
        try:
            held = self._read(reference, expired)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: whoever waits gets it
            self._free.release()
            found.set_exception(error)
        else:
            self._free.release()
            found.set_result(held)
