"""How each connector instance is: read from the stores that its process writes, so that any process may look, and it may be down.

    for state in read_states(settings, clock.now()): ...

Nothing here depends on anybody's consent: what is counted was counted before the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from hub.breaker import Breaker, BreakerState
from hub.connect.breaking import load_breaker
from hub.connect.conditions import Condition, load_condition
from hub.connect.database import open_store
from hub.connect.lanes import EVENTS, STATUTORY
from hub.connect.news import newest_news, news_since
from hub.connect.pauses import Pause, current_pause, load_pauses
from hub.connect.silence import current_silence, expected_by
from hub.connect.tables import cursors
from hub.connector import Connector, load_connector
from hub.database import answering
from hub.errors import ConfigError, RejectedError
from hub.expectation import Expectation
from hub.process import read_announcements
from hub.settings import Settings

__all__ = ["ConnectorState", "LaneState", "read_pauses", "read_state", "read_states"]

_RATE_HOURS = 24


@dataclass(frozen=True, slots=True)
class LaneState:
    """How one lane is. Times are UTC instants; None: not yet, or not known.

    `last_result` and `last_code`: of the last poll (`ok`, `retry`, `rejected`, `stale`, `paused`, `open`, and an error's code).
    `last_success`: the last whole poll. `last_news`: when something new was read last. `cursor_moved`: when what was read was
    last safe. `rate`: new records an hour, on average over the last day. `next_poll`: about when its source is asked again; None
    when it is paused or does not run.
    """

    last_poll: datetime | None = None
    last_result: str = ""
    last_code: str = ""
    last_success: datetime | None = None
    last_news: datetime | None = None
    cursor_moved: datetime | None = None
    rate: float = 0.0
    next_poll: datetime | None = None

    @property
    def fails(self) -> bool:
        """Whether the last poll was not whole, for any reason; no before the first."""
        return self.last_result not in {"", "ok"}


@dataclass(frozen=True, slots=True)
class ConnectorState:
    """How one instance of hub.toml is.

    `title` is the connector's, empty where it cannot be loaded. `statutory` is its other lane, None where it has none: no pause
    reaches that one. `breaker` is its events source's, as it was written down last.
    `expects`: when something new is expected of that source; `expected_by`: by when the next; `silent_since`: by when something
    had been, of a source that is silent, as its process noticed last. Nothing is expected of one that is not enabled.
    """

    name: str
    title: str
    agency: str
    enabled: bool
    running: bool
    paused: Pause | None
    events: LaneState
    statutory: LaneState | None
    expects: tuple[Expectation, ...] = ()
    silent_since: datetime | None = None
    expected_by: datetime | None = None
    breaker: Breaker = field(default_factory=Breaker)


def read_states(settings: Settings, now: datetime) -> list[ConnectorState]:
    """Every instance, by name. Raises RetriableError when a store does not answer, ConfigError when one cannot be used."""
    running = {entry.name for entry in read_announcements(settings)}
    return [_read(settings, name, now, running) for name in sorted(settings.connectors)]


def read_state(settings: Settings, name: str, now: datetime) -> ConnectorState:
    """One instance. Raises RejectedError `unknown_instance`, and what `read_states` raises."""
    _require(settings, name)
    return _read(settings, name, now, {entry.name for entry in read_announcements(settings)})


def read_pauses(settings: Settings, name: str, limit: int = 20) -> list[Pause]:
    """An instance's pauses, the newest first; `resumed_at` of one that lasts is None. Raises as `read_state`."""
    _require(settings, name)
    with _opened(settings.data / "connect" / name / "ledger.db") as connection:
        return [] if connection is None else load_pauses(connection, limit)


def _require(settings: Settings, name: str) -> None:
    if name not in settings.connectors:
        known = ", ".join(sorted(settings.connectors)) or "none"
        raise RejectedError(f"hub.toml has no such connector; there are: {known}", code="unknown_instance")


def _read(settings: Settings, name: str, now: datetime, announced: set[str]) -> ConnectorState:
    chosen = settings.connectors[name]
    connector = _connector(chosen.connector or name)
    running = f"connect-{name}" in announced
    folder = settings.data / "connect" / name
    paused, events, statutory, breaker = None, LaneState(), None, Breaker()
    expects = chosen.expect if chosen.expect is not None else connector.expects if connector else ()
    silent = due = None
    with _opened(folder / "ledger.db") as connection:
        if connection is not None:
            paused = current_pause(connection)
            breaker = load_breaker(connection)
            if chosen.enabled:
                silent, due = current_silence(connection), expected_by(connection, expects, now)
            events = _lane(connection, EVENTS, now, polls=running and paused is None)
            if breaker.state is BreakerState.OPEN and running and paused is None:
                events = replace(events, next_poll=breaker.retry_at)
    if connector is not None and connector.build_statutory is not None:
        statutory = LaneState()
        with _opened(folder / "statutory.db") as connection:
            if connection is not None:
                statutory = _lane(connection, STATUTORY, now, polls=running)
    return ConnectorState(
        name=name,
        title=connector.title if connector else "",
        agency=chosen.agency,
        enabled=chosen.enabled,
        running=running,
        paused=paused,
        events=events,
        statutory=statutory,
        expects=expects,
        silent_since=silent,
        expected_by=due,
        breaker=breaker,
    )


def _connector(name: str) -> Connector | None:
    """None for one that cannot be loaded: its own process says why."""
    try:
        return load_connector(name)
    except ConfigError:
        return None


def _lane(connection: Connection, lane: str, now: datetime, *, polls: bool) -> LaneState:
    condition: Condition | None = load_condition(connection, lane)
    return LaneState(
        last_poll=condition.polled_at if condition else None,
        last_result=condition.result if condition else "",
        last_code=condition.code if condition else "",
        last_success=condition.succeeded_at if condition else None,
        last_news=newest_news(connection, lane),
        cursor_moved=connection.scalar(select(cursors.c.moved_at).where(cursors.c.lane == lane)),
        rate=news_since(connection, lane, now - timedelta(hours=_RATE_HOURS)) / _RATE_HOURS,
        next_poll=condition.next_poll if condition and polls else None,
    )


@contextmanager
def _opened(file: Path) -> Iterator[Connection | None]:
    """None for a store that is not there yet: to look makes none."""
    if not file.is_file():
        yield None
        return
    engine = open_store(file)
    try:
        with answering(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
