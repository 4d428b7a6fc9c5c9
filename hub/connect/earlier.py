"""Facts of a time that a grant covers only now: whom they are owed to, since when, and how far they have been read.

Durable in the lane's ledger, as references alone; erased with them. A source that can be asked for some persons (`Backfill`)
reads back to the earliest instant owed; any other is read again from its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.connector import Cursor

__all__ = ["EARLIER", "Earlier"]

EARLIER = "backfill"
"""The lane under which it stands in the ledger."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Falsy when nothing is owed. `progress` is the source's own, of a reading for exactly these."""

    since: Mapping[str, datetime] = field(default_factory=dict)
    progress: Cursor = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.since)

    @classmethod
    def of(cls, cursor: Cursor | None) -> Earlier:
        """As it was stored."""
        known = {ref: datetime.fromisoformat(text) for ref, text in (cursor or {}).get("owed", {}).items()}
        return cls(known, dict((cursor or {}).get("progress", {})))

    def stored(self) -> Cursor:
        """As it is stored; empty when nothing is owed."""
        if not self:
            return {}
        return {"owed": {ref: since.isoformat() for ref, since in sorted(self.since.items())}, "progress": self.progress}

    @property
    def begin(self) -> datetime:
        """The earliest instant owed."""
        return min(self.since.values())

    def with_more(self, widened: Mapping[str, datetime], now: datetime) -> Earlier:
        """Also to these, since then; what begins later than now is not earlier. The reading begins anew, for all of them."""
        due = {ref: since for ref, since in widened.items() if since < now}
        if not due:
            return self
        return Earlier({**self.since, **{ref: min(since, self.since.get(ref, since)) for ref, since in due.items()}}, {})

    def without(self, removed: Iterable[str]) -> Earlier:
        """Nothing is owed to these any more."""
        gone = set(removed)
        return Earlier({ref: since for ref, since in self.since.items() if ref not in gone}, self.progress)

    def reached(self, progress: Cursor) -> Earlier:
        """The reading has come so far."""
        return Earlier(self.since, progress)
