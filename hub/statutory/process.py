"""The process beside the store: counts what is there, opens everything regularly, tells when a file does not open.

It takes nothing in and hands nothing over: the connector's process writes, a person reads with `hub statutory`.
"""

from __future__ import annotations

import threading
import time

from hub.clock import Clock
from hub.errors import HubError
from hub.logs import get_logger
from hub.metrics import STATUTORY_DAMAGED, STATUTORY_MESSAGES, STATUTORY_OLDEST_WAITING
from hub.settings import Settings
from hub.statutory.entries import DamagedFile
from hub.statutory.opening import open_store
from hub.statutory.store import StatutoryStore

__all__ = ["Watch", "run"]

REFRESH_SECONDS = 2.0
CHECK_SECONDS = 3600.0
_FRESH_NANOSECONDS = 5_000_000_000


class Watch:
    """One look at a time. Figures follow the store within a look; the whole check runs when it is due."""

    def __init__(self, store: StatutoryStore) -> None:
        self._store = store
        self._seen: int | None = None
        self._checked: float | None = None
        self._known: set[DamagedFile] = set()
        self._log = get_logger(__name__)

    def look(self, monotonic_seconds: float) -> None:
        """Refresh the gauges if the store changed, and check every file at the first look and each hour."""
        changed = self._store.changed_at()
        # File times move in steps of milliseconds: a store that changed just now is counted again at the next look.
        if changed != self._seen or time.time_ns() - changed < _FRESH_NANOSECONDS:
            survey = self._store.survey()
            STATUTORY_MESSAGES.set(survey.messages)
            STATUTORY_OLDEST_WAITING.set(survey.oldest_arrival.timestamp() if survey.oldest_arrival else 0)
            self._seen = changed
        if self._checked is None or monotonic_seconds - self._checked >= CHECK_SECONDS:
            self._checked = monotonic_seconds
            self._store.sweep()
            damaged = set(self._store.check())
            STATUTORY_DAMAGED.set(len(damaged))
            for each in sorted(damaged - self._known, key=lambda file: file.entry):
                self._log.error("statutory_file_damaged", entry=each.entry, reason=each.reason)
            self._known = damaged


def run(settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Watch the store until `stop` is set. Raises ConfigError when its public key is missing.

    A look that fails is logged by its code and repeated: the lane's writers do not depend on this process.
    """
    watch = Watch(open_store(settings, clock))
    log = get_logger(__name__)
    while True:
        try:
            watch.look(time.monotonic())
        except (HubError, OSError) as error:
            log.warning("statutory_look_failed", code=getattr(error, "code", "unreadable"))
        if stop.wait(REFRESH_SECONDS):
            return
