"""Whether the worker gets on, or stands still though there is something to do: then it must end, to be started again.

aiokafka can be left in a corner after a broker has gone and come back: a group whose leader knew no topics gives nobody a
partition, a fetch waits for a leader that is long there, a coordinator is never found again. None of that is an error to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from hub.errors import FatalError
from hub.runtime.driver import Driver

__all__ = ["Bounds", "Progress"]

Bounds: TypeAlias = Mapping[tuple[str, int], tuple[int, int]]


class Progress:
    """Looked at about twice a second. `drivers`: with the number of partitions of each; `owned_in_group` tells how many
    partitions of a changelog have an owner, here or in another worker, as far as the group's last assignment says.
    """

    def __init__(
        self,
        drivers: Mapping[Driver, int],
        owned_in_group: Callable[[str], int],
        *,
        limit_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._drivers = drivers
        self._owned_in_group = owned_in_group
        self._limit = limit_seconds
        self._clock = clock
        self._since: float | None = None
        self._reached: Sequence[object] = ()
        self._reason = ""

    @property
    def whole(self) -> bool:
        """Whether, at the last look, Kafka answered, everything assigned was ready, and every partition had an owner."""
        return self._since is None

    @property
    def awaits_rules(self) -> bool:
        """Whether a partition of this worker has no rules in force yet."""
        return any(driver.awaits_rules for driver in self._drivers)

    @property
    def stalled_seconds(self) -> float:
        """For how long nothing has moved that should."""
        waited = 0.0 if self._since is None else self._clock() - self._since
        return max(waited, *(max(one.vigil.waiting_seconds, one.vigil.silent_seconds) for one in self._drivers), 0.0)

    def look(self, bounds: Bounds | None) -> None:
        """Judge what is there now; `bounds` None: Kafka did not say how far its topics reach."""
        reached = [driver.reached for driver in self._drivers]
        self._reason = self._obstacle(bounds)
        restoring = bounds is not None and not all(driver.ready for driver in self._drivers)
        # For rules a worker waits as long as it takes: to start it again would bring none.
        moves = restoring and (reached != self._reached or self.awaits_rules)
        if not self._reason:
            self._since = None
        elif self._since is None or moves:
            self._since = self._clock()
        self._reached = reached

    def _obstacle(self, bounds: Bounds | None) -> str:
        if bounds is None:
            return "Kafka does not say how far its topics reach"
        for driver, partitions in self._drivers.items():
            if not driver.ready:
                return f"the group has not assigned the {driver.name}, or they are not restored"
            if self._owned_in_group(driver.changelog.topic) < partitions:
                return f"the group has left partitions of the {driver.name} without an owner"
        return ""

    def check(self) -> None:
        """Raise FatalError `stalled` when nothing has moved for longer than the limit."""
        if self.stalled_seconds > self._limit:
            reason = self._reason or "records wait on the topics and Faust does not deliver them"
            raise FatalError(f"no progress for {self.stalled_seconds:.0f} s: {reason}", code="stalled")
