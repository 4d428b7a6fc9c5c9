"""The lane's process: hands every stored report over, counts what is there, opens everything regularly, tells what is amiss.

It takes nothing in: the connector's process writes. Nor does anybody wait for it who reads with `hub statutory` or on the pages.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

from hub.clock import Clock
from hub.errors import HubError
from hub.logs import get_logger
from hub.metrics import (
    STATUTORY_DAMAGED,
    STATUTORY_MESSAGES,
    STATUTORY_OLDEST_WAITING,
    STATUTORY_PRESSING,
    STATUTORY_REGISTERED,
    STATUTORY_WAITING,
)
from hub.settings import Settings
from hub.statutory.deadlines import Press, deadlines
from hub.statutory.entries import DamagedFile
from hub.statutory.lane import Lane
from hub.statutory.opening import open_lane, open_store
from hub.statutory.store import StatutoryStore

__all__ = ["Watch", "run", "show_lane"]

LOOK_SECONDS = 1.0
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


def show_lane(lane: Lane, clock: Clock) -> None:
    """The gauges of what is on its way."""
    now, waiting = clock.now(), lane.waiting
    STATUTORY_REGISTERED.set(lane.registered)
    taken, escalated = sum(one.taken for one in waiting), sum(one.escalated for one in waiting)
    by_hand = sum(not one.receiver for one in waiting)
    stages = {"by_hand": by_hand, "untaken": len(waiting) - taken - by_hand, "taken": taken, "escalated": escalated}
    for stage, count in stages.items():
        STATUTORY_WAITING.labels(stage=stage).set(count)
    pressing: Counter[tuple[str, Press]] = Counter()
    for one in waiting:
        clocks = deadlines(one.arrived_at)
        pressing.update([("protect", clocks.protect(now)), ("decide", clocks.decide(now))])
    for name in ("protect", "decide"):
        for press in (Press.NEAR, Press.PAST):
            STATUTORY_PRESSING.labels(clock=name, press=press.value).set(pressing[name, press])


def run(settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Hand over and watch until `stop` is set. Raises ConfigError: its public key is missing, or a receiver's settings are wrong.

    A look that fails is logged by its code and repeated: the lane's writers do not depend on this process, and what hands over
    does not depend on the check.
    """
    watch, lane = Watch(open_store(settings, clock)), open_lane(settings, clock)
    log = get_logger(__name__)
    try:
        while True:
            for look in (lane.look, lambda: watch.look(time.monotonic())):
                try:
                    look()
                except (HubError, OSError) as error:
                    log.warning("statutory_look_failed", code=getattr(error, "code", "unreadable"))
            show_lane(lane, clock)
            if stop.wait(LOOK_SECONDS):
                return
    finally:
        lane.close()
