"""Notices records that Faust does not deliver: it drops some under flow control, and takes the hole for compaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from hub.runtime.lane import Lane

__all__ = ["STALL_SECONDS", "STARVED_SECONDS", "Vigil"]

STALL_SECONDS = 5.0
STARVED_SECONDS = 30.0


class Vigil:
    """Watches one driver's lanes. A silence of the whole driver counts at once: under load Faust brings one partition after
    another, and each but one waits. A source that waits for half a minute meanwhile is read directly, too.
    """

    def __init__(self, seconds: float = STALL_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._last_arrival = self._last_read = clock()
        self._first_read: float | None = None
        self._behind: dict[tuple[str, int], tuple[int, float]] = {}

    def arrived(self) -> None:
        """A record was delivered."""
        self._last_arrival = self._clock()
        self._first_read = None

    @property
    def silent_seconds(self) -> float:
        """How long Faust has delivered nothing at all while one thing after another had to be read directly."""
        return 0.0 if self._first_read is None else self._last_read - self._first_read

    @property
    def waiting_seconds(self) -> float:
        """How long the source that waits longest has stood at one place with records behind it; 0 when none waits."""
        return max((self._clock() - since for _, since in self._behind.values()), default=0.0)

    def look(self, lanes: Mapping[int, Lane], bounds: Mapping[tuple[str, int], tuple[int, int]]) -> None:
        """Let idle lanes read what stands on their topics although nothing has been delivered for a while."""
        now = self._clock()
        self._behind = self._left_behind(lanes, bounds, now)
        silent = now - max(self._last_arrival, self._last_read) >= self._seconds
        for (topic, partition), (_, since) in self._behind.items():
            lane = lanes[partition]
            if silent and not lane.in_flight:
                lane.fetch(topic, *bounds[topic, partition])
                self._last_read = now
                self._first_read = now if self._first_read is None else self._first_read
            elif now - since >= STARVED_SECONDS:
                lane.fetch(topic, *bounds[topic, partition])

    def _left_behind(
        self, lanes: Mapping[int, Lane], bounds: Mapping[tuple[str, int], tuple[int, int]], now: float
    ) -> dict[tuple[str, int], tuple[int, float]]:
        """Sources with records that were not taken: the place they stand at, and since when."""
        found = {}
        for where, (begin, end) in bounds.items():
            lane = lanes.get(where[1])
            if lane is None or not lane.ready or where[0] in lane.owned.record.paused:
                continue
            position = lane.owned.position(where[0])
            if position < end > begin:
                known = self._behind.get(where)
                found[where] = known if known is not None and known[0] == position else (position, now)
        return found
