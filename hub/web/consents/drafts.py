"""What a consent officer has typed and not registered yet: in this process' memory only, under a number that says nothing.

So no personal data stands in an address, a cookie or a hidden field, nothing of it is ever on a disk, and the browser's back
and reload work. A draft is its maker's alone, ends after an hour without a step, and with the process.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import RejectedError

__all__ = ["Draft", "Drafts"]

_IDLE_SECONDS: Final = 3600.0
_MOST: Final = 200
_MOST_EACH: Final = 5


@dataclass(slots=True)
class Draft:
    """Answers by the name of their field."""

    number: str
    account: str
    used: float
    answers: dict[str, Any] = field(default_factory=dict, repr=False)


class Drafts:
    """Safe for several threads. `elapsed` counts seconds."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._drafts: dict[str, Draft] = {}

    def begin(self, account: str) -> Draft:
        """A new one; the oldest of the same account goes when it has too many, the oldest of all when there are."""
        with self._lock:
            self._sweep()
            own = [draft for draft in self._drafts.values() if draft.account == account]
            if len(own) >= _MOST_EACH:
                self._drafts.pop(min(own, key=lambda draft: draft.used).number)
            if len(self._drafts) >= _MOST:
                self._drafts.pop(min(self._drafts.values(), key=lambda draft: draft.used).number)
            draft = Draft(secrets.token_hex(16), account, self._elapsed())
            self._drafts[draft.number] = draft
            return draft

    def find(self, number: str, account: str) -> Draft:
        """One of an account's own. Raises RejectedError `no_draft`: it has ended, or is somebody else's."""
        with self._lock:
            self._sweep()
            draft = self._drafts.get(number)
            if draft is None or draft.account != account:
                raise RejectedError("there is no such draft any more", code="no_draft")
            draft.used = self._elapsed()
            return draft

    def end(self, number: str) -> None:
        """Forget it."""
        with self._lock:
            self._drafts.pop(number, None)

    def _sweep(self) -> None:
        oldest = self._elapsed() - _IDLE_SECONDS
        for number in [draft.number for draft in self._drafts.values() if draft.used < oldest]:
            del self._drafts[number]
