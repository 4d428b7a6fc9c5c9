"""Each field of a rule, weighed: `hub/core/README.md` says what it means."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hub.contract.ids import task_id
from hub.contract.models import AbsenceKind, PoliceCategory, TaskEvent, TaskState
from hub.core.rule_set import RulesError, parse_rules
from hub.core.rules import CompiledRules, compile_rules
from hub.core.state import YouthState, from_bytes, new_state, to_bytes
from hub.core.step import Step, step, wake

from .make import (
    LEISURE,
    NOW,
    POLICE,
    SCHOOL,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)
from .make_rules import emitted, last, run

ABSENCE = {"id": "absence", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 10}
NOTICE = {"id": "notice", "kind": "police_notice", "of": ["lob"], "measure": "count", "at_least": 1, "within_days": 10}
OPEN, LOST = ("open", "rule", "outreach"), ("ground_lost", "rule", "outreach")
SCHOOL_YEAR = {"terms": [{"first": "2025-01-08", "last": "2025-06-12"}], "free_days": ["2025-05-01", "2025-05-02"]}
HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


def rules_of(*conditions: dict[str, Any], school: Any = None, **changes: Any) -> CompiledRules:
    rule = {
        "about": "person", "id": "rule", "title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test",
        "function": "outreach_contact", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": list(conditions or (ABSENCE,)),
    }  # fmt: skip
    return compile_rules(parse_rules({"version": "test.1", "owner": "test", "school": school, "rules": [rule | changes]}))


def lob(number: int, at: Any, **changes: Any) -> Any:
    return make_notice(f"b{number}", at, PoliceCategory.LOB, **changes)


def lesson(number: int, at: Any, minutes: int, offered: int | None, kind: AbsenceKind = AbsenceKind.UNEXCUSED) -> Any:
    return make_absence(number, at, minutes, kind).model_copy(update={"offered_minutes": offered})


def answered(at: Any, state: TaskState = TaskState.REJECTED) -> TaskEvent:
    """Of the task that the first event opened."""
    return TaskEvent(
        task_id=task_id(YOUTH, "rule", event_id(1)), youth_ref=YOUTH, area=None, rule_id="rule", team="outreach",
        state=state, reason=None, occurred_at=at,
    )  # fmt: skip


def later(state: YouthState, rules: CompiledRules, at: Any) -> list[tuple[str, str, str]]:
    """What a wake says; the state is written and read first, as after a restart."""
    return emitted([wake(from_bytes(to_bytes(state)), rules, at)])


@pytest.mark.parametrize(
    ("minutes", "offered", "opens"), [(60, 240, True), (59, 240, False), (60, None, False), (60, 0, False), (61, 300, False)]
)
def test_a_rate_is_the_share_of_the_offered_minutes(minutes: int, offered: int | None, opens: bool) -> None:
    rules = rules_of(ABSENCE | {"measure": "rate", "at_least": 25})
    steps = run(lesson(1, ago(1), minutes, offered), rules=rules)
    assert emitted(steps) == ([OPEN] if opens else [])


def test_a_rate_divides_by_what_was_offered_in_lessons_of_any_code() -> None:
    rules = rules_of(ABSENCE | {"measure": "rate", "at_least": 50})
    missed, excused = lesson(1, ago(2), 60, 60), lesson(2, ago(1), 60, 60, AbsenceKind.EXCUSED)
    assert emitted(run(missed, excused, rules=rules)) == [OPEN]
    assert run(missed, excused, rules=rules)[0].tasks[0].evidence[0].met == 100
    more = lesson(3, ago(1), 60, 61, AbsenceKind.EXCUSED)
    assert emitted(run(missed, excused, more, rules=rules)) == [OPEN, LOST]


def test_a_rate_that_rises_because_attendance_leaves_the_window_opens_without_an_event() -> None:
    rules = rules_of(ABSENCE | {"measure": "rate", "at_least": 60})
    attended, missed = lesson(1, ago(5), 0, 60, AbsenceKind.EXCUSED), lesson(2, ago(1), 60, 60)
    state = last(run(attended, missed, rules=rules))
    leaves = ago(5) + timedelta(days=10)
    assert later(state, rules, leaves - MILLISECOND) == []
    assert later(state, rules, leaves) == [OPEN]


@pytest.mark.parametrize(("before", "opens"), [(1, True), (2, True), (3, False)])
def test_a_trend_is_held_against_the_average_of_the_youths_own_earlier_time(before: int, opens: bool) -> None:
    # Twice the average of the two windows before: with 2 now, at most 2 in those twenty days.
    rules = rules_of(ABSENCE | {"at_least": 2, "against_earlier": {"days": 20, "percent": 200}})
    now = [make_absence(number, ago(number)) for number in (1, 2)]
    earlier = [make_absence(10 + number, ago(15 + number)) for number in range(before)]
    assert emitted(run(*earlier, *now, rules=rules)) == ([OPEN] if opens else [])


def test_a_late_word_of_earlier_absence_takes_the_ground_from_a_trend() -> None:
    rules = rules_of(ABSENCE | {"against_earlier": {"days": 10, "percent": 200}})
    assert emitted(run(make_absence(1, ago(1)), make_absence(2, ago(12)), rules=rules)) == [OPEN, LOST]


def test_a_trend_opens_when_the_earlier_time_is_over() -> None:
    rules = rules_of(ABSENCE | {"against_earlier": {"days": 10, "percent": 200}})
    state = last(run(make_absence(2, ago(12)), make_absence(1, ago(1)), rules=rules))
    assert later(state, rules, ago(-8) - MILLISECOND) == []
    assert later(state, rules, ago(-8)) == [OPEN]


FOLLOWED = ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 48}}


@pytest.mark.parametrize(("hours", "opens"), [(0, False), (1, True), (48, True), (49, False), (-1, False)])
def test_a_sequence_counts_what_was_followed_in_time(hours: int, opens: bool) -> None:
    first = ago(5)
    steps = run(lob(1, first + hours * HOUR), make_absence(1, first), rules=rules_of(FOLLOWED))
    assert emitted(steps) == ([OPEN] if opens else [])
    if opens:
        (evidence,) = steps[-1].tasks[0].evidence
        assert (evidence.met, set(evidence.agencies)) == (1, {SCHOOL, POLICE})
        assert (evidence.first_at, evidence.last_at) == (first, first + hours * HOUR)
        assert not evidence.may_tell_youth


def test_what_did_not_follow_is_known_when_its_time_is_over() -> None:
    rules = rules_of(ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 48, "happens": False}})
    state = last(run(make_absence(1, ago(1)), rules=rules))
    assert later(state, rules, ago(-1) - MILLISECOND) == []
    assert later(state, rules, ago(-1)) == [OPEN]
    assert later(last(run(lob(1, ago(0.5)), state=state, rules=rules)), rules, ago(-1)) == []


def test_what_came_late_after_all_takes_the_ground() -> None:
    rules = rules_of(ABSENCE | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 24, "happens": False}})
    assert emitted(run(make_absence(1, ago(3)), lob(1, ago(2.5)), rules=rules)) == [OPEN, LOST]


@pytest.mark.parametrize(
    ("hour", "opens"), [(19, False), (20, True), (23, True), (3, True), (4, False), (12, False)]
)  # UTC; summer time: two hours more in Stockholm
def test_a_time_of_day_is_that_of_stockholm_and_may_span_midnight(hour: int, opens: bool) -> None:
    at = ago(3).replace(hour=hour, minute=0)
    assert emitted(run(lob(1, at), rules=rules_of(NOTICE | {"between": ["22:00", "06:00"]}))) == ([OPEN] if opens else [])


@pytest.mark.parametrize(("day", "opens"), [("2025-05-16", True), ("2025-05-17", False), ("2025-05-01", False)])
def test_on_school_days_neither_a_weekend_nor_a_free_day_counts(day: str, opens: bool) -> None:
    rules = rules_of(ABSENCE | {"within_days": 30, "on_school_days": True}, school=SCHOOL_YEAR)
    at = NOW.replace(month=int(day[5:7]), day=int(day[8:]))
    assert emitted(run(make_absence(1, at), rules=rules)) == ([OPEN] if opens else [])


def test_school_days_are_counted_back_over_weekends_and_free_days() -> None:
    # NOW is Monday 19 May: the 12th last school day is Wednesday 30 April, because 1 and 2 May are free.
    rules = rules_of(ABSENCE | {"within_days": 60, "within_school_days": 12}, school=SCHOOL_YEAR)
    midnight = NOW.replace(month=4, day=29, hour=22, minute=0)
    assert emitted(run(make_absence(1, midnight - MILLISECOND), rules=rules)) == []
    steps = run(make_absence(1, midnight), rules=rules)
    assert emitted(steps) == [OPEN]
    next_school_day = NOW.replace(hour=22, minute=0)
    assert wake(last(steps), rules, next_school_day - MILLISECOND).state is last(steps)
    assert wake(last(steps), rules, next_school_day).state.episodes == {}


def test_where_the_calendar_knows_fewer_school_days_they_narrow_nothing() -> None:
    short = {"terms": [{"first": "2025-05-19", "last": "2025-06-12"}]}
    rules = rules_of(ABSENCE | {"within_school_days": 5}, school=short)
    assert emitted(run(make_absence(1, ago(9)), rules=rules)) == [OPEN]


def test_a_rule_that_counts_school_days_needs_their_calendar() -> None:
    with pytest.raises(RulesError, match=r"rules\.rule: counts school days, but ruleset\.yaml has no school calendar"):
        rules_of(ABSENCE | {"on_school_days": True})


@pytest.mark.parametrize(
    ("ages", "opens"), [({"from": 15, "to": 15}, True), ({"from": 16}, False), ({"to": 14}, False), ({"to": 15}, True)]
)
def test_ages_are_whole_years_both_included(ages: dict[str, int], opens: bool) -> None:
    assert emitted(run(make_absence(1, ago(1)), rules=rules_of(ages=ages))) == ([OPEN] if opens else [])


def test_a_birthday_opens_and_ends_by_itself() -> None:
    consent = make_consent(age_years=14, age_valid_until=date(2025, 5, 21))
    midnight = NOW.replace(day=20, hour=22, minute=0)
    for ages, before, after in (({"from": 15}, [], [OPEN]), ({"to": 14}, [OPEN], [])):
        rules = rules_of(ages=ages)
        state = step(new_state(YOUTH), consent, rules, NOW).state
        steps = run(make_absence(1, ago(1)), state=state, rules=rules)
        assert emitted(steps) == before
        assert later(last(steps), rules, midnight - MILLISECOND) == []
        assert later(last(steps), rules, midnight) == after
        assert bool(wake(last(steps), rules, midnight).state.episodes) is bool(after)


def test_without_an_age_a_rule_with_ages_does_not_hold() -> None:
    rules = rules_of(ages={"from": 0})
    state = step(new_state(YOUTH), make_consent(age_years=None, age_valid_until=None), rules, NOW).state
    assert emitted(run(make_absence(1, ago(1)), state=state, rules=rules)) == []


def test_events_of_enough_agencies_must_come_together() -> None:
    rules = rules_of(ABSENCE, NOTICE, at_least_agencies=3)
    other = make_absence(2, ago(2), agency=LEISURE)
    assert emitted(run(make_absence(1, ago(1)), lob(1, ago(3)), rules=rules)) == []
    steps = run(make_absence(1, ago(1)), lob(1, ago(3)), other, rules=rules)
    assert emitted(steps) == [OPEN]
    assert wake(last(steps), rules, ago(-8)).state.episodes == {}


def test_a_rule_holds_on_its_last_day_and_ends_silently_after() -> None:
    rules = rules_of(sunset="2025-05-20")
    steps = run(make_absence(1, ago(1)), rules=rules)
    assert emitted(steps) == [OPEN]
    end = NOW.replace(day=20, hour=22, minute=0)
    assert wake(last(steps), rules, end - MILLISECOND).state is last(steps)
    gone = wake(last(steps), rules, end)
    assert (emitted([gone]), gone.state.episodes) == ([], {})
    assert emitted(run(make_absence(2, ago(0)), state=gone.state, rules=rules, now=end)) == []


def test_an_agency_that_is_not_shown_counts_and_is_not_named() -> None:
    rules = rules_of(ABSENCE | {"at_least": 2}, counts_but_not_shown=[LEISURE])
    (evidence,) = run(make_absence(1, ago(1)), make_absence(2, ago(2), agency=LEISURE), rules=rules)[1].tasks[0].evidence
    assert (evidence.met, evidence.agencies, evidence.first_at) == (2, (SCHOOL,), ago(1))
    hidden = [make_absence(number, ago(number), agency=LEISURE) for number in (1, 2)]
    assert run(*hidden, rules=rules)[1].tasks[0].evidence == ()


def test_a_coordinator_who_has_got_the_consent_does_not_keep_sig_from_being_asked() -> None:
    rules = rules_of(NOTICE, team="sig", cooperation="sig", function="sig_assessment", rest_days=30,
                     without_sig_consent={"team": "sspf", "function": "seek_sig_consent"})  # fmt: skip
    [asked] = run(lob(1, ago(1)), rules=rules)[0].tasks
    done = answered(NOW, TaskState.COMPLETED).model_copy(update={"team": "sspf", "task_id": asked.task_id})
    consent = make_consent(make_scope(), make_sig_scope(), version=2)
    assert emitted(run(lob(1, ago(1)), done, consent, rules=rules)) == [("open", "rule", "sspf"), ("open", "rule", "sig")]
    proposed = run(lob(1, ago(1)), consent, rules=rules)[-1].tasks[-1]
    declined = done.model_copy(update={"team": "sig", "task_id": proposed.task_id})
    assert emitted(run(lob(1, ago(1)), consent, declined, rules=rules))[-1] == ("open", "rule", "sig")


@pytest.mark.parametrize("state", [TaskState.REJECTED, TaskState.COMPLETED])
def test_an_answer_lets_the_rule_rest_and_what_is_new_opens_it_again(state: TaskState) -> None:
    rules = rules_of(rest_days=3)
    steps = run(make_absence(1, ago(1)), answered(NOW, state), make_absence(2, NOW + HOUR), rules=rules)
    assert emitted(steps) == [OPEN]
    assert last(steps).episodes == {}
    assert later(last(steps), rules, ago(-3) - MILLISECOND) == []
    assert later(last(steps), rules, ago(-3)) == [OPEN]


def test_what_the_team_has_answered_for_is_not_proposed_again() -> None:
    rules = rules_of(rest_days=1)
    state = last(run(make_absence(1, ago(1)), answered(NOW), make_absence(2, ago(0.5)), rules=rules))
    assert later(state, rules, ago(-2)) == []
    assert emitted(run(make_absence(3, ago(-2)), state=state, rules=rules, now=ago(-2))) == [OPEN]


def test_an_answer_to_a_task_that_the_state_never_had_ends_the_open_one_with_a_word() -> None:
    never_had = answered(NOW).model_copy(update={"task_id": task_id(YOUTH, "rule", event_id(77))})
    steps = run(make_absence(1, ago(1)), never_had, rules=rules_of())
    assert emitted(steps) == [OPEN, ("ground_lost", "rule", "outreach")]
    assert steps[1].tasks[0].task_id == steps[0].tasks[0].task_id
    assert last(steps).episodes == {}


def test_without_rest_days_only_something_new_opens_again() -> None:
    steps = run(make_absence(1, ago(1)), answered(NOW), make_absence(2, ago(2)), rules=rules_of(), now=NOW)
    assert emitted(steps) == [OPEN]


@pytest.mark.parametrize("state", [TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS])
def test_other_words_of_a_task_change_nothing(state: TaskState) -> None:
    steps = run(make_absence(1, ago(1)), answered(NOW, state), rules=rules_of(rest_days=3))
    assert steps[1].state is steps[0].state


def test_the_latest_answer_counts_whatever_their_order() -> None:
    rules = rules_of(rest_days=3)
    one = last(run(make_absence(1, ago(1)), answered(ago(0.5)), answered(NOW), rules=rules))
    other = run(make_absence(1, ago(1)), answered(NOW), answered(ago(0.5)), rules=rules)
    assert to_bytes(one) == to_bytes(last(other))
    assert other[2].outcome == "duplicate"


@pytest.mark.parametrize("answer_first", [True, False])
def test_what_happened_after_an_answer_is_a_new_task_in_whichever_order_they_are_read(answer_first: bool) -> None:
    rules = rules_of()
    opened = run(make_absence(1, ago(3)), rules=rules)
    [first] = opened[0].tasks
    done = answered(ago(2), TaskState.COMPLETED).model_copy(update={"task_id": first.task_id})
    later_one = make_absence(2, ago(1))
    steps = run(*((done, later_one) if answer_first else (later_one, done)), state=last(opened), rules=rules)
    assert emitted(steps) == [OPEN]
    assert last(steps).episodes["rule"].task_id not in {first.task_id, ""}


def test_a_task_that_an_older_answer_names_is_over_too() -> None:
    rules = rules_of()
    steps = run(make_absence(1, ago(3)), answered(ago(2)), make_absence(2, ago(1)), rules=rules)
    named = answered(ago(2.5)).model_copy(update={"task_id": last(steps).episodes["rule"].task_id})
    after = run(named, state=last(steps), rules=rules)
    assert emitted(after) == [OPEN]
    assert run(named, state=last(after), rules=rules)[0].outcome == "duplicate"


def test_of_a_withdrawn_youth_not_even_an_answer_is_kept() -> None:
    withdrawn = step(new_state(YOUTH), make_withdrawn(), rules_of(), NOW).state
    assert step(withdrawn, answered(NOW), rules_of(), NOW).state is withdrawn


def test_an_answer_is_forgotten_when_it_can_say_nothing_more() -> None:
    rules = rules_of(rest_days=20)
    state = last(run(make_absence(1, ago(1)), answered(NOW), rules=rules))
    assert wake(state, rules, ago(-20) - MILLISECOND).state.answers
    assert not wake(state, rules, ago(-20)).state.answers


def lingering(*events: Any, now: Any = NOW) -> list[Step]:
    return run(*events, rules=rules_of(lingers_days=4), now=now)


def test_an_episode_lingers_after_its_conditions_were_met_last() -> None:
    rules = rules_of(lingers_days=4)
    steps = lingering(make_absence(1, ago(9)))
    assert emitted(steps) == [OPEN]
    end = ago(9) + timedelta(days=10 + 4)
    assert wake(last(steps), rules, end - MILLISECOND).state.episodes
    gone = wake(last(steps), rules, end)
    assert (emitted([gone]), gone.state.episodes) == ([], {})


def test_a_late_event_opens_when_its_rule_was_met_a_little_while_ago() -> None:
    (one,) = lingering(make_absence(1, ago(12)))
    assert emitted([one]) == [OPEN]
    assert one.tasks[0].evidence[0].met == 1
    assert emitted(lingering(make_absence(1, ago(14)))) == []


def test_a_retraction_ends_what_lingers_too() -> None:
    steps = lingering(make_absence(1, ago(12)), make_absence(1, ago(12), revision=2, retracted=True))
    assert emitted(steps) == [OPEN, LOST]


def test_observations_and_absence_of_one_kind_do_not_mix() -> None:
    assert emitted(run(make_observation(1, ago(1)), rules=rules_of())) == []
