"""School absence from an SS12000 server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import httpx

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import STOCKHOLM, parse_instant, windows
from connectors.ss12000.mapping import Piece, map_absence, map_event, piece_record
from connectors.ss12000.roster import Roster, read_roster
from hub.connector import Batch, Cursor, Record, SourceContext, Unmapped
from hub.errors import ConfigError

__all__ = ["Ss12000Source"]

_MOST_RECORDS = 5_000


class Ss12000Source:
    """Dated attendance through `/calendarEvents?expand=attendance`, and `/absences` where no attendance tells of the time.

    A poll reads `/persons` (kept in memory for the poll), then windows of whole Stockholm days from `overlap_days` before
    the cursor to now. The cursor is `{"through": instant}` and moves at the end of each window.

    Guarantee: at least once. A window is told again until its cursor is stored, and again for `overlap_days` after that, in
    batches marked `retold`; unchanged facts are the same content under the same identity. Not seen: a correction older than
    the overlap, and an attendance or absence that the server deletes instead of correcting.
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
        now = self._now().astimezone(UTC).replace(microsecond=0)
        first, stored = self._resume(cursor)
        through = stored
        roster = read_roster(chain.from_iterable(self._client.persons()))
        for start, end in windows(first, now, self._config.window_days):
            reached: Cursor = {"through": through.isoformat()} if through else {}
            pieces, odd = self._absences(roster, start, end)
            for rows in self._client.calendar_events(start, end):
                before = [row for row in rows if _began_before(row, stored)]
                new = [row for row in rows if not _began_before(row, stored)]
                for told, part in ((True, before), (False, new)):
                    mapped = [record for row in part for record in map_event(row, roster, pieces)]
                    yield from _batches(mapped, reached, retold=told)
            absent = [piece_record(piece, self._config.school_day_minutes) for own in pieces.values() for piece in own]
            for told in (True, False):
                part = [record for record in absent if (stored is not None and record.occurred_at < stored) is told]
                yield from _batches(part, reached, retold=told)
            yield from _batches(odd, reached, retold=stored is not None and start < stored)
            through = max(end, through or end)
            yield Batch((), {"through": through.isoformat()})

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _resume(self, cursor: Cursor | None) -> tuple[date, datetime | None]:
        """The first day to read, and how far the cursor says all is told."""
        if not cursor:
            return self._config.since, None
        through = parse_instant(cursor.get("through"))
        if through is None:
            raise ConfigError("the stored cursor is not one of ss12000's; reset it", code="bad_cursor")
        again = (through - timedelta(days=self._config.overlap_days)).astimezone(STOCKHOLM).date()
        return max(self._config.since, again), through

    def _absences(self, roster: Roster, start: datetime, end: datetime) -> tuple[dict[str, list[Piece]], list[Unmapped]]:
        """Reported absences of the window by person, and what could not be read."""
        pieces: dict[str, list[Piece]] = {}
        odd: list[Unmapped] = []
        if not self._config.read_absences:
            return pieces, odd
        for row in chain.from_iterable(self._client.absences(start, end)):
            mapped = map_absence(row, roster, start, end)
            if isinstance(mapped, Unmapped):
                odd.append(mapped)
                continue
            for piece in mapped:
                pieces.setdefault(piece.person_id, []).append(piece)
        return pieces, odd


def _began_before(row: Any, stored: datetime | None) -> bool:
    """Whether an earlier poll has told of this lesson already."""
    start = parse_instant(row.get("startTime")) if stored and isinstance(row, dict) else None
    return start is not None and stored is not None and start < stored


def _batches(records: Sequence[Record], cursor: Cursor, *, retold: bool = False) -> Iterator[Batch]:
    """Batches of bounded size, whatever page size the server chose."""
    for first in range(0, len(records), _MOST_RECORDS):
        yield Batch(records[first : first + _MOST_RECORDS], dict(cursor), retold)
