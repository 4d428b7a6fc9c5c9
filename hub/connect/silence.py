"""Whether a source is silent: told once when it begins and once when it ends, and remembered over a restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from hub.clock import Clock, stockholm_date
from hub.connect.conditions import load_condition
from hub.connect.lanes import EVENTS
from hub.connect.news import newest_news
from hub.connect.pauses import current_pause, last_resumed
from hub.connect.tables import silences
from hub.database import answering
from hub.expectation import Expectation, due_at
from hub.logs import get_logger
from hub.metrics import SOURCE_SILENT

__all__ = ["Silence", "current_silence", "expected_by"]

_REMEMBERED = 200
_log = get_logger(__name__)


def current_silence(connection: Connection) -> datetime | None:
    """Since when the source is silent: by when something had been expected; a UTC instant."""
    found: datetime | None = connection.scalar(select(silences.c.since).where(silences.c.ended_at.is_(None)))
    return found


def expected_by(connection: Connection, expectations: Sequence[Expectation], now: datetime) -> datetime | None:
    """By when something new is expected; None while the connector is paused, before its first poll, or when nothing is.

    It counts from what was new last; what was to come before the connector was there, or was resumed, is waived.
    """
    condition = load_condition(connection, EVENTS)
    if condition is None or current_pause(connection) is not None:
        return None
    last, resumed = newest_news(connection, EVENTS), last_resumed(connection)
    since = condition.watched_since if resumed is None else max(resumed, condition.watched_since)
    return due_at(expectations, last, now, late=last is not None and _made_up(connection, last), since=since)


def _made_up(connection: Connection, last: datetime) -> bool:
    """Whether what came last is of the day on which a silence ended: then it is what had been missed, and came late."""
    ended = connection.scalar(select(silences.c.ended_at).order_by(silences.c.number.desc()).limit(1))
    return ended is not None and stockholm_date(ended) >= stockholm_date(last)


class Silence:
    """One connector's; looked at between and after polls."""

    def __init__(self, engine: Engine, connector: str, clock: Clock, expectations: Sequence[Expectation]) -> None:
        self._engine = engine
        self._connector = connector
        self._clock = clock
        self._expectations = expectations
        self._gauge = SOURCE_SILENT.labels(connector=connector)
        self._gauge.set(0)

    def look(self) -> None:
        """Judge. Raises RetriableError when the store does not answer."""
        now = self._clock.now()
        with answering(), self._engine.begin() as connection:
            due = expected_by(connection, self._expectations, now)
            began = current_silence(connection)
            silent = due is not None and now > due
            if silent and began is None:
                _begin(connection, due, now)
            elif not silent and began is not None:
                connection.execute(update(silences).where(silences.c.ended_at.is_(None)).values(ended_at=now))
            paused = current_pause(connection) is not None
        self._gauge.set(1 if silent else 0)
        if silent and began is None:
            _log.warning("source_silent", connector=self._connector, expected_by=due.isoformat() if due else "")
        elif not silent and began is not None:
            _log.info("source_silence_ended", connector=self._connector, since=began.isoformat(), paused=paused)


def _begin(connection: Connection, since: datetime | None, now: datetime) -> None:
    number = connection.execute(insert(silences).values(since=since, noticed_at=now, ended_at=None)).inserted_primary_key
    assert number is not None, "the store numbers them"
    connection.execute(delete(silences).where(silences.c.number <= number[0] - _REMEMBERED))
