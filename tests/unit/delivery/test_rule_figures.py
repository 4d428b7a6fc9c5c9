"""Tasks counted by rule: what was proposed in a span of time, what was opened, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from hub.contract.models import TaskState
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.rule_figures import RuleFigures, rule_figures
from hub.delivery.tables import TaskRow
from tests.unit.delivery.make import NOW

LONG_AGO = NOW - timedelta(days=400)


def add(engine: Engine, number: int, rule: str, state: TaskState, *, opened: bool = False, days: int = 1) -> None:
    at = NOW - timedelta(days=days)
    with Session(engine) as session, session.begin():
        session.add(
            TaskRow(
                task_id=f"{number:036d}", kind="referral", team="outreach", function="school_attendance", rule_id=rule,
                priority="normal", state=state.value, created_at=at, received_at=at, opened_at=at if opened else None, version=1,
            )
        )  # fmt: skip


def test_tasks_are_counted_by_rule_and_by_what_became_of_them(engine: Engine) -> None:
    for number, (state, opened) in enumerate(
        [
            (TaskState.RECEIVED, False),
            (TaskState.RECEIVED, True),
            (TaskState.ACCEPTED, True),
            (TaskState.IN_PROGRESS, True),
            (TaskState.COMPLETED, True),
            (TaskState.REJECTED, True),
            (TaskState.RECALLED, False),
            (TaskState.CANCELLED, True),
        ]
    ):
        add(engine, number, "one", state, opened=opened)
    add(engine, 90, "other", TaskState.RECEIVED)
    assert rule_figures(engine, LONG_AGO) == {
        "one": RuleFigures(proposed=8, opened=6, accepted=3, declined=1, recalled=1, withdrawn=1),
        "other": RuleFigures(proposed=1),
    }


def test_what_was_received_before_the_span_does_not_count(engine: Engine) -> None:
    add(engine, 1, "one", TaskState.RECEIVED, days=57)
    add(engine, 2, "one", TaskState.RECEIVED, days=55)
    assert rule_figures(engine, NOW - timedelta(weeks=8))["one"].proposed == 1
    with Session(engine) as session, session.begin():
        session.execute(update(TaskRow).values(received_at=LONG_AGO))
    assert rule_figures(engine, NOW - timedelta(weeks=8)) == {}


def test_presence_that_ended_with_its_week_is_no_withdrawn_consent(engine: Engine) -> None:
    for number in range(3):
        add(engine, number, "one", TaskState.CANCELLED)
    with Session(engine) as session, session.begin():
        session.execute(update(TaskRow).where(TaskRow.task_id == f"{0:036d}").values(reason=WEEK_OVER))
    assert rule_figures(engine, LONG_AGO) == {"one": RuleFigures(proposed=3, withdrawn=2)}
