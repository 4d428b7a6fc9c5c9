"""What a state rebuilt from the topics still says, when it is known what was said and what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.contract import ids
from hub.contract.models import Action, PresenceTask, ReferralTask, TaskEvent, TaskState
from hub.core.instants import from_ms
from hub.core.place import new_place_state, place_resume, place_step, place_wake
from hub.core.resume import Known, adopt, missing, resume
from hub.core.state import YouthState, new_state
from hub.core.step import step, wake

from .make import (
    NOW,
    POLICE,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_consent,
    make_place_event,
    make_scope,
    make_withdrawn,
)
from .make_rules import RULES, emitted, last, make_rules, run

RULE, TEAM = "absence-alone", "outreach"
OTHER = "00000000-0000-5000-8000-00000000000a"
LATER = "00000000-0000-5000-8000-00000000000b"
FRIDAY = datetime(2025, 5, 16, 10, tzinfo=UTC)


def rebuilt() -> YouthState:
    """One open episode, found anew."""
    return last(run(*(make_absence(number, ago(number + 1)) for number in range(8))))


def said(state: YouthState, identity: str, action: Action = Action.OPEN) -> ReferralTask:
    [task] = missing(state, Known(), RULES, NOW).tasks
    return task.model_copy(update={"task_id": identity, "action": action})


def told(identity: str, state: TaskState = TaskState.RECEIVED, hours: float = 1) -> TaskEvent:
    return TaskEvent(
        task_id=identity, youth_ref=YOUTH, area=None, rule_id=RULE, team=TEAM, state=state, reason=None,
        occurred_at=NOW - timedelta(hours=hours),
    )  # fmt: skip


def known(*messages: Any) -> Known:
    heard = Known()
    for message in messages:
        heard.hear(message)
    return heard


def test_a_task_known_to_be_open_is_not_said_again_and_is_the_one_that_loses_its_ground_later() -> None:
    state = rebuilt()
    assert state.episodes[RULE].task_id != OTHER
    done = resume(state, known(said(state, OTHER), told(OTHER)), RULES, NOW)
    assert done.tasks == ()
    retracted = make_absence(1, ago(2), revision=2, retracted=True)
    [lost] = step(done.state, retracted, RULES, NOW).tasks
    assert (lost.action, lost.task_id) == (Action.GROUND_LOST, OTHER)


@pytest.mark.parametrize("state", [TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS])
def test_whatever_an_open_task_is_at_it_is_open(state: TaskState) -> None:
    assert resume(rebuilt(), known(told(OTHER, state)), RULES, NOW).tasks == ()


def test_what_was_never_said_is_said_once() -> None:
    done = resume(rebuilt(), Known(), RULES, NOW)
    assert emitted([done]) == [("open", RULE, TEAM)]
    [task] = done.tasks
    assert task.created_at == NOW
    assert done.state.episodes[RULE].task_id == task.task_id
    assert resume(done.state, known(task, told(task.task_id)), RULES, NOW).tasks == ()


def test_a_task_that_nobody_has_spoken_of_is_said_again_as_itself() -> None:
    state = rebuilt()
    done = resume(state, known(said(state, OTHER)), RULES, NOW)
    assert [task.task_id for task in done.tasks] == [OTHER]
    assert done.state.episodes[RULE].task_id == OTHER


@pytest.mark.parametrize("ended", [TaskState.RECALLED, TaskState.CANCELLED])
def test_what_replaces_an_ended_task_has_an_id_that_no_task_has_had(ended: TaskState) -> None:
    state = rebuilt()
    gone = said(state, OTHER).model_copy(update={"task_id": ids.task_id(YOUTH, RULE, event_id(0))})
    assert missing(state, Known(), RULES, NOW).tasks[0].task_id == gone.task_id
    done = resume(state, known(gone, told(gone.task_id), told(gone.task_id, ended, hours=0.5)), RULES, NOW)
    [task] = done.tasks
    assert task.task_id == ids.task_id(YOUTH, RULE, f"{event_id(0)}#2")


def test_a_later_opening_gets_no_id_that_an_adopted_task_had() -> None:
    state = rebuilt()
    used = ids.task_id(YOUTH, RULE, event_id(3))
    current = resume(state, known(said(state, used), told(used)), RULES, NOW).state
    current = step(current, make_absence(3, ago(4), revision=2, retracted=True), RULES, NOW).state
    assert current.episodes == {}
    [task] = step(current, make_absence(3, ago(4), revision=3), RULES, NOW).tasks
    assert task.task_id == ids.task_id(YOUTH, RULE, f"{event_id(3)}@3")


def test_what_opened_a_task_and_is_not_held_meanwhile_opens_no_second_one_under_its_id() -> None:
    """A consent left the source out for a while: the rebuilt state never saw the event, and it is told again afterwards."""
    opened = run(make_absence(1, ago(1), 480))
    [task] = opened[0].tasks
    others = make_scope(agencies=(POLICE,))
    [lost] = step(last(opened), make_consent(others, version=2), RULES, NOW).tasks
    state = step(new_state(YOUTH), make_consent(others, version=2), RULES, NOW).state
    done = resume(state, known(task, lost), RULES, NOW).state
    back = step(done, make_consent(version=3), RULES, NOW).state
    [again] = step(back, make_absence(1, ago(1), 480), RULES, NOW).tasks
    assert again.task_id == ids.task_id(YOUTH, RULE, f"{event_id(1)}#2")


def test_the_ids_that_tasks_have_had_are_forgotten_when_what_opened_them_can_count_no_more() -> None:
    state = step(new_state(YOUTH), make_consent(), RULES, NOW).state
    done = resume(state, known(told(OTHER)), RULES, NOW).state
    assert len(done.spent) == 1
    assert resume(done, known(told(OTHER)), RULES, NOW + timedelta(days=1)).state is done
    assert done.wake_ms is not None
    assert wake(done, RULES, from_ms(done.wake_ms)).state.spent == {}


def test_nothing_is_remembered_of_whom_nothing_may_be_held() -> None:
    for state in (new_state(YOUTH), step(new_state(YOUTH), make_withdrawn(), RULES, NOW).state):
        assert resume(state, known(told(OTHER)), RULES, NOW).state is state


def test_the_latest_word_of_delivery_counts_in_whatever_order_it_is_read() -> None:
    words = [told(OTHER, hours=3), told(OTHER, TaskState.RECALLED, hours=2), told(LATER, hours=1)]
    for heard in (words, words[::-1]):
        done = resume(rebuilt(), known(*heard), RULES, NOW)
        assert done.tasks == ()
        assert done.state.episodes[RULE].task_id == LATER


def test_of_two_words_of_delivery_at_one_instant_the_one_read_last_counts() -> None:
    received, recalled = told(OTHER), told(OTHER, TaskState.RECALLED)
    assert resume(rebuilt(), known(recalled, received), RULES, NOW).tasks == ()
    assert emitted([resume(rebuilt(), known(received, recalled), RULES, NOW)]) == [("open", RULE, TEAM)]


def test_ids_to_be_remembered_for_long_do_not_put_off_an_earlier_wake() -> None:
    state = rebuilt()
    done = resume(state, known(told(OTHER)), RULES, NOW).state
    assert len(done.spent) == 1
    assert done.wake_ms == state.wake_ms


def test_a_task_whose_ground_was_lost_and_that_is_still_open_is_reinstated() -> None:
    state = rebuilt()
    done = resume(state, known(said(state, OTHER), said(state, OTHER, Action.GROUND_LOST), told(OTHER)), RULES, NOW)
    [task] = done.tasks
    assert task.task_id != OTHER


def test_a_reinstated_task_stands_on_the_later_one_and_one_beside_it_was_absorbed() -> None:
    state = rebuilt()
    lost = said(state, OTHER, Action.GROUND_LOST)
    reinstated = known(said(state, OTHER), lost, said(state, LATER), said(state, LATER), told(OTHER))
    absorbed = known(said(state, OTHER), said(state, LATER), told(OTHER))
    for heard, stands_on in ((reinstated, LATER), (absorbed, OTHER)):
        done = resume(state, heard, RULES, NOW)
        assert done.tasks == ()
        assert done.state.episodes[RULE].task_id == stands_on


def test_a_task_whose_rule_has_asked_another_team_since_has_no_ground_though_it_is_open() -> None:
    state = rebuilt()
    first, elsewhere = said(state, OTHER), {"task_id": LATER, "team": "sspf", "created_at": NOW + timedelta(minutes=1)}
    passed_on = known(said(state, OTHER).model_copy(update=elsewhere), first, told(OTHER))
    [task] = resume(state, passed_on, RULES, NOW).tasks
    assert task.task_id not in {OTHER, LATER}
    taken_back = known(first, first.model_copy(update=elsewhere | {"action": Action.GROUND_LOST}), told(OTHER))
    assert resume(state, taken_back, RULES, NOW).tasks == ()


def test_a_rule_that_rests_after_an_answer_says_nothing() -> None:
    rejected = told(OTHER, TaskState.REJECTED)
    state = step(rebuilt(), rejected, RULES, NOW).state
    assert resume(state, known(said(rebuilt(), OTHER), told(OTHER, hours=9), rejected), RULES, NOW).tasks == ()


def test_an_open_task_without_an_episode_is_left_to_its_team() -> None:
    state = last(run(make_absence(1, ago(2))))
    done = resume(state, known(told(OTHER)), RULES, NOW)
    assert done.tasks == ()
    assert done.state.episodes == {}


def test_time_passes_before_anything_is_said() -> None:
    assert resume(rebuilt(), Known(), RULES, NOW + timedelta(days=40)).tasks == ()


def test_only_what_lacks_is_said_of_several_rules() -> None:
    both = make_rules()
    state = run(make_absence(1, ago(2), 240), rules=both)[-1].state
    assert state is not None
    assert missing(state, known(told(OTHER)), both, NOW).tasks != ()  # told of another rule
    kept = missing(state, known(told(OTHER).model_copy(update={"rule_id": "absence"})), both, NOW)
    assert (kept.tasks, kept.state) == ((), state)


def test_an_episode_that_has_its_task_already_stays_the_same_object() -> None:
    state = rebuilt()
    assert adopt(state, RULE, state.episodes[RULE].task_id) is state


def place_state(*counts: int) -> Any:
    state = new_place_state("0581-hageby")
    for number, incidents in enumerate(counts):
        state = place_step(state, make_place_event(number, FRIDAY, incidents), RULES, NOW).state
    return state


def presence(state: Any, action: Action = Action.OPEN, **changes: Any) -> PresenceTask:
    [task] = place_resume(state, Known(), RULES, NOW).tasks
    return task.model_copy(update={"action": action, **changes})


def test_an_areas_task_is_said_when_nothing_of_it_is_known_and_only_then() -> None:
    state = place_state(3, 2)
    task = presence(state)
    assert (task.action, task.week, task.incidents) == (Action.OPEN, "2025-W20", 5)
    done = place_resume(state, known(task), RULES, NOW)
    assert (done.tasks, done.state.recalled) == ((), {})
    adopted = place_resume(state, known(task.model_copy(update={"task_id": OTHER})), RULES, NOW).state
    retracted = make_place_event(0, FRIDAY, 3, revision=2, retracted=True)
    assert [one.task_id for one in place_step(adopted, retracted, RULES, NOW).tasks] == [OTHER]


def test_an_areas_recalled_task_is_replaced_under_another_id() -> None:
    state = place_state(5)
    task = presence(state)
    [again] = place_resume(state, known(task, presence(state, Action.GROUND_LOST)), RULES, NOW).tasks
    assert again.task_id == ids.task_id("0581-hageby", "place-presence", "2025-W20#2")


def test_an_areas_task_that_no_longer_holds_is_not_said() -> None:
    assert place_resume(place_state(5), Known(), RULES, NOW + timedelta(days=9)).tasks == ()
    assert place_resume(place_state(4), Known(), RULES, NOW).tasks == ()


def day(of_may: int) -> datetime:
    return datetime(2025, 5, of_may, 10, tzinfo=UTC)


def told_late(state: Any, first: int, at: datetime, now: datetime) -> list[tuple[str, str]]:
    """(week, id) of what five reports say that come long after what they tell of."""
    found: list[tuple[str, str]] = []
    for number in range(first, first + 5):
        done = place_step(state, make_place_event(number, at), RULES, now)
        state = done.state
        found += [(task.week, task.task_id) for task in done.tasks]
    return found


def weeks_id(opening: str) -> str:
    return ids.task_id("0581-hageby", "place-presence", opening)


def test_a_weeks_recalled_task_has_its_id_for_ever_though_no_report_of_it_is_left() -> None:
    """W20's task was recalled, its reports have left the window; others of that week come late, and the team must get them."""
    task = presence(place_state(5))
    words = known(task, task.model_copy(update={"action": Action.GROUND_LOST}))
    now = day(22)
    done = place_resume(new_place_state("0581-hageby"), words, RULES, now)
    assert done.tasks == ()
    assert told_late(done.state, 10, day(16), now) == [("2025-W20", weeks_id("2025-W20#2"))]


