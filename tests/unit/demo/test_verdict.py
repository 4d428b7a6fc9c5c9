"""The judge of the demo must itself be known to bite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.contract.models import ReferralTask, TaskState
from hub.delivery.worklist import TaskView
from hub.demo.expected import Expectation, Outcome
from hub.demo.verdict import compare_end, compare_events, compare_open, open_per_team, take_snapshot
from tests.unit.delivery.make import NOW, make_presence, make_task

REFS = {number: f"y{number:032x}" for number in range(4)}
NUMBERS = {ref: number for number, ref in REFS.items()}
STAYS, LEAVES = Outcome(1, "absence-alone", "outreach"), Outcome(2, "absence-alone", "outreach")
EXPECTED = Expectation(frozenset({STAYS, LEAVES}), frozenset({LEAVES}), frozenset({("0581-hageby", "2025-W20")}))


def view(number: int, opened_by: str = "e1", **changes: object) -> TaskView:
    task = make_task(REFS[number], opened_by=opened_by)
    return replace(_shown(task.task_id, "referral", task), **changes)


def presence(opened_by: str = "e1") -> TaskView:
    task = make_presence(opened_by)
    return replace(_shown(task.task_id, "presence", task), team="outreach")


def _shown(task_id: str, kind: str, content) -> TaskView:
    return TaskView(
        task_id=task_id, kind=kind, team="outreach", function="f", rule_id=content.rule_id, priority="normal",
        state=TaskState.RECEIVED, reason=None, area=None, created_at=NOW, received_at=NOW, respond_by=None, opened_at=None,
        ground_lost_at=None, closed_at=None, late=False, content=content,
    )  # fmt: skip


def cancelled(number: int, state: TaskState = TaskState.CANCELLED) -> TaskView:
    return view(number, state=state, closed_at=NOW, content=None)


GOOD = [view(1), view(2), presence()]


def before(views: list[TaskView]) -> list[str]:
    return compare_open(EXPECTED, take_snapshot(views, NUMBERS))


def after(views: list[TaskView]) -> list[str]:
    return compare_end(EXPECTED, take_snapshot(GOOD, NUMBERS), views, NUMBERS)


def test_just_the_expected_tasks_are_no_difference() -> None:
    assert before(GOOD) == []
    assert after([view(1), cancelled(2), presence()]) == []


def stranger() -> TaskView:
    return _shown("0" * 8, "referral", make_task("y" + "f" * 32))


@pytest.mark.parametrize(
    ("views", "said"),
    [
        ([view(1), presence()], "youth 2, absence-alone to outreach: missing"),
        ([*GOOD, view(3)], "youth 3, absence-alone to outreach: not expected"),
        ([*GOOD, view(1, "e2")], "youth 1, absence-alone to outreach: not expected"),
        ([view(1), view(2, team="sig"), presence()], "youth 2, absence-alone to sig: not expected"),
        ([view(1), view(2)], "presence in 0581-hageby, 2025-W20: missing"),
        ([*GOOD, presence("e2")], "presence in 0581-hageby, 2025-W20: not expected"),
        ([*GOOD, stranger()], "1 tasks of nobody in the town"),
        ([*GOOD, view(3, content=None)], "1 tasks of nobody in the town"),
        ([view(1), cancelled(2), presence()], "youth 2, absence-alone to outreach: missing"),
    ],
)
def test_a_task_missing_surplus_doubled_or_a_strangers_is_found(views: list[TaskView], said: str) -> None:
    assert said in before(views)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (GOOD, "youth 2, absence-alone: withdrawn but not cancelled"),
        (GOOD, "youth 2, absence-alone to outreach: not expected"),
        ([view(1), presence()], "youth 2, absence-alone: withdrawn but not cancelled"),
        ([view(1), cancelled(2, TaskState.RECALLED), presence()], "youth 2, absence-alone: withdrawn but not cancelled"),
        ([cancelled(1), cancelled(2), presence()], "youth 1, absence-alone to outreach: missing"),
        ([view(1), cancelled(2)], "presence in 0581-hageby, 2025-W20: missing"),
        ([view(1), cancelled(2), presence(), stranger()], "1 tasks of nobody in the town"),
        ([view(1), view(2, content=None), presence()], "1 tasks of nobody in the town"),
    ],
)
def test_what_a_withdrawal_should_have_done_and_did_not_is_found(views: list[TaskView], said: str) -> None:
    assert said in after(views)


def test_no_reference_is_named() -> None:
    found = before([view(3), stranger()]) + after([view(3)])
    assert not any(ref in line for line in found for ref in (*REFS.values(), "y" + "f" * 32))


def test_open_tasks_are_counted_by_team_and_presence_apart() -> None:
    assert open_per_team([*GOOD, view(3, team="sig"), cancelled(3)]) == {"outreach": 2, "presence": 1, "sig": 1}


def test_the_content_is_what_says_whose_a_task_is() -> None:
    assert isinstance(GOOD[0].content, ReferralTask)
    assert take_snapshot(GOOD, {}).strangers == 2


EVENTS = {"hub.place-events.v1": 228, "hub.risk-events.v1": 137}


def test_as_many_events_as_expected_are_no_difference() -> None:
    assert compare_events(EVENTS, dict(EVENTS)) == []


@pytest.mark.parametrize("number", [150, 229])
def test_events_lost_or_too_many_are_told_by_topic(number: int) -> None:
    found = compare_events(EVENTS, EVENTS | {"hub.place-events.v1": number})
    assert found == [f"hub.place-events.v1: {number} events published, 228 expected"]


def test_a_topic_with_nothing_on_it_is_a_difference() -> None:
    assert compare_events(EVENTS, {"hub.place-events.v1": 228}) == ["hub.risk-events.v1: 0 events published, 137 expected"]
