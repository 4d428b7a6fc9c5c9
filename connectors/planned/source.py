"""Plans of risk events as a source of place events."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.fetching import Fetcher, Limits
from connectors.inbox import Inbox
from connectors.planned.calendar_file import is_calendar, read_calendar
from connectors.planned.config import PlannedConfig
from connectors.planned.plan import STOCKHOLM, Planned, Window, day_of, place_of, settle, window_at
from connectors.planned.table import read_table
from hub.connector import Batch, Cursor, Record, SourceContext, Unmapped
from hub.errors import RetriableError

__all__ = ["PlannedSource"]

_BATCH = 500
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Document:
    """One plan as it reads now. `key` stands for its name."""

    key: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:32]


class PlannedSource:
    """Reads each plan whole, when it changed and once a Swedish day, for each day something comes into the window.

    The cursor holds, by plan, the digest of its content, the day it was read on, and of each event that was told its area, times
    and category: what a retraction needs. It names no event and nobody; `version` only grows.

    Guarantee: at least once, under the same identities. A plan that cannot be read changes nothing and is counted once; an event
    that is gone while it lies ahead is retracted, also when it went while no process ran. What was never told before its time (a
    window that did not reach, a plan that was away) is told late or not at all.
    """

    def __init__(
        self,
        config: PlannedConfig,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._context = context
        self._read: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        most = int(config.max_megabytes * _MEGABYTE)
        limits = Limits(timeout_seconds=config.timeout_seconds, body_bytes=most, attempts=config.attempts)
        self._fetcher = Fetcher(limits, context.observe_request, transport=transport, sleep=sleep)
        self._inbox = Inbox(
            context.home / (config.folder or ""),
            settle_seconds=config.settle_seconds,
            max_bytes=most,
            sleep=sleep,
            endings=(".ics", ".csv"),
        )

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Each plan in turn. Raises what `connectors.fetching` and `connectors.inbox` do, and RetriableError `file_changed`."""
        state: dict[str, Any] = {"plans": dict((cursor or {}).get("plans", {})), "version": (cursor or {}).get("version", 0)}
        now = self._context.now()
        window = window_at(
            now, keep_days=self._config.keep_days, horizon_days=self._config.horizon_days, most=self._config.max_events
        )
        for document in self._documents(window):
            if isinstance(document, Unmapped):
                yield Batch([document], _copy(state))
            else:
                yield from self._plan(document, state, window)

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()

    def _documents(self, window: Window) -> Iterator[_Document | Unmapped]:
        if self._config.url is not None:
            headers = {"Accept": "text/calendar, text/csv", "User-Agent": "hub-planned"}
            yield _Document("url", self._fetcher.get("plan", self._config.url, headers=headers).content)
            return
        look = self._inbox.look(window.now.astimezone(STOCKHOLM).date())
        for pair in look.refused:
            if pair not in self._told:
                self._told.add(pair)
                yield Unmapped(pair[1], intentional=False)
        for file in look.files:
            try:
                content = file.path.read_bytes()
            except OSError as error:
                raise RetriableError("a file of the inbox cannot be read to its end", code="file_unreadable") from error
            if hashlib.sha256(content).hexdigest() != file.digest:
                raise RetriableError("a file changed while it was read; it is read again", code="file_changed")
            yield _Document(file.key, content)

    def _plan(self, document: _Document, state: dict[str, Any], window: Window) -> Iterator[Batch]:
        known = state["plans"].get(document.key, {})
        same, today = known.get("digest") == document.digest, day_of(window)
        if same and known["day"] == today and document.key in self._read:
            return
        events = (read_calendar if is_calendar(document.content) else read_table)(document.content, window)
        if isinstance(events, Unmapped):
            records: list[Record] = [events]
            told = known.get("told", {})
        else:
            records, told = settle(map(self._record, events), known.get("told", {}), window)
        for first in range(0, max(len(records) - 1, 0) // _BATCH * _BATCH, _BATCH):
            yield Batch(records[first : first + _BATCH], _copy(state), retold=same)
        plan = {"digest": document.digest, "day": today, "told": told}
        if plan != known:
            state["plans"][document.key], state["version"] = plan, state["version"] + 1
        yield Batch(records[max(len(records) - 1, 0) // _BATCH * _BATCH :], _copy(state), retold=same)
        self._read.add(document.key)

    def _record(self, event: Planned | Unmapped) -> Record:
        if isinstance(event, Unmapped):
            return event
        return place_of(event, self._context.gazetteer, self._config.default_area)


def _copy(state: dict[str, Any]) -> Cursor:
    return {"plans": dict(state["plans"]), "version": state["version"]} if state["version"] else {}
