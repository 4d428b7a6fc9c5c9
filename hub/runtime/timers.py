"""Which keys must be looked at again, and when: in memory, rebuilt from the restored states."""

from __future__ import annotations

import heapq
import struct
from datetime import UTC, datetime, timedelta

from hub.runtime.effects import Change

__all__ = ["Timers", "clock_of", "sealed", "unsealed"]

_STAMP = struct.Struct(">q")
_NEVER = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def clock_of(change: Change) -> int | None:
    """The wake-up time of a changed state (milliseconds since 1970), None where it has none or is erased.

    Rounded up: a wake that comes a moment early would find nothing due and set the same clock again, for ever.
    """
    if change.wake_at is None or change.value is None:
        return None
    return -(-(change.wake_at - _EPOCH) // _MILLISECOND)


def sealed(change: Change) -> bytes | None:
    """A state as it is stored: its wake-up time in front, so that a restore needs no decoding."""
    if change.value is None:
        return None
    at = clock_of(change)
    return _STAMP.pack(_NEVER if at is None else at) + change.value


def unsealed(value: bytes) -> tuple[int | None, bytes]:
    """The wake-up time, if any, and the state."""
    (at,) = _STAMP.unpack_from(value)
    return (None if at == _NEVER else at), value[_STAMP.size :]


class Timers:
    """A heap with lazy deletion: an entry counts only while it is the key's present one."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, bytes]] = []
        self._present: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._present)

    def set(self, key: bytes, at: int | None) -> None:
        """Set (milliseconds since 1970) or clear the clock of a key."""
        if at is None:
            self._present.pop(key, None)
        elif self._present.get(key) != at:
            self._present[key] = at
            heapq.heappush(self._heap, (at, key))

    def due(self, now: datetime, limit: int) -> list[bytes]:
        """Take out at most `limit` keys whose time has come, earliest first."""
        present = (now - _EPOCH) // _MILLISECOND
        taken: list[bytes] = []
        while self._heap and len(taken) < limit:
            at, key = self._heap[0]
            if self._present.get(key) == at:
                if at > present:
                    break
                del self._present[key]
                taken.append(key)
            heapq.heappop(self._heap)
        return taken
