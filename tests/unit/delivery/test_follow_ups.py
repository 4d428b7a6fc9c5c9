"""The share that was followed up: which tasks count, in which week, and that empty weeks are told too."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.clock import STOCKHOLM
from hub.contract.models import TaskState
from hub.delivery.follow_ups import WEEKS, WeekFigures, weeks_of
from hub.delivery.tables import TaskRow

NOW = datetime(2025, 5, 21, 12, tzinfo=STOCKHOLM)  # Wednesday of week 21


def add(
    engine: Engine, number: int, state: TaskState, received_at: datetime, *, team: str = "outreach", answered: float | None = None
) -> None:
    """A task to be answered within two days; `answered` so many days after it came."""
    by = received_at + timedelta(days=2)
    with Session(engine) as session, session.begin():
        session.add(
            TaskRow(
                task_id=f"{number:036d}", kind="referral", team=team, function="school_attendance", rule_id="one", priority="normal",
                state=state.value, created_at=received_at, received_at=received_at, respond_by=by, due_by=by,
                answered_at=None if answered is None else received_at + timedelta(days=answered),
            )
        )  # fmt: skip


def test_what_was_taken_back_needs_no_follow_up_and_everything_else_does(engine: Engine) -> None:
    monday = datetime(2025, 5, 12, 9, tzinfo=STOCKHOLM)
    for number, (state, answered) in enumerate(
        [
            (TaskState.RECEIVED, None),
            (TaskState.ACCEPTED, 1),
            (TaskState.IN_PROGRESS, 3),
            (TaskState.COMPLETED, 1),
            (TaskState.REJECTED, 2),
            (TaskState.CANCELLED, 1),
            (TaskState.RECALLED, None),
        ]
    ):
        add(engine, number, state, monday, answered=answered)
    add(engine, 90, TaskState.RECEIVED, monday, team="sig")
    weeks = weeks_of(engine, ["outreach"], NOW)["outreach"]
    assert weeks[1] == WeekFigures(2025, 20, came=7, to_follow_up=5, in_time=3, followed_up=2, late=3)
    assert weeks[0] == WeekFigures(2025, 21)


def test_a_week_begins_on_monday_in_sweden(engine: Engine) -> None:
    add(engine, 1, TaskState.RECEIVED, datetime(2025, 5, 18, 23, 59, tzinfo=STOCKHOLM))
    add(engine, 2, TaskState.RECEIVED, datetime(2025, 5, 19, 0, 0, tzinfo=STOCKHOLM))
    weeks = weeks_of(engine, ["outreach"], NOW)["outreach"]
    assert [(week.week, week.came) for week in weeks[:2]] == [(21, 1), (20, 1)]


def test_eight_weeks_are_told_across_a_turn_of_the_year_and_none_before(engine: Engine) -> None:
    now = datetime(2026, 1, 7, 12, tzinfo=STOCKHOLM)
    add(engine, 1, TaskState.RECEIVED, datetime(2025, 11, 17, 0, 0, tzinfo=STOCKHOLM))
    add(engine, 2, TaskState.RECEIVED, datetime(2025, 11, 16, 23, 0, tzinfo=STOCKHOLM))
    weeks = weeks_of(engine, ["outreach", "sig"], now)
    assert [(one.year, one.week) for one in weeks["outreach"]] == [
        (2026, 2), (2026, 1), (2025, 52), (2025, 51), (2025, 50), (2025, 49), (2025, 48), (2025, 47)
    ]  # fmt: skip
    assert [one.came for one in weeks["outreach"]] == [0] * 7 + [1]
    assert len(weeks["sig"]) == WEEKS