def test_a_weeks_task_that_stands_is_not_said_again_though_no_report_of_it_is_left() -> None:
    done = place_resume(new_place_state("0581-hageby"), known(presence(place_state(5))), RULES, day(22))
    assert done.state.proposals["place-presence|2025-W20"].task_id == weeks_id("2025-W20")
    assert told_late(done.state, 10, day(16), day(22)) == []


def test_the_latest_week_that_was_said_stands_in_whatever_order_the_reports_are_read_again() -> None:
    """Four reports of W20, one of Monday, then the fifth of W20: Monday's week was said. Read in another order it is W20's."""
    early = [make_place_event(number, day(18)) for number in range(4)]
    fifth, monday = make_place_event(4, day(18) + timedelta(hours=1)), make_place_event(5, day(19))
    now, state, words = day(19), new_place_state("0581-hageby"), Known()
    for event in (*early, monday, fifth):
        done = place_step(state, event, RULES, now)
        state = done.state
        for task in done.tasks:
            words.hear(task)
    assert [one.week for one in words.weeks.values()] == ["2025-W21"]
    again = new_place_state("0581-hageby")
    for event in (*early, fifth, monday):
        again = place_step(again, event, RULES, now).state
    assert list(again.proposals) == ["place-presence|2025-W20"]
    done = place_resume(again, words, RULES, now)
    assert done.tasks == ()
    assert done.state.proposals == state.proposals
    assert place_resume(done.state, words, RULES, now).state is done.state
    assert place_wake(done.state, RULES, now).tasks == ()


def test_a_week_that_is_proposed_in_silence_and_holds_no_more_does_not_keep_late_reports_out() -> None:
    done = place_resume(place_state(5), Known(), RULES, day(24))
    assert done.state.proposals == {}
    assert told_late(done.state, 10, day(18), day(24)) == [("2025-W20", weeks_id("2025-W20"))]
