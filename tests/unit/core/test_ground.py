"""When a task has lost what it told of: by a consent, or because delivery took it back; and when it has not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract.models import AbsenceKind, ConsentRecord, InfoKind, TaskEvent, TaskState
from hub.core.rules import CompiledRules
from hub.core.state import YouthState, body_bytes, new_state
from hub.core.step import Step, erase_scope, step

from .make import NOW, POLICE, SCHOOL, SIG_SCOPE, YOUTH, ago, make_absence, make_consent, make_notice, make_scope, make_sig_scope
from .make_rules import emitted, make_rules, run

OTHER_SCHOOL = "school-b"
LATER_SCOPE = "00000000-0000-4000-8000-000000000003"
COUNT = {"id": "absences", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}
ONE = make_rules(when=[COUNT])


def under(consent: ConsentRecord, *events, rules: CompiledRules = ONE) -> tuple[YouthState, list[Step]]:
    steps = run(*events, state=step(new_state(YOUTH), consent, rules, NOW).state, rules=rules)
    return steps[-1].state, steps


def told(step_: Step) -> list[tuple[str, str]]:
    return [(task.action.value, task.team) for task in step_.tasks]


def of_task(task_id: str, state: TaskState) -> TaskEvent:
    return TaskEvent(
        task_id=task_id, youth_ref=YOUTH, area=None, rule_id="absence", team="outreach", state=state, reason="no_consent",
        occurred_at=NOW,
    )  # fmt: skip


def test_a_consent_of_which_the_team_was_never_told_takes_nothing_from_its_task() -> None:
    own, sig = make_scope(agencies=(SCHOOL,)), make_sig_scope(agencies=(OTHER_SCHOOL,))
    state, _ = under(make_consent(own, sig), make_absence(1, ago(1)), make_absence(2, ago(1.5), agency=OTHER_SCHOOL))
    for later in (make_sig_scope(agencies=(OTHER_SCHOOL,), withdrawn_at=NOW), make_sig_scope(agencies=(POLICE,))):
        done = step(state, make_consent(own, later, version=2), ONE, NOW)
        assert (told(done), done.state.episodes) == ([], state.episodes)
    assert told(erase_scope(state, SIG_SCOPE, NOW, ONE, NOW)) == []


def test_a_consent_that_takes_what_lies_outside_the_rules_window_takes_nothing_from_its_task() -> None:
    rules = make_rules(when=[COUNT, {**COUNT, "id": "of_long_ago", "within_days": 60, "of": ["excused"], "at_least": 1}])
    both = make_scope(agencies=(SCHOOL, OTHER_SCHOOL))
    excused = make_absence(3, ago(2)).model_copy(update={"kind": AbsenceKind.EXCUSED})
    old = make_absence(2, ago(30), agency=OTHER_SCHOOL)
    state, _ = under(make_consent(both), old, excused, make_absence(1, ago(1)), rules=rules)
    done = step(state, make_consent(make_scope(agencies=(SCHOOL,)), version=2), rules, NOW)
    assert (told(done), done.state.episodes) == ([], state.episodes)


def test_a_consent_that_takes_one_of_the_events_told_takes_the_task_and_opens_it_anew_where_the_rest_suffices() -> None:
    both = make_scope(agencies=(SCHOOL, OTHER_SCHOOL))
    state, _ = under(make_consent(both), make_absence(2, ago(2), agency=OTHER_SCHOOL), make_absence(1, ago(1)))
    done = step(state, make_consent(make_scope(agencies=(SCHOOL,)), version=2), ONE, NOW)
    assert told(done) == [("ground_lost", "outreach"), ("open", "outreach")]
    assert len({task.task_id for task in done.tasks}) == 2


def test_a_consent_that_takes_what_followed_takes_the_task() -> None:
    notices = {"kind": "police_notice", "of": ["narcotics"], "within_hours": 72, "happens": True}
    rules = make_rules(when=[{**COUNT, "then": notices}])
    school, other = make_scope(agencies=(SCHOOL,)), "police-b"
    police = make_scope(scope_id=LATER_SCOPE, agencies=(POLICE, other), kinds=(InfoKind.POLICE_NOTICE,))
    fewer = police.model_copy(update={"agencies": (POLICE,)})
    sig = make_sig_scope(agencies=(other,))  # so that it is still held
    followed = [make_absence(1, ago(3)), make_notice(2, ago(2)), make_notice(3, ago(1.5), agency=other)]
    state, _ = under(make_consent(school, police, sig), *followed, rules=rules)
    done = step(state, make_consent(school, fewer, sig, version=2), rules, NOW)
    assert told(done) == [("ground_lost", "outreach"), ("open", "outreach")]


def test_a_consent_that_takes_what_a_number_was_compared_with_takes_the_task() -> None:
    rules = make_rules(when=[{**COUNT, "against_earlier": {"days": 28, "percent": 100}}])
    own, sig = make_scope(agencies=(SCHOOL,)), make_sig_scope(agencies=(OTHER_SCHOOL,))
    both = make_scope(agencies=(SCHOOL, OTHER_SCHOOL))
    state, _ = under(make_consent(both, sig), make_absence(2, ago(20), agency=OTHER_SCHOOL), make_absence(1, ago(1)), rules=rules)
    done = step(state, make_consent(own, sig, version=2), rules, NOW)
    assert told(done) == [("ground_lost", "outreach"), ("open", "outreach")]


def test_a_lingering_task_loses_what_a_consent_takes_though_it_no_longer_counts() -> None:
    rules = make_rules(when=[{**COUNT, "at_least": 2}], lingers_days=10)
    both = make_scope(agencies=(SCHOOL, OTHER_SCHOOL))
    state, _ = under(make_consent(both), make_absence(2, ago(2), agency=OTHER_SCHOOL), make_absence(1, ago(1)), rules=rules)
    at = NOW + timedelta(days=8)
    done = step(state, make_consent(make_scope(agencies=(SCHOOL,)), version=2), rules, at)
    assert told(done) == [("ground_lost", "outreach")]


@pytest.mark.parametrize("taken", [TaskState.CANCELLED, TaskState.RECALLED])
def test_a_task_that_delivery_took_back_is_over_here_too_and_what_still_suffices_is_proposed_under_another_id(
    taken: TaskState,
) -> None:
    """Delivery judges all that a task told when it opened, of which some may count no longer here."""
    state, steps = under(make_consent(), make_absence(1, ago(2)), make_absence(2, ago(1)))
    (first,) = (task for one in steps for task in one.tasks)
    done = step(state, of_task(first.task_id, taken), ONE, NOW)
    (again,) = done.tasks
    assert (again.action.value, again.team, again.task_id != first.task_id) == ("open", "outreach", True)
    assert done.state.episodes["absence"].task_id == again.task_id
    assert done.state.answers == {}  # nobody has answered
    assert step(done.state, of_task(first.task_id, taken), ONE, NOW).state is done.state


def test_what_delivery_took_back_stays_over_where_nothing_suffices_any_more() -> None:
    state, steps = under(make_consent(), make_absence(1, ago(2)))
    (first,) = steps[-1].tasks
    closed = step(state, make_absence(1, ago(2), revision=2, retracted=True), ONE, NOW).state
    assert step(closed, of_task(first.task_id, TaskState.RECALLED), ONE, NOW).tasks == ()


def test_another_task_taken_back_or_one_of_an_unknown_rule_changes_nothing_that_is_open() -> None:
    state, steps = under(make_consent(), make_absence(1, ago(2)))
    assert emitted(steps) == [("open", "absence", "outreach")]
    other = of_task("00000000-0000-4000-8000-00000000000f", TaskState.CANCELLED)
    for word in (other, other.model_copy(update={"rule_id": "gone"})):
        done = step(state, word, ONE, NOW)
        assert (done.tasks, done.state.episodes, body_bytes(done.state)) == ((), state.episodes, body_bytes(state))


def test_by_a_clock_that_is_set_back_before_the_consent_began_ground_is_lost_and_nobody_may_be_told() -> None:
    state, _ = under(make_consent(make_scope(valid_from=NOW)), make_absence(1, NOW))
    assert state.episodes
    done = step(state, make_absence(1, NOW, revision=2, retracted=True), ONE, ago(hours=1))
    assert (told(done), done.state.episodes, done.outcome) == ([], {}, "processed")
