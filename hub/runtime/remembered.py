"""The decoded states of a partition that were used last, so that a state need not be made from its bytes for every batch."""

from __future__ import annotations

__all__ = ["Remembered"]


class Remembered:
    """What one pipeline has decoded: it alone changes its partition's states, so what it holds is what is stored.

    At most `limit` bytes, as the states are stored; decoded they take several times as much. Those that were put longest ago go.
    It lives as long as the partition is owned, and is never handed to a later owner.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._states: dict[str, tuple[object, int]] = {}

    def __len__(self) -> int:
        return len(self._states)

    def get(self, key: str) -> object | None:
        """The state of a key, None when it is not held."""
        known = self._states.get(key)
        return None if known is None else known[0]

    def put(self, key: str, state: object | None, size: int) -> None:
        """Hold a state that takes `size` bytes where it is stored; None: nothing is to be held of the key any more."""
        states = self._states
        former = states.pop(key, None)
        if former is not None:
            self._held -= former[1]
        if state is None or not size:
            return
        states[key] = state, size
        self._held += size
        while self._held > self._limit:
            self._held -= states.pop(next(iter(states)))[1]
