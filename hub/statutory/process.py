"""The lane's process: hands every stored report over, counts what is there, opens everything regularly, tells what is amiss.
Of the manual lane it tells whether a clock has run out, and nothing else.

It takes nothing in: the connector's process writes. Nor does anybody wait for it who reads with `hub statutory` or on the pages.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.clock import Clock
from hub.errors import HubError, places_passed
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
from hub.statutory.late_cases import CaseWatch
from hub.statutory.opening import open_lane, open_store
from hub.statutory.store import StatutoryStore

__all__ = ["Check", "run", "show_lane"]

_log = get_logger(__name__)
LOOK_SECONDS = 0.5
CHECK_SECONDS = 3600.0
_PART_SECONDS = 0.25
"""So long a look checks at most: reports on their way do not wait until thousands of stored ones have been opened."""


class Check:
    """Opens every file at the first look and each hour, a part at a time. `monotonic` counts seconds."""

    def __init__(self, store: StatutoryStore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._began: float | None = None
        self._left: Iterator[Path] | None = None
        self._found: set[DamagedFile] = set()
        self._known: set[DamagedFile] = set()
        self._log = get_logger(__name__)

    def look(self) -> None:
        """Begin when it is due, and go on for a while; the figure is set, and what is new is told, when the last is opened."""
        now = self._monotonic()
        if self._left is None and (self._began is None or now - self._began >= CHECK_SECONDS):
            self._began, self._found = now, set()
            self._store.sweep()
            self._left = self._store.files()
        if self._left is None:
            return
        for path in self._left:
            if (damage := self._store.damage_of(path)) is not None:
                self._found.add(damage)
            if self._monotonic() - now > _PART_SECONDS:
                return
        self._left = None
        STATUTORY_DAMAGED.set(len(self._found))
        for each in sorted(self._found - self._known, key=lambda file: file.entry):
            self._log.error("statutory_file_damaged", entry=each.entry, reason=each.reason)
        self._known = self._found


def show_lane(lane: Lane, clock: Clock) -> None:
    """The gauges of what is stored, and of what is on its way."""
    survey = lane.index.survey()
    STATUTORY_MESSAGES.set(survey.messages)
    STATUTORY_OLDEST_WAITING.set(survey.oldest_arrival.timestamp() if survey.oldest_arrival else 0)
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
    check, lane, cases = Check(open_store(settings, clock)), open_lane(settings, clock), CaseWatch(settings, clock)
    try:
        while True:
            for look in (lane.look, check.look, lambda: cases.look(time.monotonic())):
                try:
                    look()
                except (HubError, OSError) as error:
                    _log.warning("statutory_look_failed", code=getattr(error, "code", "unreadable"))
                except Exception as error:  # noqa: BLE001 - one look that nobody foresaw must not end the others
                    _log.error("statutory_unforeseen", step="look", error=type(error).__name__, places=places_passed(error))
            show_lane(lane, clock)
            if stop.wait(LOOK_SECONDS):
                return
    finally:
        lane.close()
