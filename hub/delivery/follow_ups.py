"""What share of a team's tasks was followed up, week by week: for its head. No person is in it.

A comparable system left four in ten unanswered, and lost its support for it: so the share stands where the head begins the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM, stockholm_date
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.moves import OPEN_STATES
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.tables import TaskRow

__all__ = ["WEEKS", "WeekFigures", "weeks_of"]

WEEKS = 8
"""How many weeks are told of, the present one included."""
_ANSWERS = (TaskState.REJECTED, TaskState.COMPLETED)
_OPEN = frozenset(state.value for state in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """Tasks that came in one ISO week of Sweden; `year` is the week's.

    `to_follow_up`: those that were not taken back (cancelled, recalled), and presence of which nobody said anything in its week.
    Of these `followed_up` were declined or completed with an outcome, and `late` are open past the clock that runs now;
    `in_time` were answered before their time to respond.
    """

    year: int
    week: int
    came: int = 0
    to_follow_up: int = 0
    in_time: int = 0
    followed_up: int = 0
    late: int = 0


def weeks_of(engine: Engine, teams: Collection[str], now: datetime) -> Mapping[str, Sequence[WeekFigures]]:
    """By team the last weeks, the present one first; weeks in which nothing came are there too. Raises RetriableError."""
    monday = stockholm_date(now) - timedelta(days=stockholm_date(now).weekday())
    days = [monday - timedelta(weeks=back) for back in range(WEEKS)]
    since = datetime.combine(days[-1], time(), tzinfo=STOCKHOLM).astimezone(UTC)
    found: dict[str, dict[tuple[int, int], WeekFigures]] = defaultdict(dict)
    query = select(
        TaskRow.team, TaskRow.received_at, TaskRow.state, TaskRow.answered_at, TaskRow.respond_by, TaskRow.due_by, TaskRow.reason
    ).where(TaskRow.team.in_(list(teams)), TaskRow.received_at >= since)
    with answering(), Session(engine) as session:
        for team, received_at, state, answered_at, respond_by, due_by, reason in session.execute(query):
            year, week, _day = stockholm_date(received_at).isocalendar()
            figures = found[team].get((year, week)) or WeekFigures(year, week)
            stands = state in _OPEN or state in _ANSWERS or reason == WEEK_OVER
            answered = stands and answered_at is not None and (respond_by is None or answered_at <= respond_by)
            found[team][year, week] = replace(
                figures,
                came=figures.came + 1,
                to_follow_up=figures.to_follow_up + stands,
                in_time=figures.in_time + answered,
                followed_up=figures.followed_up + (state in _ANSWERS),
                late=figures.late + (state in _OPEN and due_by is not None and due_by < now),
            )
    weeks = [day.isocalendar()[:2] for day in days]
    return {team: [found[team].get((year, week)) or WeekFigures(year, week) for year, week in weeks] for team in teams}
