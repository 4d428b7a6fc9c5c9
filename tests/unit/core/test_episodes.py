"""Consent and episodes: who is asked, who is not, and what a change of consent ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.contract.models import ConsentStatus, InfoKind, TaskEvent, TaskState
from hub.core.state import YouthState, new_state
from hub.core.step import Drop, Step, erase, step, wake

from .make import (
    NOW,
    POLICE,
    SIG_SCOPE,
    SSPF_SCOPE,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_consent,
    make_notice,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)
from .make_rules import RULES, emitted, last, make_rules, run

NOTICES = [make_notice(number, ago(10 * number + 1)) for number in range(3)]
SEEK = ("open", "repeated-notices", "sspf")


def under(*scopes, **changes) -> YouthState:
    state = step(new_state(YOUTH), make_consent(*scopes, **changes), RULES, NOW).state
    assert state is not None
    return state


def test_three_notices_under_a_consent_to_sig_go_to_sig() -> None:
    steps = run(*NOTICES, state=under(make_scope(), make_sig_scope()))
    assert emitted(steps) == [("open", "repeated-notices", "sig")]
    task = steps[2].tasks[0]
    assert (task.function, task.cooperation.value, task.scope_id, task.respond_by) == (
        "sig_assessment",
        "sig",
        SIG_SCOPE,
        ago(-2),
    )


def test_under_sspf_alone_the_sspf_coordinator_is_asked_and_nothing_reaches_sig() -> None:
    steps = run(*NOTICES)
    assert emitted(steps) == [SEEK]
    task = steps[2].tasks[0]
    assert (task.function, task.cooperation.value, task.scope_id) == ("seek_sig_consent", "sspf", SSPF_SCOPE)
    assert task.evidence[0].met == 3


def test_a_consent_to_sig_that_does_not_name_the_police_covers_no_notice() -> None:
    assert emitted(run(*NOTICES, state=under(make_scope(), make_sig_scope(agencies=("probation",))))) == [SEEK]


def test_a_consent_to_sig_that_has_ended_is_none() -> None:
    assert emitted(run(*NOTICES, state=under(make_scope(), make_sig_scope(valid_to=NOW)))) == [SEEK]


def test_without_a_named_recipient_nobody_is_asked() -> None:
    assert emitted(run(*NOTICES, state=under(make_scope(recipients=("outreach",))))) == []


def test_a_consent_to_sig_that_comes_later_recalls_the_request_and_asks_sig() -> None:
    steps = run(*NOTICES, make_consent(make_scope(), make_sig_scope(), version=2))
    assert emitted(steps) == [SEEK, ("ground_lost", "repeated-notices", "sspf"), ("open", "repeated-notices", "sig")]
    ids = {task.task_id for one in steps for task in one.tasks if task.action.value == "open"}
    assert len(ids) == 2


def test_a_consent_to_sig_that_ends_takes_the_task_back_and_asks_for_a_new_one() -> None:
    ends = NOW + timedelta(days=2)
    state = last(run(*NOTICES, state=under(make_scope(), make_sig_scope(valid_to=ends))))
    assert wake(state, RULES, ends - timedelta(milliseconds=1)).state is state
    assert emitted([wake(state, RULES, ends)]) == [("ground_lost", "repeated-notices", "sig"), SEEK]


def test_a_consent_to_sig_takes_the_request_back_though_sig_rests_from_its_answer() -> None:
    both = make_scope(), make_sig_scope()
    rules = make_rules(
        id="notices", team="sig", cooperation="sig", rest_days=20, without_sig_consent={"team": "sspf", "function": "seek_sig_consent"},
        when=[{"id": "notices", "kind": "police_notice", "of": ["narcotics"], "measure": "count", "at_least": 1, "within_days": 30}],
    )  # fmt: skip
    state = step(new_state(YOUTH), make_consent(*both), rules, NOW).state
    opened = step(state, make_notice(1, ago(1)), rules, NOW)
    answer = TaskEvent(
        task_id=opened.tasks[0].task_id, youth_ref=YOUTH, area=None, rule_id="notices", team="sig", state=TaskState.REJECTED,
        reason=None, occurred_at=NOW,
    )  # fmt: skip
    steps = run(
        answer, make_consent(version=2), make_consent(*both, version=3), state=opened.state, rules=rules,
        now=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert emitted(steps) == [("open", "notices", "sspf"), ("ground_lost", "notices", "sspf")]


def test_the_state_wakes_when_a_scope_begins() -> None:
    begins = NOW + timedelta(days=3)
    # The same consent had covered what happened before; what a wholly new one begins with is in test_coverage.
    sig = [make_sig_scope(valid_to=ago(0.5)), make_sig_scope(valid_from=begins)]
    state = last(run(*NOTICES, state=under(make_scope(), *sig)))
    assert state.wake_ms == int(begins.timestamp() * 1000)
    assert emitted([wake(state, RULES, begins)]) == [
        ("ground_lost", "repeated-notices", "sspf"),
        ("open", "repeated-notices", "sig"),
    ]


def test_nothing_is_kept_of_a_youth_without_consent() -> None:
    one = step(new_state(YOUTH), make_absence(1, ago(1), 480, revision=2), RULES, NOW)
    assert (one.outcome, one.drops) == ("refused", (Drop("no_consent", intentional=True),))
    assert one.state is not None
    assert one.state.empty


def test_what_no_scope_covers_is_refused_with_the_rule() -> None:
    state = under(make_scope(agencies=(POLICE,), kinds=(InfoKind.POLICE_NOTICE,)))
    cases = [
        (make_absence(1, ago(1)), "no_scope_for_source"),
        (make_absence(2, ago(1), agency=POLICE), "kind_not_in_scope"),
        (make_notice(3, ago(300)), "outside_period"),
    ]
    for event, rule in cases:
        one = step(state, event, RULES, NOW)
        assert (one.state, one.drops) == (state, (Drop(rule, intentional=True),))


def test_a_withdrawal_erases_everything_and_says_nothing() -> None:
    state = last(run(make_absence(1, ago(1), 480)))
    assert step(state, make_withdrawn(), RULES, NOW) == Step(YouthState(YOUTH, make_withdrawn()))


def test_a_withdrawal_ends_it_whatever_its_version_and_the_highest_stays() -> None:
    erased = step(under(version=9), make_withdrawn(version=2), RULES, NOW).state
    assert erased == YouthState(YOUTH, make_withdrawn(version=9))


@pytest.mark.parametrize(
    ("version", "outcome", "drops"),
    [(1, "duplicate", ()), (2, "duplicate", ()), (3, "refused", (Drop("withdrawn", intentional=False),))],
)
def test_no_record_that_comes_after_a_withdrawal_resurrects_anyone(version: int, outcome: str, drops: tuple[Drop, ...]) -> None:
    """A later one is nothing that a registry says: somebody must look."""
    withdrawn = step(under(), make_withdrawn(), RULES, NOW).state
    again = step(withdrawn, make_consent(version=version), RULES, NOW)
    assert (again.outcome, again.drops) == (outcome, drops)
    assert again.state is withdrawn
    event = step(again.state, make_absence(1, ago(1), 480), RULES, NOW)
    assert (event.outcome, event.drops, event.tasks) == ("refused", (Drop("withdrawn", intentional=True),), ())


def test_a_repeated_withdrawal_keeps_the_highest_version() -> None:
    withdrawn = step(under(), make_withdrawn(version=5), RULES, NOW).state
    assert step(withdrawn, make_withdrawn(version=3), RULES, NOW).state is withdrawn
    assert step(withdrawn, make_withdrawn(version=7), RULES, NOW).state == YouthState(YOUTH, make_withdrawn(version=7))


def test_an_erasure_leaves_what_is_withdrawn_as_it_is_and_takes_the_higher_version() -> None:
    withdrawn = YouthState(YOUTH, make_withdrawn(version=5))
    assert erase(withdrawn, make_withdrawn(version=3)).state is withdrawn
    assert erase(withdrawn, make_withdrawn(version=5)).state is withdrawn
    assert erase(withdrawn, make_withdrawn(version=6)).state == YouthState(YOUTH, make_withdrawn(version=6))
    assert erase(new_state(YOUTH), make_withdrawn(version=1)).state == YouthState(YOUTH, make_withdrawn(version=1))


def test_a_lower_version_replaces_no_higher_one() -> None:
    state = under(make_scope(), version=4)
    lower = step(state, make_consent(make_scope(), make_sig_scope(), version=3), RULES, NOW)
    assert (lower.outcome, lower.state) == ("duplicate", state)


def test_events_of_a_reference_known_to_be_withdrawn_are_refused_as_such() -> None:
    one = step(new_state(YOUTH, make_withdrawn()), make_absence(1, ago(1), revision=3), RULES, NOW)
    assert one.drops == (Drop("withdrawn", intentional=True),)
    assert one.state is not None
    assert one.state.events == {}


def test_an_older_consent_is_a_duplicate() -> None:
    state = under(version=3)
    one = step(state, make_consent(make_sig_scope(), version=2), RULES, NOW)
    assert (one.outcome, one.state is state) == ("duplicate", True)


def test_a_suspension_takes_the_task_back_refuses_and_holds_still() -> None:
    opened = last(run(make_absence(1, ago(1), 480)))
    suspended = step(opened, make_consent(version=2, status=ConsentStatus.SUSPENDED), RULES, NOW)
    [lost] = suspended.tasks
    assert (lost.action, lost.task_id) == ("ground_lost", opened.episodes["absence-alone"].task_id)
    assert (lost.scope_id, lost.consent_version) == (SSPF_SCOPE, 2)
    assert (lost.evidence, lost.area, lost.age_years) == ((), None, None), "nothing may be told any more but that"
    assert suspended.state is not None
    assert suspended.state.episodes == {}
    assert step(suspended.state, make_absence(2, ago(1)), RULES, NOW).drops == (Drop("suspended", intentional=True),)
    signed = step(suspended.state, make_consent(version=3), RULES, NOW)
    assert emitted([signed]) == [("open", "absence-alone", "outreach")]


def test_a_task_after_a_suspension_has_an_id_of_its_own() -> None:
    steps = run(make_absence(1, ago(1), 480), make_consent(version=2, status=ConsentStatus.SUSPENDED), make_consent(version=3))
    first, lost, again = (task.task_id for one in steps for task in one.tasks)
    assert first == lost != again


def test_withdrawing_one_scope_removes_its_events_and_refuses_them_ever_after() -> None:
    school, police = make_scope(agencies=("school-norrkoping",)), make_scope(scope_id=SIG_SCOPE, agencies=(POLICE,))
    steps = run(make_absence(1, ago(1), 200), make_notice(2, ago(2)), state=under(school, police))
    assert emitted(steps) == [("open", "absence-and-notice", "outreach")]
    withdrawn = make_consent(school, police.model_copy(update={"withdrawn_at": NOW}), version=2)
    after = step(last(steps), withdrawn, RULES, NOW)
    assert emitted([after]) == [("ground_lost", "absence-and-notice", "outreach")]
    assert after.state is not None
    assert {kind for kind, _, _ in after.state.held()} == {"school_absence"}
    assert after.state.episodes == {}
    assert step(after.state, make_notice(2, ago(2)), RULES, NOW).drops == (Drop("scope_withdrawn", intentional=True),)


def test_a_consent_that_ends_takes_the_task_back_at_that_instant() -> None:
    ends = NOW + timedelta(hours=5)
    state = last(run(make_absence(1, ago(1), 480), state=under(make_scope(valid_to=ends))))
    over = wake(state, RULES, ends)
    assert emitted([over]) == [("ground_lost", "absence-alone", "outreach")]
    assert over.state is not None
    assert over.state.episodes == {}


def test_a_correction_after_the_consent_ended_tells_no_more_than_that_it_has() -> None:
    state = last(run(make_absence(1, ago(1), 480), state=under(make_scope(valid_to=NOW + timedelta(hours=5)))))
    late = step(state, make_absence(1, ago(1), 10, revision=2), RULES, NOW + timedelta(days=1))
    assert [(task.action, task.evidence) for task in late.tasks] == [("ground_lost", ())]
    assert step(late.state, make_absence(1, ago(1), 480, revision=3), RULES, NOW + timedelta(days=1)).tasks == ()


def test_a_correction_that_consent_does_not_cover_displaces_the_earlier_revision() -> None:
    steps = run(make_absence(1, ago(1), 480), make_absence(1, ago(1), 480, revision=2, agency="school-elsewhere"))
    assert emitted(steps)[-1] == ("ground_lost", "absence-alone", "outreach")
    assert last(steps).events["school_absence"][event_id(1)].code == ""


def test_a_retraction_is_honoured_even_under_a_suspension() -> None:
    suspended = make_consent(version=2, status=ConsentStatus.SUSPENDED)
    retraction = make_absence(1, ago(1), 480, retracted=True, revision=2)
    steps = run(make_absence(1, ago(1), 480), suspended, retraction, make_consent(version=3))
    assert emitted(steps) == [("open", "absence-alone", "outreach"), ("ground_lost", "absence-alone", "outreach")]


def test_the_opening_event_is_the_newest_when_a_consent_opened_the_episode() -> None:
    state = under(make_scope(recipients=("sspf",)))
    held = last(run(make_absence(1, ago(5), 300), make_absence(2, ago(2), 300), state=state))
    after = step(held, make_consent(version=2), RULES, NOW).state
    assert after is not None
    assert after.episodes["absence-alone"].opened_by == event_id(2)
