"""School absence from an SS12000 server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import httpx

from connectors.ss12000.changes import read_changes, stretches
from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import STOCKHOLM, parse_instant, windows
from connectors.ss12000.reading import Reading
from connectors.ss12000.roster import read_roster
from hub.connector import Batch, Cursor, PersonRecord, ProtectedPerson, Record, SourceContext, Subjects
from hub.errors import ConfigError

__all__ = ["Ss12000Source"]

_MOST_RECORDS = 5_000


class Ss12000Source:
    """Dated attendance through `/calendarEvents?expand=attendance` (or the sums of each day), and `/absences` where no
    attendance tells of the time.

    A poll reads `/persons` (kept in memory for the poll), then windows of whole Stockholm days from `overlap_days` before
    the cursor to now, then what changed or was deleted before those days. The cursor is `{"through": instant, "seen": instant}`:
    `through` moves at the end of each window; `seen`, up to when changes are known, at the end of a poll.

    Guarantee: at least once. A window is told again until its cursor is stored, and again for `overlap_days` after that, in
    batches marked `retold`; unchanged facts are the same content under the same identity. Corrections and deletions of any
    age are seen if the server offers `/attendances`, `/absences` by time of change and `/deletedEntities`. Not seen: what is
    deleted by a server that does not tell.
    """

    def __init__(
        self,
        config: Ss12000Config,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._now = context.now
        self._client = Ss12000Client(config, context, transport=transport, sleep=sleep)

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Read on from `cursor` to now. Raises what the client raises; what was yielded before stays good."""
        now = self._present()
        first, through, seen = self._resume(cursor)
        reading = self._reading(set() if seen else None)
        reached: Cursor = _cursor(through, seen) if through else {}
        protected = tuple(ProtectedPerson(person) for person in reading.roster.protected_persons())
        if protected:
            yield Batch((), reached, asides=protected)
        stored = through
        for start, end in windows(first, now, self._config.window_days):
            for records, again in reading.stretch(start, end, stored):
                yield from _batches(records, reached, retold=again)
            through = max(end, through or end)
            reached = _cursor(through, seen or now)
            yield Batch((), reached)
        if seen is not None and self._follows:
            yield from self._changes(reading, seen, first, now, reached)
        yield Batch((), _cursor(through or now, now))

    def backfill(self, subjects: Subjects, since: datetime, progress: Cursor | None = None) -> Iterator[Batch]:
        """What is known of some persons since an instant, in whole windows.

        No request says whom it is for: the server would learn there who has a consent. The others' facts are read and
        dropped in memory.
        """
        now = self._present()
        reading = self._reading()
        begin = parse_instant((progress or {}).get("through")) or since
        wanted: dict[str, bool] = {}

        def asked_for(record: Record) -> bool:
            if not isinstance(record, PersonRecord) or record.occurred_at < since:
                return False
            return wanted.setdefault(record.person_id, subjects(record.person_id))

        reached = dict(progress or {})
        for start, end in windows(begin.astimezone(STOCKHOLM).date(), now, self._config.window_days):
            for records, _ in reading.stretch(start, end, None):
                yield from _batches([record for record in records if asked_for(record)], reached)
            reached = {"through": end.isoformat()}
            yield Batch((), reached)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    @property
    def _follows(self) -> bool:
        """Sums have no time of change; there the overlap is all."""
        return self._config.follow_changes and self._config.reading == "lessons"

    def _present(self) -> datetime:
        return self._now().astimezone(UTC).replace(microsecond=0)

    def _reading(self, seen: set[str] | None = None) -> Reading:
        roster = read_roster(chain.from_iterable(self._client.persons()))
        return Reading(self._config, self._client, roster, seen)

    def _resume(self, cursor: Cursor | None) -> tuple[date, datetime | None, datetime | None]:
        """The first day to read, how far the cursor says all is told, and up to when changes are known."""
        if not cursor:
            return self._config.since, None, None
        through = parse_instant(cursor.get("through"))
        if through is None:
            raise ConfigError("the stored cursor is not one of ss12000's; reset it", code="bad_cursor")
        again = (through - timedelta(days=self._config.overlap_days)).astimezone(STOCKHOLM).date()
        return max(self._config.since, again), through, parse_instant(cursor.get("seen")) or through

    def _changes(self, reading: Reading, seen: datetime, first: date, now: datetime, reached: Cursor) -> Iterator[Batch]:
        """What changed before the days that this poll read. All of it was told before in another state."""
        begin = self._config.since
        known = reading.seen or set()
        found = read_changes(self._client, reading.roster, known, since=seen, begin=begin, first=first, now=now)
        for start, end in stretches(found.days, self._config.window_days):
            for records, _ in reading.stretch(start, end, None):
                yield from _batches(records, reached, retold=True)
        yield from _batches(found.records, reached, retold=True)
        if found.removals:
            yield Batch((), reached, asides=found.removals)


def _cursor(through: datetime, seen: datetime | None) -> Cursor:
    return {"through": through.isoformat(), "seen": (seen or through).isoformat()}


def _batches(records: Sequence[Record], cursor: Cursor, *, retold: bool = False) -> Iterator[Batch]:
    """Batches of bounded size, whatever page size the server chose."""
    for first in range(0, len(records), _MOST_RECORDS):
        yield Batch(records[first : first + _MOST_RECORDS], dict(cursor), retold)
