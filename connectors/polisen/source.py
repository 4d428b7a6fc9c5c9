"""The police feed as a source of place events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx

from connectors.polisen.client import PolisenClient
from connectors.polisen.config import PolisenConfig
from connectors.polisen.mapping import map_row, parse_feed
from hub.connector import Batch, Cursor, PlaceRecord, SourceContext, Unmapped

__all__ = ["PolisenSource"]

_LOST = "lost_polls"
_UNREAD = "unread_rows"


class PolisenSource:
    """One batch per poll: every row of the feed's latest 500, oldest first.

    The intake decides by content what is new, so a row edited in place under its id becomes a revision and an unchanged one
    nothing. The cursor holds the server's validators (`etag`, `last_modified`), and how many polls since the last good one
    were lost or rows of it unread: the intake counts what a batch refuses once its cursor has moved, and so each of these once.

    Guarantee: at least once. A poll that gives nothing (empty body, not JSON) is counted as `Unmapped`, keeps the validators
    and the next poll tells its rows again. The window of 500 moves on whatever becomes of a poll, so the connector says
    `moving_window`: the hub has each poll on disk before anything of it is published, and asks on while Kafka is away. An
    event that enters and leaves the 500 between two polls, or an edit undone between them, cannot be seen.
    """

    def __init__(
        self,
        config: PolisenConfig,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._gazetteer = context.gazetteer
        self._client = PolisenClient(config, context.observe_request, transport=transport, sleep=sleep or context.pause)

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Poll once. Raises what `connectors.fetching` raises."""
        known = {name: value for name, value in (cursor or {}).items() if isinstance(value, str)}
        poll = self._client.events(known)
        if poll.content is None:
            return
        rows = parse_feed(poll.content)
        if isinstance(rows, Unmapped):
            yield Batch([rows], {**known, _LOST: _number(cursor, _LOST) + 1})
            return
        mapped = [map_row(row, self._gazetteer) for row in rows]
        # A row that could not be read may be readable in a moment: without validators the next poll tells it again.
        unread = sum(isinstance(record, Unmapped) for record in mapped)
        yield Batch(_oldest_first(mapped), {_UNREAD: unread} if unread else dict(poll.validators))

    def close(self) -> None:
        """Release the connections."""
        self._client.close()


def _number(cursor: Cursor | None, name: str) -> int:
    value = (cursor or {}).get(name)
    return value if isinstance(value, int) else 0


def _oldest_first(mapped: list[PlaceRecord | Unmapped]) -> list[PlaceRecord | Unmapped]:
    events = [record for record in mapped if isinstance(record, PlaceRecord)]
    events.sort(key=lambda record: (record.occurred_at, record.source_id))
    return [*events, *(record for record in mapped if isinstance(record, Unmapped))]
