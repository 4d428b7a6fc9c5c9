"""The statutory lane: raw messages, as received, to the statutory store. It asks neither consent nor Kafka nor the registry."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from hub.clock import Clock
from hub.connect.lanes import STATUTORY, show_remembered, show_totals
from hub.connect.ledger import Ledger, Tally
from hub.connect.ports import StatutoryPort
from hub.connector import StatutorySource

__all__ = ["StatutoryLane", "is_secured"]


def is_secured(ledger: Ledger) -> Callable[[str], bool]:
    """Whether a message, by its `RawMessage.key`, is in the statutory store: what a source's context offers as `secured`."""
    return lambda key: ledger.is_secured(_digest(key))


class StatutoryLane:
    """Puts every message of a mandatory source on disk; one thread.

    Guarantee: at least once. A message is fsynced in the store before it counts as secured and before the cursor passes it;
    the store takes a repeat as no change. Nothing is read from a message, so nothing unreadable can stop it.
    """

    name = STATUTORY

    def __init__(self, *, connector: str, source: StatutorySource, store: StatutoryPort, ledger: Ledger, clock: Clock) -> None:
        self._connector = connector
        self._source = source
        self._store = store
        self._ledger = ledger
        self._clock = clock
        show_totals(connector, ledger.totals())

    def poll(self) -> Tally:
        """Take everything new."""
        counts = Tally()
        cursor = show_remembered(self._connector, self.name, self._ledger.cursor(self.name))
        for batch in self._source.batches(cursor):
            for message in batch.messages:
                self._store.put(message)
            digests = [_digest(message.key or message.message_id) for message in batch.messages]
            before = [_digest(key) for key in batch.safe]
            counts["secured", ""] += self._ledger.secure(self.name, batch.cursor, self._clock.now(), digests, before)
            show_totals(self._connector, self._ledger.totals())
        return +counts

    def keep(self) -> None:
        """Nothing is due between two polls."""


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
