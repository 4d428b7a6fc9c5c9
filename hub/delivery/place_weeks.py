"""The clock of a presence task: it is of use in its week, and ends when that has been over for a while."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM, Clock, stockholm_date
from hub.contract.codec import Codec
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.errands import ErrandWriter
from hub.delivery.moves import OPEN_STATES
from hub.delivery.routing import PRESENCE_TEAM
from hub.delivery.sink_rows import alone
from hub.delivery.tables import TaskRow
from hub.delivery.telling import Telling
from hub.delivery.trying import again

__all__ = ["KEPT", "WEEK_OVER", "PlaceWeeks", "end_of_week"]

KEPT: Final = timedelta(days=7)
"""For how long it can still be said what came of it: as long as it raises what waits of persons in its area."""
WEEK_OVER: Final = "week_over"
"""The outcome of a presence task of which nobody said in time what came of it."""
_AT_ONCE: Final = 200
_OPEN: Final = tuple(state.value for state in OPEN_STATES)


def end_of_week(week: str, received_at: datetime) -> datetime:
    """Until when a proposal for an ISO week is to be answered and carried out: its Sunday's end, Swedish time, as a UTC instant.

    What is told late may suffice only when its week is over: then nobody can be there in it any more, and the week in which the
    proposal came is meant.
    """
    year, number = week.split("-W")
    came = stockholm_date(received_at)
    monday = max(date.fromisocalendar(int(year), int(number), 1), came - timedelta(days=came.weekday()))
    return datetime.combine(monday + timedelta(weeks=1), time(), STOCKHOLM).astimezone(UTC)


class PlaceWeeks:
    """Ends presence tasks whose week is over; every `hub deliver` does. `teams`: those of teams.yaml; of a team that is gone from
    there they end once they are settled (`hub.delivery.gone_teams`).
    """

    def __init__(
        self, engine: Engine, codec: Codec, clock: Clock, errands: ErrandWriter, teams: Iterable[str] = ()
    ) -> None:  # fmt: skip
        self._engine = engine
        self._codec = codec
        self._clock = clock
        self._errands = errands
        self._teams = sorted({PRESENCE_TEAM, *teams})

    def end_due(self) -> int:
        """End those that are due, up to a batch; how many were. Raises RetriableError: then those before it have ended."""
        now = self._clock.now()
        query = select(TaskRow.task_id).where(  # by team: there is an index
            TaskRow.team.in_(self._teams), TaskRow.state.in_(_OPEN), TaskRow.due_by <= now - KEPT, TaskRow.kind == "presence"
        )
        with answering(), Session(self._engine) as session:
            over = list(session.scalars(query.order_by(TaskRow.due_by, TaskRow.task_id).limit(_AT_ONCE)))
        return sum(again(partial(self._end, task_id, now)) for task_id in over)

    def _end(self, task_id: str, now: datetime) -> int:
        """In a transaction of its own: a task that somebody is quicker with holds up no other."""
        with answering(), Session(self._engine, autoflush=False) as session, session.begin():
            alone(session)  # with the errands that tell of it
            row = session.get(TaskRow, task_id)
            if row is None or row.state not in _OPEN:
                return 0
            row.state, row.reason, row.closed_at = TaskState.CANCELLED.value, WEEK_OVER, now
            row.open_key = row.call_at = None
            Telling(self._codec, session, now).state_of(row)
            self._errands.take_back(session, row, now)
            return 1
