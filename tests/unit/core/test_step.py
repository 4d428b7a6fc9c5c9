"""One event at a time: thresholds, windows, episodes, revisions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from hub.contract import ids
from hub.contract.models import AbsenceKind, Action, PoliceCategory, TaskEvent, TaskState
from hub.core.instants import stockholm_midnight
from hub.core.state import YouthState, new_state
from hub.core.step import erase_scope, step, wake

from .make import (
    LEISURE,
    NOW,
    SCHOOL,
    SIG_SCOPE,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
    make_withdrawn,
)
from .make_rules import RULES, emitted, last, make_rules, run

MILLISECOND = timedelta(milliseconds=1)
OPEN_ABSENCE = ("open", "absence-alone", "outreach")


def lessons(count: int, minutes: int = 60) -> list:
    return [make_absence(number, ago(number + 1), minutes) for number in range(count)]


def test_eight_hours_of_unexcused_absence_propose_guidance_once() -> None:
    steps = run(*lessons(12))
    assert emitted(steps) == [OPEN_ABSENCE]
    task = steps[7].tasks[0]
    assert (task.function, task.priority.value, task.cooperation.value) == ("school_attendance", "normal", "sspf")
    assert task.task_id == ids.task_id(YOUTH, "absence-alone", event_id(7))
    assert (task.created_at, task.respond_by) == (NOW, ago(-5))
    assert (task.rules_version, task.consent_version, task.area, task.age_years) == ("2025.1", 1, "0581-hageby", 15)


def test_the_evidence_states_what_met_the_condition() -> None:
    (evidence,) = run(*lessons(8, 70))[6].tasks[0].evidence
    assert (evidence.condition, evidence.measure, evidence.unit) == ("unexcused_absence", "minutes", "minutes")
    assert (evidence.at_least, evidence.met, evidence.window_days) == (480, 490, 28)
    assert (evidence.first_at, evidence.last_at) == (ago(7), ago(1))
    assert evidence.agencies == ("school-norrkoping",)


@pytest.mark.parametrize(("minutes", "opens"), [(479, False), (480, True), (481, True)])
def test_the_threshold_is_reached_not_passed(minutes: int, opens: bool) -> None:
    assert bool(emitted(run(make_absence(1, ago(1), minutes)))) is opens


def test_excused_absence_does_not_count() -> None:
    assert emitted(run(make_absence(1, ago(1), 900, AbsenceKind.EXCUSED))) == []


@pytest.mark.parametrize(
    ("at", "opens"),
    [(ago(28), False), (ago(28) + MILLISECOND, True), (NOW, True), (NOW + MILLISECOND, False)],
)
def test_the_window_is_open_at_its_old_end_and_closed_now(at, opens: bool) -> None:
    assert bool(emitted(run(make_absence(1, at, 480)))) is opens


def test_a_window_is_whole_days_of_24_hours_also_across_summer_time() -> None:
    now = ago(48)  # 1 April; summer time began on 30 March
    assert run(make_absence(1, now - timedelta(days=28), 480), now=now)[0].tasks == ()
    assert run(make_absence(1, now - timedelta(days=28) + MILLISECOND, 480), now=now)[0].tasks != ()


def test_absence_and_a_notice_propose_support_with_high_priority() -> None:
    steps = run(make_absence(1, ago(3), 180), make_notice(2, ago(5), PoliceCategory.LOB))
    (task,) = steps[1].tasks
    assert (task.rule_id, task.team, task.function, task.priority.value) == (
        "absence-and-notice",
        "outreach",
        "individual_support",
        "high",
    )
    assert task.respond_by == ago(-2)
    assert [(evidence.condition, evidence.met) for evidence in task.evidence] == [
        ("unexcused_absence", 180),
        ("conduct_notices", 1),
    ]


@pytest.mark.parametrize(
    "category", [PoliceCategory.VIOLENCE_VICTIM, PoliceCategory.RISK_ENVIRONMENT, PoliceCategory.OTHER_WORRY]
)
def test_notices_of_other_kinds_do_not_count_beside_absence(category: PoliceCategory) -> None:
    assert emitted(run(make_absence(1, ago(3), 300), make_notice(2, ago(5), category))) == []


def test_absence_one_minute_short_with_a_notice_proposes_nothing() -> None:
    assert emitted(run(make_absence(1, ago(3), 179), make_notice(2, ago(5)))) == []


def test_observations_need_three_on_two_swedish_days() -> None:
    evening = NOW.replace(hour=21, minute=30) - timedelta(days=4)  # 23:30 in Sweden
    same = [make_observation(number, evening + timedelta(minutes=number)) for number in range(3)]
    assert emitted(run(*same)) == []
    past_midnight = make_observation(9, evening + timedelta(minutes=31))
    assert emitted(run(*same[:2], past_midnight)) == [("open", "repeated-observations", "outreach")]


def test_a_notice_may_be_told_only_when_every_counted_one_may() -> None:
    absence = make_absence(1, ago(3), 180)
    told = run(absence, make_notice(2, ago(5), may_tell_youth=True))[1].tasks[0]
    assert [evidence.may_tell_youth for evidence in told.evidence] == [True, True]
    both = run(make_notice(2, ago(5), may_tell_youth=True), make_notice(3, ago(6)), absence)[2].tasks[0]
    assert [evidence.may_tell_youth for evidence in both.evidence] == [True, False]


def test_a_correction_below_the_threshold_tells_that_the_ground_is_lost() -> None:
    steps = run(*lessons(8), make_absence(3, ago(4), 30, revision=2))
    (lost,) = steps[-1].tasks
    assert lost.action is Action.GROUND_LOST
    assert lost.task_id == steps[7].tasks[0].task_id
    assert lost.evidence[0].met == 450
    assert last(steps).episodes == {}


def test_a_retraction_loses_ground_and_leaves_a_marker_without_content() -> None:
    steps = run(make_absence(1, ago(1), 480), make_absence(1, ago(1), 480, retracted=True, revision=2))
    assert emitted(steps) == [OPEN_ABSENCE, ("ground_lost", "absence-alone", "outreach")]
    assert steps[1].tasks[0].evidence == ()
    held = last(steps).events["school_absence"][event_id(1)]
    assert (held.revision, held.code, held.minutes, held.agency, held.occurred_ms) == (2, "", 0, "", held.keep_ms)


def test_more_ground_keeps_the_task_and_says_nothing() -> None:
    steps = run(*lessons(8), make_absence(3, ago(4), 120, revision=2))
    assert steps[-1].tasks == ()
    assert last(steps).episodes == last(steps[:8]).episodes


def test_ground_found_again_is_a_new_task_under_a_new_id() -> None:
    event = make_absence(1, ago(1), 480)
    gone = make_absence(1, ago(1), 480, retracted=True, revision=2)
    back = make_absence(1, ago(1), 480, revision=3)
    steps = run(event, gone, back)
    assert [action for action, _, _ in emitted(steps)] == ["open", "ground_lost", "open"]
    again = steps[2].tasks[0].task_id
    assert steps[0].tasks[0].task_id != again == ids.task_id(YOUTH, "absence-alone", f"{event_id(1)}@3"), "a replay's id too"


def test_ground_that_ages_ends_silently_at_its_instant() -> None:
    (opened,) = run(make_absence(1, ago(1), 480))
    assert opened.wake_at == ago(1) + timedelta(days=28)
    before = wake(opened.state, RULES, opened.wake_at - MILLISECOND)
    assert before.state is opened.state
    after = wake(opened.state, RULES, opened.wake_at)
    assert after.tasks == ()
    assert after.state.episodes == {}


def test_the_wake_is_when_the_rest_no_longer_suffices() -> None:
    steps = run(*lessons(12))
    # Twelve lessons, eight needed: the episode lives until the eighth newest leaves.
    assert steps[-1].wake_at == ago(8) + timedelta(days=28)


def test_a_due_wake_runs_before_the_event() -> None:
    (opened,) = run(make_absence(1, ago(1), 480))
    later = ago(1) + timedelta(days=29)
    late = step(opened.state, make_absence(1, ago(1), 10, revision=2), RULES, later)
    assert late.tasks == (), "it ended by age, a day before the correction"


def test_a_future_event_counts_when_its_time_comes() -> None:
    coming = NOW + timedelta(hours=3)
    (kept,) = run(make_absence(1, coming, 480))
    assert (kept.tasks, kept.wake_at) == ((), coming)
    opened = wake(kept.state, RULES, coming)
    assert [task.rule_id for task in opened.tasks] == ["absence-alone"]


def test_what_opened_and_ended_while_nobody_was_awake_is_not_proposed() -> None:
    (kept,) = run(make_absence(1, NOW + timedelta(hours=3), 480))
    late = wake(kept.state, RULES, NOW + timedelta(days=40))
    assert late.tasks == ()
    assert late.state.episodes == {}


def test_an_idle_youth_is_never_woken() -> None:
    assert step(new_state(YOUTH), make_consent(), RULES, NOW).wake_at is None


def test_task_events_are_taken_note_of_and_change_nothing() -> None:
    told = TaskEvent(
        task_id=ids.task_id(YOUTH, "absence-alone", event_id(1)), youth_ref=YOUTH, area=None, rule_id="absence-alone",
        team="outreach", state=TaskState.ACCEPTED, reason=None, occurred_at=NOW,
    )  # fmt: skip
    state = last(run(make_absence(1, ago(1))))
    one = step(state, told, RULES, NOW)
    assert (one.state, one.outcome) == (state, "processed")
    assert one.state is state


def test_an_event_of_another_reference_stops_the_caller() -> None:
    with pytest.raises(ValueError, match="another reference"):
        step(new_state("y" + "f" * 32), make_absence(1, ago(1)), RULES, NOW)


def test_a_changed_rule_set_ends_silently_what_it_no_longer_holds() -> None:
    (opened,) = run(make_absence(1, ago(1), 480))
    stricter = make_rules(id="absence-alone", when=[
        {"id": "unexcused_absence", "kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": 600, "within_days": 28}
    ])  # fmt: skip
    after = step(opened.state, make_absence(2, ago(1), 10, AbsenceKind.EXCUSED), stricter, NOW)
    assert (after.tasks, after.state.episodes) == ((), {})


def test_an_episode_of_a_rule_that_is_gone_ends_silently() -> None:
    (opened,) = run(make_absence(1, ago(1), 480))
    after = wake(opened.state, make_rules(), NOW)
    assert set(after.state.episodes) == {"absence"}
    assert [task.rule_id for task in after.tasks] == ["absence"]


def test_an_episode_keeps_the_version_of_the_rules_that_opened_it() -> None:
    (opened,) = run(make_absence(1, ago(1), 480))
    newer = make_rules(id="absence-alone")
    lost = step(opened.state, make_absence(1, ago(1), 10, revision=2), newer, NOW).tasks[0]
    assert (lost.action, lost.rules_version) == (Action.GROUND_LOST, "2025.1")


def test_the_deadline_keeps_its_time_of_day_across_summer_time() -> None:
    now = ago(52)  # 28 March 05:30 UTC, 06:30 in Sweden; summer time begins two days later
    (one,) = run(make_absence(1, now - timedelta(days=1), 480), now=now)
    assert one.tasks[0].respond_by == now + timedelta(days=5) - timedelta(hours=1)


def test_an_age_whose_time_is_over_is_left_out() -> None:
    state = last(
        run(make_absence(1, NOW + timedelta(days=165), 1), state=step(new_state(YOUTH), make_consent(), RULES, NOW).state)
    )
    later = NOW + timedelta(days=190)
    assert step(state, make_absence(2, later - timedelta(hours=1), 480), RULES, later).tasks[0].age_years is None


def test_only_what_the_team_may_be_told_is_counted() -> None:
    consent = make_consent(
        make_scope(agencies=("school-norrkoping",)),
        make_scope(scope_id="00000000-0000-4000-8000-000000000009", agencies=("school-free",), recipients=("sspf",)),
    )
    state = step(new_state(YOUTH), consent, RULES, NOW).state
    steps = run(
        make_absence(1, ago(1), 470), make_absence(2, ago(2), 470, agency="school-free"), make_absence(3, ago(3), 10), state=state
    )
    assert [one.outcome for one in steps] == ["processed"] * 3
    assert steps[1].tasks == ()
    (evidence,) = steps[2].tasks[0].evidence
    assert (evidence.met, evidence.agencies) == (480, ("school-norrkoping",))


def test_a_scope_erased_before_its_record_comes_takes_its_events_and_proposes_the_rest_anew() -> None:
    school = make_scope(agencies=(SCHOOL,))
    other = make_scope(scope_id=SIG_SCOPE, agencies=(LEISURE,))
    state = step(new_state(YOUTH), make_consent(school, other), RULES, NOW).state
    for number in range(3):
        state = step(state, make_absence(number, ago(1), 200), RULES, NOW).state
    assert state.episodes
    erased = erase_scope(state, school.scope_id, NOW, RULES, NOW)
    assert [task.action for task in erased.tasks] == [Action.GROUND_LOST]  # to a team that another scope names still
    assert erased.state.events == {}
    assert erased.state.episodes == {}
    assert step(erased.state, make_absence(9, ago(2), 400), RULES, NOW).outcome == "refused"
    assert erase_scope(erased.state, school.scope_id, NOW, RULES, NOW).state is erased.state


def test_a_record_of_before_a_scopes_erasure_that_is_read_after_it_does_not_open_it_again() -> None:
    school, other = make_scope(agencies=(SCHOOL,)), make_scope(scope_id=SIG_SCOPE, agencies=(LEISURE,))
    state = step(new_state(YOUTH), make_consent(school, other), RULES, NOW).state
    state = erase_scope(state, school.scope_id, NOW, RULES, NOW).state
    state = step(state, make_consent(school, other, version=2, age_years=16), RULES, NOW).state
    assert state.consent is not None
    assert (state.consent.version, state.consent.age_years) == (2, 16)
    assert [one.withdrawn_at for one in state.consent.scopes] == [NOW, None]
    assert step(state, make_absence(1, ago(1), 400), RULES, NOW).outcome == "refused"
    anew = make_scope(scope_id="00000000-0000-4000-8000-00000000abcd", agencies=(SCHOOL,))
    state = step(state, make_consent(school, other, anew, version=3), RULES, NOW).state
    assert step(state, make_absence(2, ago(1), 400), RULES, NOW).outcome == "processed"


def test_a_scope_that_the_record_leaves_out_is_erased_too_and_a_record_of_before_does_not_open_it_again() -> None:
    school, other = make_scope(agencies=(SCHOOL,)), make_scope(scope_id=SIG_SCOPE, agencies=(LEISURE,))
    state = step(new_state(YOUTH), make_consent(other, version=2), RULES, NOW).state  # the other consent is suspended
    state = erase_scope(state, school.scope_id, NOW, RULES, NOW).state
    assert erase_scope(state, school.scope_id, NOW, RULES, NOW).state is state
    state = step(state, make_consent(school, other, version=3), RULES, NOW).state
    assert step(state, make_absence(1, ago(1), 400), RULES, NOW).outcome == "refused"
    assert erase_scope(step(state, make_withdrawn(version=9), RULES, NOW).state, SIG_SCOPE, NOW, RULES, NOW).tasks == ()


def test_a_task_that_told_of_an_erased_scope_is_taken_back_and_comes_anew_where_the_rest_suffices() -> None:
    first, second = make_scope(agencies=(SCHOOL,)), make_scope(scope_id=SIG_SCOPE, agencies=("school-b",))
    state = step(new_state(YOUTH), make_consent(first, second), RULES, NOW).state
    state = step(state, make_absence(1, ago(9), 480), RULES, NOW).state
    opened = {one.task_id for one in state.episodes.values()}
    assert opened
    state = step(state, make_absence(2, ago(1), 480, agency="school-b"), RULES, NOW).state
    erased = erase_scope(state, first.scope_id, NOW, RULES, NOW)
    assert [task.action for task in erased.tasks] == [Action.GROUND_LOST, Action.OPEN]
    assert erased.tasks[1].task_id not in opened
    assert erased.tasks[1].evidence[0].met == 480
    assert erase_scope(new_state(YOUTH), first.scope_id, NOW, RULES, NOW).state.empty


def test_new_rules_are_all_looked_at_as_a_late_event_comes_after_the_old_ones_would_have_forgotten() -> None:
    known = make_absence(1, ago(1), 60)
    month = {"kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": 60, "within_days": 30}
    new = make_rules(id="other", when=[{"id": "unexcused_absence", **month}])
    late = step(last(run(known, rules=make_rules())), known, new, ago(-10))
    assert (late.outcome, emitted([late])) == ("duplicate", [("open", "other", "outreach")])


def test_a_state_made_of_its_parts_alone_proposes_as_one_that_was_read() -> None:
    parts = last(run(make_absence(1, ago(1), 480)))
    assert emitted([wake(YouthState(YOUTH, parts.consent, parts.events), RULES, NOW)]) == [OPEN_ABSENCE]


def test_a_birthday_that_a_later_record_puts_sooner_is_when_its_rules_are_looked_at_again() -> None:
    """Though the state wakes first to forget, under either record."""
    rules, known = make_rules(ages={"from": 16}), make_absence(1, ago(1))
    first, second = run(known, make_consent(version=2, age_valid_until=date(2025, 10, 20)), rules=rules)
    birthdays = [stockholm_midnight(day.toordinal()) for day in (date(2025, 11, 2), date(2025, 10, 20))]
    assert [one.state.due for one in (first, second)] == [{"absence": birthday} for birthday in birthdays]
    assert first.state.wake_ms == second.state.wake_ms
