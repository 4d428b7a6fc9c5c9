"""A case and the task that proposes to look at whether it can end lead to each other, while both are open and may be read."""

from __future__ import annotations

from hub.cases.moves import CaseMove
from hub.cases.reviewing import CLOSING_REVIEW
from hub.contract.topics import TASKS_OUTREACH
from hub.core.texts import FUNCTIONS
from tests.unit.cases.make import CaseDesk
from tests.unit.core.make import YOUTH, make_consent, make_scope
from tests.unit.delivery.make import make_task

TOLD_BY_SCHOOL = make_consent(make_scope(agencies=("school",)))


def proposed(desk: CaseDesk, team: str = "sspf", function: str = CLOSING_REVIEW, number: int = 1) -> str:
    task = make_task(YOUTH).model_copy(
        update={
            "team": team,
            "function": function,
            "rule_id": f"rule-{number}",
            "task_id": f"7d3f3c1e-8a54-5a9e-9a0c-00000000000{number}",
        }
    )
    desk.inbox.take([desk.record(TASKS_OUTREACH, YOUTH, task)])
    return task.task_id


def test_the_function_is_one_that_rules_can_name() -> None:
    assert CLOSING_REVIEW in FUNCTIONS


def test_each_leads_to_the_other_while_both_are_open(desk: CaseDesk) -> None:
    desk.consent(TOLD_BY_SCHOOL)
    case = desk.open()
    assert desk.cases.review_of(desk.read(case)) is None
    task = proposed(desk)
    assert desk.cases.of_task(task, "sspf") == case
    assert desk.cases.review_of(desk.read(case)) == task
    desk.change(case, CaseMove.CLOSE)
    assert desk.cases.of_task(task, "sspf") is None
    assert desk.cases.review_of(desk.read(case)) is None


def test_a_task_of_another_team_or_for_something_else_leads_nowhere(desk: CaseDesk) -> None:
    desk.consent(TOLD_BY_SCHOOL)
    case = desk.open()
    others = proposed(desk, team="outreach", number=1)
    proposed(desk, function="seek_sig_consent", number=2)
    assert desk.cases.of_task(others, "outreach") is None
    assert desk.cases.of_task(others, "sspf") is None
    assert desk.cases.of_task("7d3f3c1e-8a54-5a9e-9a0c-000000000009", "sspf") is None
    assert desk.cases.review_of(desk.read(case)) is None


def test_what_may_not_be_read_now_is_not_led_to(desk: CaseDesk) -> None:
    desk.consent(TOLD_BY_SCHOOL)
    case = desk.open()
    task = proposed(desk)
    desk.is_stale = True
    assert desk.cases.of_task(task, "sspf") is None
    assert desk.cases.review_of(desk.read(case)) is None
    desk.is_stale = False
    desk.withdraw()
    assert desk.cases.of_task(task, "sspf") is None
    assert desk.cases.review_of(desk.read(case)) is None
