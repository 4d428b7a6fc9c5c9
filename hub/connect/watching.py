"""What is watched of the events lane between and around its polls, and what stands between it and its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Engine

from hub.connect.conditions import Conditions
from hub.connect.pauses import Pause, current_pause
from hub.connector import Backfill, Batch, Cursor, Source, Subjects
from hub.database import answering
from hub.errors import PausedError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_PAUSED_SINCE

__all__ = ["LaneWatch", "Standing", "watched"]

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
    """Looks after one lane for its loop: what its polls came to is written down, and `look` is called between them."""

    def __init__(self, conditions: Conditions, look: Callable[[], object] = lambda: None) -> None:
        self._conditions = conditions
        self._look = look
        self._paused = False

    def look(self) -> None:
        """What is due between two polls."""
        self._look()

    def note(self, now: datetime, result: str, code: str, next_poll: datetime | None) -> None:
        """Write it down; of a pause its beginning only, for which there is no next poll."""
        paused, self._paused = self._paused, result == "paused"
        if not (paused and self._paused):
            self._conditions.note(now, result, code, None if self._paused else next_poll)


class _Watched:
    """A source that is asked only while it may be.

    `require` comes before the source is asked and between two batches: what was pulled goes its whole way, nothing more is
    pulled, and the cursor stands behind what is safe.
    """

    def __init__(self, source: Source, require: Callable[[], None]) -> None:
        self._source = source
        self._require = require

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """As the source's."""
        yield from self._asked(lambda: self._source.batches(cursor))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _asked(self, ask: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
        self._require()
        for batch in ask():
            yield batch
            self._require()


class _WatchedBackfill(_Watched):
    def backfill(self, subjects: Subjects, since: datetime, progress: Cursor | None = None) -> Iterator[Batch]:
        """As the source's."""
        assert isinstance(self._source, Backfill), "`watched` looks first"
        source = self._source
        yield from self._asked(lambda: source.backfill(subjects, since, progress))


def watched(source: Source, require: Callable[[], None]) -> Source:
    """The source, asked only while `require` raises nothing; one that offers a backfill still does."""
    return _WatchedBackfill(source, require) if isinstance(source, Backfill) else _Watched(source, require)
