"""Which keys must be looked at again, and when: in memory, some 150 bytes a key, rebuilt from the restored states."""

from __future__ import annotations

import heapq
import struct
from datetime import UTC, datetime, timedelta

from hub.runtime.effects import Change

__all__ = ["Timers", "clock_in", "clock_of", "sealed", "unsealed"]

_STAMP = struct.Struct(">q")
_NEVER = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AHEAD_MS = 60 * 60 * 1000


def clock_of(change: Change) -> int | None:
    """The wake-up time of a changed state (milliseconds since 1970), None where it has none or is erased."""
    return None if change.value is None else change.wake_ms


def sealed(change: Change) -> bytes | None:
    """A state as it is stored: its wake-up time in front, so that a restore needs no decoding."""
    if change.value is None:
        return None
    return _STAMP.pack(_NEVER if change.wake_ms is None else change.wake_ms) + change.value


def clock_in(value: bytes) -> int | None:
    """The wake-up time of a state as it is stored, without a look at the state."""
    (at,) = _STAMP.unpack_from(value)
    return None if at == _NEVER else at


def unsealed(value: bytes) -> tuple[int | None, bytes]:
    """The wake-up time, if any, and the state."""
    return clock_in(value), value[_STAMP.size :]


class Timers:
    """The clock of each key, and a heap of those that come within the hour: most lie weeks ahead, and most are moved before they
    come, which would leave an entry behind each time. An entry of the heap counts only while it is the key's present clock.
    """

    def __init__(self) -> None:
        self._present: dict[bytes, int] = {}
        self._soon: list[tuple[int, bytes]] = []
        self._horizon = 0

    def __len__(self) -> int:
        return len(self._present)

    def set(self, key: bytes, at: int | None) -> None:
        """Set (milliseconds since 1970) or clear the clock of a key."""
        if at is None:
            self._present.pop(key, None)
        elif self._present.get(key) != at:
            self._present[key] = at
            if at < self._horizon:
                heapq.heappush(self._soon, (at, key))

    def learn(self, key: bytes, at: int | None) -> None:
        """Set the clock of a key that has none yet: what is told later than this was may be known already."""
        if at is not None and key not in self._present:
            self.set(key, at)

    def due(self, now: datetime, limit: int) -> list[bytes]:
        """Take out at most `limit` keys whose time has come, earliest first."""
        present = (now - _EPOCH) // _MILLISECOND
        if present >= self._horizon:
            self._look_ahead(present + _AHEAD_MS)
        taken: list[bytes] = []
        while self._soon and len(taken) < limit:
            at, key = self._soon[0]
            if self._present.get(key) == at:
                if at > present:
                    break
                del self._present[key]
                taken.append(key)
            heapq.heappop(self._soon)
        return taken

    def _look_ahead(self, horizon: int) -> None:
        """Once an hour, a twentieth of a second for a million keys."""
        self._horizon = horizon
        self._soon = [(at, key) for key, at in self._present.items() if at < horizon]
        heapq.heapify(self._soon)
