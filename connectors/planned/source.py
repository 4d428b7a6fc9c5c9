"""Plans of risk events as a source of place events."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.fetching import Fetcher, Limits
from connectors.inbox import Inbox
from connectors.planned.calendar_file import is_calendar, read_calendar
from connectors.planned.config import PlannedConfig
from connectors.planned.plan import (
    STOCKHOLM,
    Planned,
    Window,
    day_of,
    is_told,
    of_plan,
    place_of,
    settle,
    taken_back,
    window_at,
)
from connectors.planned.table import read_table
from hub.connector import Batch, Cursor, Record, SourceContext, Unmapped
from hub.errors import RetriableError

__all__ = ["PlannedSource"]

_BATCH = 500
_MEGABYTE = 1024 * 1024
_URL = "url"


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
    and category: what a retraction needs. It names no event and nobody; `version` only grows. `named` is what the identities of a
    file's events are made with: two files may use the same id for two events. It stays with a file that comes under a new name.
    `begun` is what may have been told of a plan before all of it was: when the plan then reads otherwise, that does not stand.
    What no cursor knows, because Kafka went away, this process remembers until a greater version is given back.

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
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._config = config
        self._context = context
        self._read: set[str] = set()
        self._begun: dict[str, tuple[int, dict[str, Any]]] = {}  # by plan: in which version, and what may have been told since
        self._told: set[tuple[str, str]] = set()
        self._there: set[str] = set()
        most = int(config.max_megabytes * _MEGABYTE)
        limits = Limits(timeout_seconds=config.timeout_seconds, body_bytes=most, attempts=config.attempts)
        self._fetcher = Fetcher(limits, context.observe_request, transport=transport, sleep=sleep or context.pause)
        self._inbox = Inbox(
            context.home / (config.folder or ""),
            settle_seconds=config.settle_seconds,
            max_bytes=most,
            sleep=sleep or time.sleep,  # a file settles in its own time
            endings=(".ics", ".csv"),
        )

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Each plan in turn. Raises what `connectors.fetching` and `connectors.inbox` do, and RetriableError `file_changed`."""
        state: dict[str, Any] = {"plans": dict((cursor or {}).get("plans", {})), "version": (cursor or {}).get("version", 0)}
        self._begun = {key: pair for key, pair in self._begun.items() if pair[0] >= state["version"]}
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
            yield _Document(_URL, self._fetcher.get("plan", self._config.url, headers=headers).content)
            return
        look = self._inbox.look(window.now.astimezone(STOCKHOLM).date())
        self._there = {file.key for file in look.files} | {key for key, _ in look.refused}
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
        begun = known.get("begun", {}) | self._begun.get(document.key, (0, {}))[1]
        same, today = known.get("digest") == document.digest, day_of(window)
        if same and known["day"] == today and document.key in self._read and not begun:
            return
        events = (read_calendar if is_calendar(document.content) else read_table)(document.content, window)
        former, news = document.key, False
        if isinstance(events, Unmapped):
            records: list[Record] = [events]
            after = {**known, "told": known.get("told", {}), **({"begun": begun} if begun else {})}
        else:
            records, after, former = self._settled(document.key, list(map(self._record, events)), state, window)
            may = begun | after["told"]
            if news := bool(begun) or may != known.get("told", {}):
                if len(records) > _BATCH:
                    yield from self._begin(former, may, state, after)
                self._begun[document.key] = (state["version"], may)
        for first in range(0, max(len(records) - 1, 0) // _BATCH * _BATCH, _BATCH):
            yield Batch(records[first : first + _BATCH], _copy(state), retold=same)
        plan = {**after, "digest": document.digest, "day": today}
        if plan != known or news:
            state["plans"].pop(former, None)
            state["plans"][document.key], state["version"] = plan, state["version"] + 1
        yield Batch(records[max(len(records) - 1, 0) // _BATCH * _BATCH :], _copy(state), retold=same)
        self._read.add(document.key)

    def _begin(self, entry: str, may: dict[str, Any], state: dict[str, Any], after: dict[str, Any]) -> Iterator[Batch]:
        """Note what may be told from now on, before any of it is: in the cursor too, for it is told in several batches."""
        new = {"digest": "", "day": "", **after, "told": {}}
        state["plans"][entry] = {**state["plans"].get(entry, new), "begun": may}
        state["version"] += 1
        yield Batch([], _copy(state))

    def _settled(
        self, key: str, mapped: Sequence[Record], state: dict[str, Any], window: Window
    ) -> tuple[list[Record], dict[str, Any], str]:
        """What has to be said of a plan, what the cursor keeps of it, and under which key it was kept before."""
        plans = state["plans"]
        known = plans.get(key, {})
        begun = self._begun.get(key, (0, {}))[1]
        if key == _URL:
            before = known.get("told", {})
            records, told = settle(mapped, known.get("begun", {}) | begun | before, window, before)
            return records, {"told": told}, key
        former = key if "named" in known else self._former(mapped, plans, window)
        named = plans[former]["named"] if former else key
        if not former and named in {plan.get("named") for plan in plans.values()}:
            named = f"{key}.{state['version']}"  # the name of a file that is another's by now
        # What was told before a file's events had identities of their own is taken back.
        left = [] if "named" in known else taken_back(known.get("told", {}))
        kept = plans[former] if former else {**known, "told": {}}
        stands = kept.get("begun", {}) | begun | kept["told"]
        records, told = settle([of_plan(one, named) for one in mapped], stands, window, kept["told"])
        return [*left, *records], {"told": told, "named": named}, former or key

    def _former(self, mapped: Sequence[Record], plans: dict[str, Any], window: Window) -> str:
        """The key of the plan that left the folder and came again as this one; empty when there is none."""
        for key, plan in plans.items():
            gone = key not in self._there and "named" in plan
            if gone and is_told([of_plan(one, plan["named"]) for one in mapped], plan["told"], window):
                return str(key)
        return ""

    def _record(self, event: Planned | Unmapped) -> Record:
        if isinstance(event, Unmapped):
            return event
        return place_of(event, self._context.gazetteer, self._config.default_area)


def _copy(state: dict[str, Any]) -> Cursor:
    return {"plans": dict(state["plans"]), "version": state["version"]} if state["version"] else {}
