"""Hands one sink its errands, one after the other.

The guarantee, and the order that gives it:
1. the errand is noted as begun, under the sink's lease, in a transaction of its own: from now on the receiver may know of it,
2. the sink is called,
3. its answer is noted.
A crash after 1 repeats the call under the same identity, which has no second effect at the receiver (`Sink.deliver`). Of one task
a later word waits until the earlier one has ended. A receiver that fails again and again is left alone for a while
(`hub.breaker`); then one errand tries it, and when that arrives all that had failed are due at once and go out at no more than
the sink's rate, so that whoever comes back after a day meets no flood.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, Select, func, select, update
from sqlalchemy.orm import Session, aliased

from hub.backoff import Backoff, after
from hub.breaker import BreakerState, asking
from hub.breaker import failed as breaker_failed
from hub.clock import Clock
from hub.connector import Errand, Sink
from hub.database import answering
from hub.delivery.errands import Status, errand_of
from hub.delivery.retries import wait_after
from hub.delivery.settling import Failed, Refused, Stopped, Taken, settle
from hub.delivery.sink_rows import alone, breaker_of, keep_breaker, sink_row, stands_still
from hub.delivery.tables import ErrandRow, LeaseRow, SinkRow
from hub.delivery.trying import again
from hub.errors import ConfigError, ContractError, FatalError, RejectedError, RetriableError, places_passed
from hub.lease import release_lease, take_lease, this_process
from hub.logs import get_logger

__all__ = ["IDLE", "Dispatcher"]

IDLE: Final = timedelta(seconds=1)
_LEASE: Final = timedelta(minutes=10)  # longer than a call may take: a crashed process of this machine frees it at once
_MOST_FAILURES: Final = 5
_FIRST_SECONDS, _MOST_SECONDS, _LONGEST_SECONDS, _LEAST_SECONDS = 30.0, 300.0, 86_400.0, 5.0
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    number: int
    attempts: int
    errand: Errand


class Dispatcher:
    """For one thread. `build` connects to the receiver, and is called anew after whatever stopped the sink.

    `most_per_minute` bounds the calls, always; `chance` (0 to 1) spreads the waits.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        build: Callable[[], Sink],
        clock: Clock,
        *,
        most_per_minute: int,
        chance: Callable[[], float] = random.random,
        holder: str | None = None,
    ) -> None:
        self.name = name
        self._engine = engine
        self._build = build
        self._clock = clock
        self._pace = timedelta(minutes=1) / most_per_minute
        self._chance = chance
        self._holder = holder or this_process()
        self._backoff = Backoff(_FIRST_SECONDS, _MOST_SECONDS, _LONGEST_SECONDS, least=_LEAST_SECONDS)
        self._sink: Sink | None = None
        self._free_at: datetime | None = None

    def run_once(self) -> timedelta:
        """Hand over one errand, if one is due and the sink may be called; how long to wait before the next look.

        Raises RetriableError when the database does not answer: look again, an errand may be repeated. FatalError: leave.
        """
        now = self._clock.now()
        if self._free_at is not None and now < self._free_at:
            return self._free_at - now
        number = self._next(now)
        claimed = None if number is None else self._claim(number, now)
        if claimed is None:
            return IDLE
        answer = self._hand_over(claimed)
        again(self._note, claimed, answer)
        self._free_at = now + self._pace
        return max(self._free_at - self._clock.now(), timedelta())

    def close(self) -> None:
        """Let another process begin at once. Raises RetriableError."""
        self._let_go_of_sink()
        with answering(), Session(self._engine) as session, session.begin():
            release_lease(session, LeaseRow, self._lease, self._holder)

    @property
    def _lease(self) -> str:
        return f"sink:{self.name}"

    def _next(self, now: datetime) -> int | None:
        """The errand that is due longest. Nothing is written while nothing waits."""
        with answering(), Session(self._engine) as session:
            row = session.get(SinkRow, self.name)
            if stands_still(row) or asking(breaker_of(row), now) is None:
                return None
            return session.scalar(_due(self.name, now))

    def _claim(self, number: int, now: datetime) -> _Claimed | None:
        """None while another process has the sink, or the errand was dropped this moment."""
        begun = (
            update(ErrandRow)
            .where(ErrandRow.id == number, ErrandRow.status == Status.WAITING.value)
            .values(attempts=ErrandRow.attempts + 1, begun_at=func.coalesce(ErrandRow.begun_at, now))
            .returning(ErrandRow)
        )
        with answering(), Session(self._engine) as session, session.begin():
            alone(session)
            if not take_lease(session, LeaseRow, self._lease, holder=self._holder, now=now, length=_LEASE):
                return None
            row = session.scalar(begun)
            return None if row is None else _Claimed(row.id, row.attempts, errand_of(row))

    def _hand_over(self, claimed: _Claimed) -> Taken | Failed | Refused | Stopped:
        try:
            if self._sink is None:
                self._sink = self._build()
            return Taken(self._sink.deliver(claimed.errand).reference)
        except RetriableError as error:
            return Failed(error)
        except ConfigError as error:
            _log.error("sink stopped", sink=self.name, code=error.code)
            self._let_go_of_sink()
            return Stopped(error.code)
        except (RejectedError, ContractError) as error:
            return Refused(error.code)
        except FatalError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of one connector must not keep the others from delivering
            # Its text may hold what the receiver said.
            _log.error("sink failed", sink=self.name, error=type(error).__name__, places=places_passed(error))
            return Failed(RetriableError("the sink ended with an error that nobody foresaw", code="unforeseen"))

    def _note(self, claimed: _Claimed, answer: Taken | Failed | Refused | Stopped) -> None:
        now = self._clock.now()
        with answering(), Session(self._engine) as session, session.begin():
            alone(session)
            row = sink_row(session, self.name)
            if isinstance(answer, Failed):
                self._note_failure(session, row, claimed, answer.error, now)
            else:
                settle(session, row, claimed.number, answer, now)

    def _note_failure(self, session: Session, row: SinkRow, claimed: _Claimed, error: RetriableError, now: datetime) -> None:
        row.failed_at, row.failed_code = now, error.code[:64]
        wait = wait_after(claimed.attempts, self._chance(), error.retry_after)
        session.execute(
            update(ErrandRow)
            .where(ErrandRow.id == claimed.number, ErrandRow.status == Status.WAITING.value)
            .values(next_try=now + wait, code=error.code[:64])
        )
        before = breaker_of(row)
        # Whoever says how long to wait means every call.
        most = _MOST_FAILURES if error.retry_after is None else 1
        pause = timedelta(seconds=after(self._backoff, before.openings + 1, error))
        breaker = breaker_failed(asking(before, now) or before, now, most=most, pause=pause, code=error.code[:64])
        keep_breaker(row, breaker)
        if breaker.state is BreakerState.OPEN and before.state is BreakerState.CLOSED:
            _log.warning("sink left alone", sink=self.name, failures=breaker.failures, code=error.code)

    def _let_go_of_sink(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()


def _due(name: str, now: datetime) -> Select[int]:
    earlier = aliased(ErrandRow)
    blocked = select(earlier.id).where(
        earlier.task_id == ErrandRow.task_id,
        earlier.sink == ErrandRow.sink,
        earlier.status == Status.WAITING.value,
        earlier.id < ErrandRow.id,
    )
    return (
        select(ErrandRow.id)
        .where(ErrandRow.sink == name, ErrandRow.status == Status.WAITING.value, ErrandRow.next_try <= now, ~blocked.exists())
        .order_by(ErrandRow.next_try, ErrandRow.id)
        .limit(1)
    )
