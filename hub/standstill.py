"""Whether an outbox moves. How much waits in it depends on persons; that nothing of it moves is what an alarm needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from hub.metrics import OUTBOX_PENDING, OUTBOX_STUCK

__all__ = ["STUCK_SECONDS", "Standstill"]

STUCK_SECONDS: Final = 600.0


class Standstill:
    """Tells the metrics of one outbox, for as long as its process lives. `now`: seconds that only grow."""

    def __init__(self, outbox: str, now: Callable[[], float] = time.monotonic) -> None:
        self._outbox = outbox
        self._now = now
        self._oldest: int | None = None
        self._since = 0.0

    def tell(self, pending: int, oldest: int | None, *, moved: bool = False) -> None:
        """How many messages wait, and the number of the oldest; None when none waits. `moved`: some have just left.

        (An emptied table may give a number again.)
        """
        if moved or oldest != self._oldest:
            self._oldest, self._since = oldest, self._now()
        stuck = oldest is not None and self._now() - self._since >= STUCK_SECONDS
        OUTBOX_PENDING.labels(outbox=self._outbox).set(pending)
        OUTBOX_STUCK.labels(outbox=self._outbox).set(1 if stuck else 0)
