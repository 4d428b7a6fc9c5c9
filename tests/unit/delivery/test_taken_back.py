"""What the inbox takes back, the worker hears, and proposes anew where the rest suffices: nobody's task is lost without a word."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hub.clock import ManualClock
from hub.contract.models import Action, SchoolAbsence, TaskState
from hub.contract.topics import CONSENTS, ERASURES, TASKS_OUTREACH
from hub.core.step import step
from tests.unit.core.make import NOW, SCHOOL, make_absence, make_consent, make_observation, make_scope
from tests.unit.core.make_rules import make_rules
from tests.unit.delivery.between import Between
from tests.unit.delivery.make import Desk

FORMER_SCHOOL = "school-b"
COUNT = {"id": "absences", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}
RULES = make_rules(when=[COUNT])
MONTH = {**COUNT, "within_days": 30}
WITHOUT_IT = make_rules(id="another", when=[{**MONTH, "at_least": 99}])
BOTH_SCHOOLS = make_consent(make_scope(agencies=(SCHOOL, FORMER_SCHOOL)))
NEW_SCHOOL = make_consent(make_scope(agencies=(SCHOOL,)), version=2)


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def absence(number: int, on: float, agency: str = SCHOOL) -> SchoolAbsence:
    return make_absence(number, day(on) - timedelta(hours=2), agency=agency)


def retraction(number: int, on: float, agency: str = SCHOOL) -> SchoolAbsence:
    return make_absence(number, day(on), agency=agency, revision=2, retracted=True, recorded_at=day(on))


@pytest.fixture
def between(desk: Desk, clock: ManualClock) -> Between:
    return Between(desk, clock, RULES)


def read_by_the_team(between: Between) -> None:
    (task,) = between.desk.worklist.all_tasks()
    assert between.desk.worklist.open_task(task.task_id, "outreach").content is not None


def absorbed(between: Between) -> tuple[str, str]:
    """A week's pause: the episode ends by time, and the next absence's is taken in by the task that is still open."""
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    first = between.believed()
    between.happens(10, absence(2, 10))
    second = between.believed()
    assert between.desk.worklist.counts()[TASKS_OUTREACH.name, "absorbed"] == 1
    assert first is not None
    assert second is not None
    assert between.open_task() == first != second
    return first, second


def test_after_a_change_of_school_the_new_schools_absences_are_proposed_under_the_consent_of_now(between: Between) -> None:
    """The task was opened on the former school's word, which counts no longer here, and which the consent names no longer."""
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    first = between.believed()
    for number, on in ((2, 5), (3, 10)):
        between.happens(on, absence(number, on))
    assert between.believed() == first
    between.happens(11, NEW_SCHOOL)
    assert between.believed() not in {None, first}
    assert sorted(state for state, _ in between.desk.states()) == [TaskState.CANCELLED, TaskState.RECEIVED]


def test_a_task_that_has_taken_in_a_later_proposal_says_what_that_says_and_is_judged_by_it(between: Between) -> None:
    first, _ = absorbed(between)
    between.happens(11, NEW_SCHOOL)
    assert between.open_task() == first
    content = between.desk.worklist.open_task(first, "outreach").content
    assert content is not None
    assert [one.agencies for one in content.evidence] == [(SCHOOL,)]


def test_a_task_taken_back_after_it_took_in_a_later_proposal_is_over_for_the_worker_and_proposed_anew(between: Between) -> None:
    """Delivery speaks of the task by the id that it has; the worker's own is the later one."""
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    first = between.believed()
    between.happens(10, absence(2, 10, FORMER_SCHOOL))
    second = between.believed()
    assert between.open_task() == first != second
    between.happens(15, absence(3, 15))
    between.happens(18, NEW_SCHOOL)
    assert sorted(state for state, _ in between.desk.states()) == [TaskState.CANCELLED, TaskState.RECEIVED]
    assert between.believed() == between.open_task()
    assert between.believed() not in {None, first, second}


def test_a_task_taken_back_after_it_was_reinstated_is_over_for_the_worker_and_proposed_anew(between: Between) -> None:
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    between.desk.inbox.beat([(CONSENTS.name, 0), (ERASURES.name, 0)], between.clock.now())
    read_by_the_team(between)
    between.happens(0.5, retraction(1, 0.5, FORMER_SCHOOL))
    between.happens(1, absence(2, 1, FORMER_SCHOOL))
    second = between.believed()
    assert between.desk.worklist.counts()[TASKS_OUTREACH.name, "reinstated"] == 1
    between.happens(5, absence(3, 5))
    between.happens(9, NEW_SCHOOL)
    assert between.believed() == between.open_task()
    assert between.believed() not in {None, second}


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize("pause", ["sunset", "removed"])
def test_ground_lost_after_its_rule_paused_is_told_of_the_open_task(between: Between, pause: str, *, read: bool) -> None:
    """The episode ended silently and another began, whose proposal the open task took in; both rest on the one absence."""
    lasting = make_rules(when=[MONTH], sunset="2025-12-31")
    between.rules = make_rules(when=[MONTH], sunset="2025-05-22") if pause == "sunset" else lasting
    between.happens(0, make_consent())
    between.happens(0, absence(1, 0))
    between.rules = between.rules if pause == "sunset" else WITHOUT_IT
    between.happens(5, make_observation(50, day(4)))
    assert between.believed() is None
    between.rules = lasting
    between.happens(6, make_observation(51, day(5)))
    if read:
        read_by_the_team(between)
    between.happens(7, retraction(1, 7))
    (task,) = between.desk.worklist.all_tasks()
    assert task.ground_lost_at == day(7)
    assert task.state is (TaskState.RECEIVED if read else TaskState.RECALLED)
    assert between.believed() is None


def test_a_later_proposal_still_under_way_when_the_task_is_taken_back_opens_one_of_its_own(between: Between) -> None:
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    between.passes(10)
    under_way = between.think(step(between.state, absence(2, 10), between.rules, day(10)))
    between.desk.inbox.take([between.desk.record(CONSENTS, NEW_SCHOOL.youth_ref, NEW_SCHOOL)])
    between.deliver(under_way)
    between.happens(11, NEW_SCHOOL)
    assert sorted(state for state, _ in between.desk.states()) == [TaskState.CANCELLED, TaskState.RECEIVED]
    assert between.believed() == between.open_task() == under_way[0].task_id


def test_a_proposal_that_a_task_had_taken_in_opens_none_when_it_comes_again_after_that_task_has_ended(between: Between) -> None:
    between.happens(0, BOTH_SCHOOLS)
    between.happens(0, absence(1, 0, FORMER_SCHOOL))
    between.passes(10)
    later = between.think(step(between.state, absence(2, 10), between.rules, day(10)))
    between.deliver(later)
    between.deliver(later)
    (first,) = between.desk.worklist.all_tasks()
    between.deliver([later[0].model_copy(update={"action": Action.GROUND_LOST})])
    between.deliver(later)
    assert between.desk.states() == [(TaskState.RECALLED, "ground_lost")]
    between.hear()
    assert between.believed() == between.open_task() not in {first.task_id, later[0].task_id}
