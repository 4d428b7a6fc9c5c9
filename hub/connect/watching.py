"""What is watched of the events lane between and around its polls, and what stands between it and its source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Engine

from hub.connect.breaking import SourceBreaker
from hub.connect.conditions import Conditions
from hub.connect.pauses import Pause, current_pause
from hub.connect.silence import Silence
from hub.connector import Backfill, Batch, Cursor, Pushed, Source, Subjects
from hub.database import answering
from hub.errors import PausedError, RejectedError, RetriableError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_PAUSED_SINCE

__all__ = ["LaneWatch", "Standing", "watched"]

_LASTING = frozenset({"paused", "open"})
_log = get_logger(__name__)


class Standing:
    """Whether somebody paused this connector: read from its store each time, so that a running process heeds it."""

    def __init__(self, engine: Engine, connector: str) -> None:
        self._engine = engine
        self._connector = connector
        self._known: Pause | None = None
        self._gauge = CONNECTOR_PAUSED_SINCE.labels(connector=connector)
        self._gauge.set(0)

    def look(self) -> Pause | None:
        """The pause that lasts; the metric, and once each the log, say so.

        Raises RetriableError when the store does not answer.
        """
        with answering(), self._engine.connect() as connection:
            pause = current_pause(connection)
        if pause != self._known:
            self._known = pause
            self._gauge.set(pause.since.timestamp() if pause else 0)
            _log.info("paused" if pause else "resumed", connector=self._connector)
        return pause

    def require(self) -> None:
        """Raises PausedError while it is paused."""
        if self.look() is not None:
            text = f"{self._connector} is paused: `hub connectors resume {self._connector}` lets it go on"
            raise PausedError(text, code="paused")


class LaneWatch:
    """Looks after one lane for its loop: what its polls came to is written down; whether it is paused or silent, looked for."""

    def __init__(self, conditions: Conditions, standing: Standing | None = None, silence: Silence | None = None) -> None:
        self._conditions = conditions
        self._standing = standing
        self._silence = silence
        self._last = ""

    def look(self) -> None:
        """What is due between two polls."""
        if self._standing is not None:
            self._standing.look()
        if self._silence is not None:
            self._silence.look()

    def note(self, now: datetime, result: str, code: str, next_poll: datetime | None) -> None:
        """Write it down; of what lasts (a pause, a source that is left alone) its beginning only, without a next poll."""
        before, self._last = self._last, result
        lasts = result in _LASTING
        if not (lasts and before == result):
            self._conditions.note(now, result, code, None if lasts else next_poll)
        if self._silence is not None:
            self._silence.look()


class _Watched:
    """A source that is asked only while it may be.

    `standing` is asked before the source is and between two batches: what was pulled goes its whole way, nothing more is pulled,
    and the cursor stands behind what is safe. `breaker` is asked before the source is, and told how it went.
    """

    def __init__(self, source: Source, standing: Standing, breaker: SourceBreaker) -> None:
        self._source = source
        self._standing = standing
        self._breaker = breaker

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """As the source's."""
        yield from self._asked(lambda: self._source.batches(cursor), cursor)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _asked(self, ask: Callable[[], Iterator[Batch]], position: Cursor | None) -> Iterator[Batch]:
        self._standing.require()
        self._breaker.admit()
        batches: Iterator[Batch] | None = None
        while True:
            try:
                batches = ask() if batches is None else batches
                batch = next(batches)
            except StopIteration:
                self._breaker.succeeded()
                return
            except (RetriableError, RejectedError) as error:
                self._breaker.failed(error)
                raise
            if batch.cursor != (position or {}):  # a source that fails at the same place for ever does not come any further
                self._breaker.succeeded()
            yield batch
            self._standing.require()


class _WatchedBackfill(_Watched):
    def backfill(self, subjects: Subjects, since: datetime, progress: Cursor | None = None) -> Iterator[Batch]:
        """As the source's."""
        assert isinstance(self._source, Backfill), "`watched` looks first"
        source = self._source
        yield from self._asked(lambda: source.backfill(subjects, since, progress), progress)


class _WatchedPushed(_Watched):
    """While it is paused it listens on: what it hears is not given, so nobody is told that it was taken."""

    def listen(self, wake: Callable[[], None], stop: threading.Event) -> None:
        """As the source's."""
        assert isinstance(self._source, Pushed), "`watched` looks first"
        self._source.listen(wake, stop)

    def settled(self, cursor: Cursor) -> None:
        """As the source's."""
        assert isinstance(self._source, Pushed), "`watched` looks first"
        self._source.settled(cursor)


def watched(source: Source, standing: Standing, breaker: SourceBreaker) -> Source:
    """The source, asked only while it is not paused and its breaker permits. What else it can do it still does."""
    if isinstance(source, Pushed):
        return _WatchedPushed(source, standing, breaker)
    kind = _WatchedBackfill if isinstance(source, Backfill) else _Watched
    return kind(source, standing, breaker)
