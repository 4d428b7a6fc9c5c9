"""Notices records that Faust does not deliver: it drops some under flow control, and takes the hole for compaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from hub.runtime.lane import Lane

__all__ = ["STALL_SECONDS", "Vigil"]

STALL_SECONDS = 5.0


class Vigil:
    """Watches one driver's lanes. Only a silence of the whole driver counts: under load Faust brings one partition after
    another, and each but one waits.
    """

    def __init__(self, seconds: float = STALL_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._last_arrival = clock()

    def arrived(self) -> None:
        """A record was delivered."""
        self._last_arrival = self._clock()

    def look(self, lanes: Mapping[int, Lane], bounds: Mapping[tuple[str, int], tuple[int, int]]) -> None:
        """Let idle lanes read what stands on their topics although nothing has been delivered for a while."""
        if self._clock() - self._last_arrival < self._seconds:
            return
        for (topic, partition), (begin, end) in bounds.items():
            lane = lanes.get(partition)
            if lane is not None and lane.ready and not lane.in_flight and lane.owned.position(topic) < end > begin:
                lane.fetch(topic, begin, end)
                self._last_arrival = self._clock()
