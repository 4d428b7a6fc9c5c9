"""School absence from an SS12000 server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import TypeVar

import httpx

from connectors.ss12000.changes import Changes, read_changes, stretches
from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import STOCKHOLM, day_start, parse_instant, windows
from connectors.ss12000.reading import Part, Reading
from connectors.ss12000.roster import read_roster
from connectors.ss12000.told import NOTHING, Position, Told, Watch, read_position
from hub.connector import Batch, Cursor, PersonRecord, ProtectedPerson, Record, SourceContext, Subjects

__all__ = ["Ss12000Source"]

_MOST_RECORDS = 5_000
Item = TypeVar("Item")


class Ss12000Source:
    """Dated attendance through `/calendarEvents?expand=attendance` (or the sums of each day), and `/absences` where no
    attendance tells of the time.

    A poll reads `/persons` (kept in memory for the poll), then windows of whole Stockholm days from `overlap_days` before
    the cursor to now, then what changed or was deleted before those days. The cursor (`told.Position`) holds instants alone:
    `through` and `known` move at the end of each window that leads further; `seen` and `followed` at the end of a poll.

    Guarantee: at least once. A window is told again until its cursor is stored, and again for `overlap_days` after that. What
    was told before and has not been changed since is in batches marked `retold`: unchanged facts are the same content under the
    same identity. What the source reported or changed since is new, however old its lesson. Corrections and deletions of any
    age are seen if the server offers `/attendances`, `/absences` by time of change and `/deletedEntities`. Not seen: what is
    deleted by a server that does not tell.

    A list may be brought up to date late (`late_hours`). Deletions are named without a time, so the ids of those that are told of
    stay in this process' memory as long as the list names them; a restart tells of them once more.
    """

    def __init__(
        self,
        config: Ss12000Config,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._config = config
        self._now = context.now
        self._late = timedelta(hours=config.late_hours)
        self._gone: tuple[Cursor, frozenset[tuple[str, str]]] = ({}, frozenset())  # told of when the cursor was this
        self._client = Ss12000Client(config, context, transport=transport, sleep=sleep or context.pause)

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Read on from `cursor` to now. Raises what the client raises; what was yielded before stays good."""
        now = self._present()
        stood = read_position(cursor)
        first = self._first_day(stood)
        reading = self._reading(now, stood)
        told = Told(stood.through, stood.known) if stood else NOTHING
        reached: Cursor = dict(cursor or {})
        protected = tuple(ProtectedPerson(person) for person in reading.roster.protected_persons())
        if protected:
            yield Batch((), reached, asides=protected)
        for start, end in windows(first, now, self._config.window_days):
            yield from _batches(reading.stretch(start, end, told), reached)
            if end > told.through:
                known = reading.watch.known()
                reached = Position(end, stood.seen if stood else now, known, stood.followed if stood else known).written()
            yield Batch((), reached)
        gone: frozenset[tuple[str, str]] = frozenset()
        if stood is not None and self._follows:
            found = self._changes(reading, stood, first, self._gone[1] if cursor == self._gone[0] else gone)
            yield from self._followed(reading, stood, found, first, reached)
            gone = found.gone
        known = reading.watch.known()
        last = Position(max(now, told.through), now, known, known).written()
        self._gone = (last, gone)
        yield Batch((), last)

    def backfill(self, subjects: Subjects, since: datetime, progress: Cursor | None = None) -> Iterator[Batch]:
        """What is known of some persons since an instant, in whole windows.

        No request says whom it is for: the server would learn there who has a consent. The others' facts are read and
        dropped in memory.
        """
        now = self._present()
        reading = self._reading(now)
        begin = parse_instant((progress or {}).get("through")) or since
        wanted: dict[str, bool] = {}

        def asked_for(record: Record) -> bool:
            if not isinstance(record, PersonRecord) or record.occurred_at < since:
                return False
            return wanted.setdefault(record.person_id, subjects(record.person_id))

        reached = dict(progress or {})
        for start, end in windows(begin.astimezone(STOCKHOLM).date(), now, self._config.window_days):
            for part in reading.stretch(start, end, NOTHING):
                yield from _parted([record for record in part.records if asked_for(record)], reached)
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

    def _reading(self, now: datetime, stood: Position | None = None) -> Reading:
        roster = read_roster(chain.from_iterable(self._client.persons()), now.astimezone(STOCKHOLM).date())
        watch = Watch(now, stood.known.newest if stood else {}, self._late)
        return Reading(self._config, self._client, roster, watch, set() if stood else None)

    def _first_day(self, stood: Position | None) -> date:
        if stood is None:
            return self._config.since
        again = (stood.through - timedelta(days=self._config.overlap_days)).astimezone(STOCKHOLM).date()
        return max(self._config.since, again)

    def _changes(self, reading: Reading, stood: Position, first: date, gone: frozenset[tuple[str, str]]) -> Changes:
        """What changed before the days that this poll read, and what was deleted."""
        begin, met = self._config.since, reading.seen or set()
        return read_changes(self._client, reading.watch, met, stood, begin=begin, first=first, gone=gone)

    def _followed(self, reading: Reading, stood: Position, found: Changes, first: date, reached: Cursor) -> Iterator[Batch]:
        """The days of it again, and what is taken back. Their facts were told before, if only in another state."""
        told = stood.told_behind(day_start(first), self._late)
        for start, end in stretches(found.days, self._config.window_days):
            yield from _batches(reading.stretch(start, end, told), reached)
        yield from _batches((Part(found.missing, removals=found.removals),), reached)


def _batches(parts: Iterable[Part], cursor: Cursor) -> Iterator[Batch]:
    for part in parts:
        yield from _parted(part.records, cursor, retold=part.again)
        for asides in _bounded(part.removals):
            yield Batch((), dict(cursor), asides=asides)


def _parted(records: Sequence[Record], cursor: Cursor, *, retold: bool = False) -> Iterator[Batch]:
    """Batches of bounded size, whatever page size the server chose."""
    for some in _bounded(records):
        yield Batch(some, dict(cursor), retold)


def _bounded(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), _MOST_RECORDS):
        yield items[first : first + _MOST_RECORDS]
