"""The circuit breaker of one source: kept in the connector's store, so that a restart does not ask what is left alone."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine, delete, insert, select

from hub.backoff import Backoff, after
from hub.breaker import Breaker, BreakerState, asking, failed, succeeded
from hub.clock import Clock
from hub.connect.tables import breakers
from hub.database import answering
from hub.errors import BreakerOpenError, HubError, RetriableError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_BREAKER

__all__ = ["SourceBreaker", "load_breaker"]

_FIRST_SECONDS, _LEAST_SECONDS = 10.0, 5.0
_log = get_logger(__name__)


def load_breaker(connection: Connection) -> Breaker:
    """As it was written down last; closed before that."""
    row = connection.execute(select(breakers)).first()
    return (
        Breaker()
        if row is None
        else Breaker(BreakerState(row.state), row.failures, row.openings, row.since, row.retry_at, row.code)
    )


class SourceBreaker:
    """For one thread. Opens after `most` failures in a row, for up to `longest` seconds at a time.

    A failure is a reading that the source ended with an error before it came any further. What fails elsewhere (Kafka, the
    registry, the hub's own store) is none of the source's.
    """

    def __init__(self, engine: Engine, connector: str, clock: Clock, *, most: int, longest: float) -> None:
        self._engine = engine
        self._connector = connector
        self._clock = clock
        self._most = most
        self._backoff = Backoff(_FIRST_SECONDS, longest, longest, least=min(_LEAST_SECONDS, longest))
        with answering(), engine.connect() as connection:
            self._now = load_breaker(connection)
        self._show()

    def admit(self) -> None:
        """Before the source is asked. Raises BreakerOpenError while it is to be left alone."""
        admitted = asking(self._now, self._clock.now())
        if admitted is None:
            text = f"the source of {self._connector} failed {self._now.failures} times in a row and is left alone for a while"
            raise BreakerOpenError(text, code="breaker_open")
        self._become(admitted)

    def failed(self, error: HubError) -> None:
        """The source ended a reading with this error."""
        pause = after(self._backoff, self._now.openings + 1, error)
        now, spell = self._clock.now(), timedelta(seconds=pause)
        self._become(failed(self._now, now, most=self._most, pause=spell, code=error.code))

    def succeeded(self) -> None:
        """The source came to its end, or further than it was."""
        self._become(succeeded(self._now))

    def _become(self, breaker: Breaker) -> None:
        before, self._now = self._now, breaker
        if breaker.state is before.state:
            return
        self._show()
        tell = _log.warning if breaker.state is BreakerState.OPEN else _log.info
        tell(f"breaker_{breaker.state}", connector=self._connector, failures=breaker.failures, code=breaker.code)
        try:
            self._write(breaker)
        except RetriableError as error:  # what is known in memory decides
            _log.warning("not_noted", connector=self._connector, code=error.code)

    def _write(self, breaker: Breaker) -> None:
        row = {name: getattr(breaker, name) for name in ("failures", "openings", "since", "retry_at", "code")}
        with answering(), self._engine.begin() as connection:
            connection.execute(delete(breakers))
            connection.execute(insert(breakers).values(number=1, state=breaker.state.value, **row))

    def _show(self) -> None:
        for state in BreakerState:
            CONNECTOR_BREAKER.labels(connector=self._connector, state=state.value).set(1 if state is self._now.state else 0)
