"""What partners pushed and is not safe yet. In memory alone: whoever has no reference leaves it without a trace."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.observations.mapping import of_others
from hub.connector import Batch, Cursor, PersonRecord, PlaceRecord
from hub.errors import RejectedError, RetriableError

__all__ = ["Entry", "Waiting"]

_MOST_WAITING = 1_000
_MOST_REMEMBERED = 2_000
_REMEMBERED = timedelta(hours=24)
_MARK_HEX = 4


@dataclass(slots=True, eq=False)
class Entry:
    """One push. `given`: when the gate got it. `settled`: it is on Kafka, or consent kept it out; nobody is told which.

    `reused`: its key is that of another push, which was safe before a restart; this one was not taken. `asking`: how many
    requests wait for it.
    """

    key: str
    digest: bytes = field(repr=False)
    record: PersonRecord | PlaceRecord = field(repr=False)
    number: int = 0
    given: float = -math.inf
    settled: bool = False
    reused: bool = False
    asking: int = 0

    @property
    def mark(self) -> str:
        """What is remembered of the digest: enough to tell another push from a repeat, and it fits thousands of persons."""
        return self.digest.hex()[:_MARK_HEX]


class Waiting:
    """For the receiver's thread and the lane's. `ticks` is a clock of seconds.

    The cursor: `number` counts what is safe; `seen`, by key the instants and marks of the last day's pushes, so that a partner
    that repeats one after a restart does not undo what it has corrected since, and one that says something else under a used key
    is told so. A key is keyed and made of the partner's own id of the push; the mark is two bytes of a keyed digest of what it
    says. They are remembered alike whether or not anything was published.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._pending: dict[str, Entry] = {}
        self._done: dict[str, Entry] = {}

    def put(self, key: str, digest: bytes, record: PersonRecord | PlaceRecord) -> Entry:
        """The entry of this push, of a repeat the first; until `leave` a request waits for it.

        Raises RejectedError `key_reused`, RetriableError `too_many_waiting`.
        """
        with self._lock:
            known = self._pending.get(key) or self._done.get(key)
            if known is not None:
                if known.digest != digest:
                    raise RejectedError("the id of another push was used again", code="key_reused")
                known.asking += 1
                return known
            if len(self._pending) >= _MOST_WAITING:
                raise RetriableError("too much waits to become safe", code="too_many_waiting")
            self._pending[key] = entry = Entry(key, digest, record, asking=1)
            return entry

    def leave(self, entry: Entry, *, withdraw: bool) -> bool:
        """A request waits no longer. True: its push is withdrawn, and will not be sent.

        It is withdrawn if that is asked for, no other request waits for it, and the gate never got it. What the gate got may be
        on Kafka, or in a ledger's intents: it stays until it is safe.
        """
        with self._lock:
            entry.asking -= 1
            if not withdraw or entry.asking or entry.number or entry.settled:
                return False
            self._pending.pop(entry.key, None)
            return True

    def batches(self, cursor: Cursor | None, now: datetime) -> Iterator[Batch]:
        """All that waits, numbered on from the cursor. Each observation takes back what its id told of anybody else."""
        number = int((cursor or {}).get("number", 0))
        known = {key: _instant_and_mark(told) for key, told in (cursor or {}).get("seen", {}).items()}
        seen = {key: told for key, told in known.items() if now - datetime.fromisoformat(told[0]) < _REMEMBERED}
        fresh = []
        with self._lock:
            for entry in list(self._pending.values()):
                if entry.key in seen:
                    self._finish(entry, reused=seen[entry.key][1] not in {"", entry.mark})
                    continue
                number += 1
                entry.number, entry.given = number, self._ticks()
                fresh.append(entry)
        if fresh:
            seen |= {entry.key: [now.isoformat(), entry.mark] for entry in fresh}
            kept = dict(list(seen.items())[-_MOST_REMEMBERED:])
            records = [entry.record for entry in fresh]
            latest = {record.source_id: record for record in records if isinstance(record, PersonRecord)}
            others = [of_others(record) for record in latest.values()]
            yield Batch(list(_told_once(records)), {"number": number, "seen": kept}, asides=others)

    def settled(self, cursor: Cursor) -> None:
        """What has a number up to the cursor's is safe."""
        with self._lock:
            for entry in list(self._pending.values()):
                if 0 < entry.number <= int(cursor.get("number", 0)):
                    self._finish(entry)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._pending.clear()
            self._done.clear()

    def _finish(self, entry: Entry, *, reused: bool = False) -> None:
        entry.reused, entry.settled = reused, True
        del self._pending[entry.key]
        if reused:
            return
        self._done[entry.key] = entry
        while len(self._done) > _MOST_REMEMBERED:
            del self._done[next(iter(self._done))]


def _told_once(records: Iterable[PersonRecord | PlaceRecord]) -> Iterator[PersonRecord | PlaceRecord]:
    """What is corrected to be about somebody else while it waits is taken back before: nothing of it is known to be told yet."""
    latest: dict[str, PersonRecord] = {}
    for record in records:
        if isinstance(record, PersonRecord):
            former = latest.get(record.source_id)
            if former is not None and former.person_id != record.person_id:
                yield replace(former, retracted=True)
            latest[record.source_id] = record
        yield record


def _instant_and_mark(told: str | list[str]) -> list[str]:
    """As the cursor has it; in its first form there was no mark."""
    return [told, ""] if isinstance(told, str) else told
