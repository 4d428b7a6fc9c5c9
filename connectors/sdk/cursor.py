"""Where a lane stands in an inbox from which nothing is deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from connectors.sdk.listing import Listed
from hub.connector import Cursor
from hub.errors import RejectedError, RetriableError

__all__ = ["Failures", "Progress", "in_trouble", "worst"]

Failures: TypeAlias = list[RejectedError | RetriableError]
_GIVE_UP_AFTER = 3


def in_trouble(failures: Failures) -> bool:
    """Whether the message system itself seems to be in trouble, rather than single messages: then it is left in peace."""
    return sum(isinstance(each, RetriableError) for each in failures) >= _GIVE_UP_AFTER


def worst(failures: Failures) -> RejectedError | RetriableError:
    """The one to raise: one that promises something to a repeat, if there is such a one."""
    return next((each for each in failures if isinstance(each, RetriableError)), failures[0])


class Progress:
    """The messages that are done, as digests, forgotten once they are listed no more (should one come back, it is repeated)."""

    def __init__(self, cursor: Cursor | None, listing: Sequence[Listed]) -> None:
        known = (cursor or {}).get("done", [])
        before = {key for key in known if isinstance(key, str)} if isinstance(known, list) else set()
        self._listing = listing
        self._done = before & {listed.key for listed in listing}
        self._part()
        self.moved = self._done != before
        self.unkeyed = bool(before) and not (cursor or {}).get("keyed")
        """Whether the cursor is of a time when the statutory lane knew messages by their message id alone."""

    def rekey(self) -> list[str]:
        """Of an `unkeyed` cursor: the keys of what is done. What shares its message id is to be done again, for one of them may
        have been taken for the other.
        """
        shared = Counter(listed.message_id for listed in self._listing)
        self._done -= {listed.key for listed in self._listing if shared[listed.message_id] > 1}
        self._part()
        return [listed.key for listed in self.finished]

    def finish(self, listed: Listed) -> None:
        """This one is done as soon as the cursor is stored."""
        self._done.add(listed.key)
        self.moved = True

    def _part(self) -> None:
        self.finished = [listed for listed in self._listing if listed.key in self._done]
        self.waiting = [listed for listed in self._listing if listed.key not in self._done]

    def cursor(self) -> Cursor:
        """The present stand; nothing counts as moved until the next `finish`."""
        self.moved = False
        return {"done": sorted(self._done), "keyed": True}
