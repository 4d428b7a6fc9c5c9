"""No task's id is used twice, whatever comes again; and what is remembered for that, or of an answer, is forgotten in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.contract.ids import task_id
from hub.contract.models import Cooperation, TaskEvent, TaskState
from hub.core.instants import DAY, from_ms, to_ms
from hub.core.spent import end_episode, first_over, had_before, next_opening, still_said, still_spent
from hub.core.state import Episode, Spent, YouthState, body_bytes, from_bytes, new_state, opened_as, to_bytes
from hub.core.step import Step, erase_scope, step, wake
from tests.unit.core.former_state import former_bytes

from .make import NOW, POLICE, SSPF_SCOPE, YOUTH, ago, make_absence, make_consent, make_scope
from .make_rules import last, make_rules, run

COUNT = {"id": "absences", "kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 1, "within_days": 7}
RULES = make_rules(when=[COUNT], rest_days=10)
EVENT = make_absence(1, ago(1))


def opened(*steps: Step) -> list[str]:
    return [task.task_id for one in steps for task in one.tasks if task.action.value == "open"]


def through(state: YouthState, *events, at: datetime = NOW) -> list[Step]:
    return run(*events, state=state, rules=RULES, now=at)


def known() -> YouthState:
    return step(new_state(YOUTH), make_consent(), RULES, NOW).state


def after_all_wakes(state: YouthState) -> YouthState:
    while state.wake_ms is not None:
        state = wake(state, RULES, from_ms(state.wake_ms)).state
    return state


def test_an_event_told_again_after_a_consent_took_it_opens_under_another_id() -> None:
    narrowed, widened = make_consent(make_scope(agencies=(POLICE,)), version=2), make_consent(version=3)
    found = opened(*through(known(), EVENT, narrowed, widened, EVENT))
    assert len(found) == len(set(found)) == 2


def test_an_event_told_again_after_its_scope_was_erased_opens_under_another_id() -> None:
    (first,) = through(known(), EVENT)
    erased = erase_scope(first.state, SSPF_SCOPE, NOW, RULES, NOW)
    gone, later = make_scope(withdrawn_at=NOW), make_scope(scope_id="00000000-0000-4000-8000-000000000009")
    found = opened(first, *through(erased.state, make_consent(gone, later, version=2), EVENT))
    assert len(found) == len(set(found)) == 2


def test_a_forgotten_event_that_is_corrected_to_a_later_time_opens_under_another_id_however_long_after() -> None:
    (first,) = through(known(), EVENT)
    for days in (9, 400):
        at = NOW + timedelta(days=days)
        state = wake(first.state, RULES, at).state
        corrected = make_absence(1, at - timedelta(hours=1), revision=2, recorded_at=at)
        longer = make_consent(make_scope(valid_to=ago(-1000)), version=2)
        (_, second) = through(state, longer, corrected, at=at)
        assert len(opened(second)) == 1
        assert opened(first) != opened(second)


def test_an_opening_is_remembered_until_its_event_cannot_count_again_and_then_forgotten_with_nothing_else_to_come() -> None:
    (first,) = through(known(), EVENT)
    ended = after_all_wakes(first.state)
    assert (ended.spent, ended.events, ended.episodes) == ({}, {}, {})
    lapsed = wake(first.state, RULES, ago(-6.5)).state
    assert lapsed.spent
    assert lapsed.wake_ms is not None
    assert from_ms(lapsed.wake_ms) <= ago(-15)


def over(task_id: str, state: TaskState, at: datetime = NOW) -> TaskEvent:
    return TaskEvent(
        task_id=task_id, youth_ref=YOUTH, area=None, rule_id="absence", team="outreach", state=state, reason=None, occurred_at=at
    )  # fmt: skip


def test_what_is_read_again_after_a_crash_opens_under_another_id_when_its_task_was_taken_back_meanwhile() -> None:
    """The task was said, and the state that held it was lost; that it was taken back is read before what opened it."""
    (first,) = opened(*through(known(), EVENT))
    told = over(first, TaskState.CANCELLED)
    heard, _, again = through(known(), told, told, EVENT)
    (second,) = opened(again)
    assert second != first
    later = through(from_bytes(to_bytes(again.state)), over(second, TaskState.RECALLED))
    (third,) = opened(*later)
    assert len({first, second, third}) == 3
    assert through(later[-1].state, told)[-1].state is later[-1].state, "what has ended here is known"
    assert after_all_wakes(heard.state).spent == {}


def test_an_answer_to_an_earlier_task_of_the_rule_ends_the_one_on_its_way_and_says_so() -> None:
    (first,) = through(known(), EVENT)
    (second,) = through(first.state, make_absence(2, ago(-9)), at=ago(-10))
    assert [*second.state.episodes] == ["absence"]
    (done,) = through(second.state, over(*opened(first), TaskState.REJECTED, ago(-9.5)), at=ago(-10))
    assert [(task.action.value, task.task_id) for task in done.tasks] == [("ground_lost", *opened(second))]
    assert done.state.episodes == {}


def test_an_answer_to_an_earlier_task_of_the_rule_leaves_what_has_happened_since_a_task() -> None:
    (first,) = through(known(), EVENT)
    (second,) = through(first.state, make_absence(2, ago(-9)), at=ago(-10))
    rules = make_rules(when=[COUNT])
    (done,) = run(over(*opened(first), TaskState.REJECTED, ago(-8)), state=second.state, rules=rules, now=ago(-10))
    assert (done.tasks, done.state.episodes) == ((), second.state.episodes)


def test_an_answer_that_is_told_again_or_is_older_than_what_is_known_says_nothing() -> None:
    (first,) = through(known(), EVENT)
    (task_id,) = opened(first)
    (done,) = through(first.state, over(task_id, TaskState.REJECTED))
    for told in (over(task_id, TaskState.REJECTED), over(task_id, TaskState.COMPLETED, ago(0.1))):
        (again,) = through(done.state, told)
        assert (again.outcome, again.tasks) == ("duplicate", ())
        assert again.state is done.state
    (later,) = through(done.state, over(task_id, TaskState.COMPLETED, ago(-0.1)), at=ago(-0.2))
    assert (later.outcome, later.state.answers) == ("processed", {"absence|outreach": to_ms(ago(-0.1))})


def test_an_older_answer_to_a_task_of_which_nothing_is_known_ends_that_and_leaves_the_latest_answer() -> None:
    (first,) = through(known(), EVENT)
    (done,) = through(first.state, over(*opened(first), TaskState.REJECTED))
    (other,) = through(done.state, over("00000000-0000-5000-8000-00000000000a", TaskState.REJECTED, ago(0.1)))
    assert (other.outcome, other.state.answers) == ("processed", done.state.answers)
    assert len(other.state.spent) == len(done.state.spent) + 1


def test_of_a_reference_without_a_consent_no_answer_is_remembered() -> None:
    nothing = new_state(YOUTH)
    (done,) = through(nothing, over("00000000-0000-5000-8000-00000000000a", TaskState.REJECTED))
    assert (done.outcome, done.tasks) == ("processed", ())
    assert done.state is nothing


def test_the_first_answer_to_a_task_that_has_ended_by_time_counts() -> None:
    (first,) = through(known(), EVENT)
    lapsed = wake(first.state, RULES, ago(-6.5)).state
    assert lapsed.episodes == {}
    (done,) = through(lapsed, over(*opened(first), TaskState.COMPLETED, ago(-6.5)), at=ago(-6.5))
    assert (done.outcome, done.state.answers) == ("processed", {"absence|outreach": to_ms(ago(-6.5))})


def test_another_task_that_was_taken_back_leaves_the_one_under_way() -> None:
    (first,) = through(known(), EVENT)
    (done,) = through(first.state, over("00000000-0000-5000-8000-00000000000a", TaskState.CANCELLED))
    assert (done.tasks, done.state.episodes) == ((), first.state.episodes)


def test_an_answer_is_forgotten_when_it_says_nothing_any_more_though_nothing_else_comes() -> None:
    (first,) = through(known(), EVENT)
    (task_id,) = opened(first)
    done = TaskEvent(
        task_id=task_id, youth_ref=YOUTH, area=None, rule_id="absence", team="outreach", state=TaskState.COMPLETED, reason=None,
        occurred_at=NOW,
    )  # fmt: skip
    answered = step(first.state, done, RULES, NOW).state
    assert answered.answers
    quiet = after_all_wakes(answered)
    assert (quiet.answers, quiet.spent) == ({}, {})
    much_later = wake(quiet, RULES, NOW + timedelta(days=900)).state
    assert body_bytes(much_later) == body_bytes(quiet)


def test_what_a_former_hub_remembered_as_spent_still_is_for_as_long_as_what_it_holds_may_count() -> None:
    state = last(through(known(), EVENT, make_absence(1, ago(1), revision=2, retracted=True)))
    (key,) = state.spent
    former = former_bytes(state).replace(
        b'"s":{"%s":[1,%d]}' % (key.encode(), state.spent[key][1]), b'"s":{"%s":1}' % key.encode()
    )
    times, until = from_bytes(former).spent[key]
    assert (times, until > to_ms(NOW) + 300 * DAY) == (1, True)
    assert from_bytes(to_bytes(state)) == state


def test_what_is_spent_is_known_until_its_instant_and_the_same_object_while_all_of_it_is() -> None:
    spent = {"rule|a": Spent(1, 300), "rule|b": Spent(2, 200)}
    assert still_spent(spent, 199) is spent
    assert still_spent(spent, 200) == {"rule|a": Spent(1, 300)}
    assert still_spent(spent, 300) == {}


@pytest.mark.parametrize(("rule", "days"), [("absence", 10), ("gone", 7)])
def test_an_answer_says_something_as_long_as_its_rule_rests_or_an_event_from_before_may_count(rule: str, days: int) -> None:
    answers = {f"{rule}|outreach": 5, "absence|sspf": 50 * DAY}
    assert still_said(answers, RULES, 4 + days * DAY) is answers
    assert still_said(answers, RULES, 5 + days * DAY) == {"absence|sspf": 50 * DAY}


def test_a_rest_shorter_than_the_longest_window_is_remembered_as_long_as_that() -> None:
    rules = make_rules(when=[COUNT], rest_days=1)
    assert still_said({"absence|outreach": 5}, rules, 4 + 7 * DAY) != {}
    assert still_said({"absence|outreach": 5}, rules, 5 + 7 * DAY) == {}


@pytest.mark.parametrize(
    ("answered", "until", "first"),
    [
        ([], [], None),
        ([], [300, 200, 250], 200),
        ([9, 5, 7], [], 5 + 10 * DAY),
        ([9, 5], [6 + 10 * DAY, 5 + 10 * DAY + 1], 5 + 10 * DAY),
        ([9, 5], [6 + 10 * DAY, 4 + 10 * DAY], 4 + 10 * DAY),
    ],
)
def test_the_first_of_them_to_say_nothing_any_more_is_the_first_to_be_forgotten(
    answered: list[int], until: list[int], first: int | None
) -> None:
    answers = {f"absence|{team}": at for team, at in enumerate(answered)}
    spent = {f"absence|{number}": Spent(1, at) for number, at in enumerate(until)}
    assert first_over(answers, spent, RULES) == first


def test_the_next_opening_passes_over_the_ids_that_are_over_already_and_no_other() -> None:
    def over_at(*times: int) -> dict[str, Spent]:
        return {f"absence|={task_id(YOUTH, 'absence', opened_as('e1', number))}": Spent(1, 9) for number in times}

    for known, times in (((), 0), ((0,), 1), ((0, 1), 2), ((1,), 0), ((0, 2), 1)):
        identity, spent = next_opening(over_at(*known), YOUTH, "absence", "e1", 9)
        assert identity == task_id(YOUTH, "absence", opened_as("e1", times))
        assert spent == over_at(*known) | ({"absence|e1": Spent(times, 9)} if times else {})


def test_an_answer_that_is_over_before_any_event_goes_is_forgotten_the_midnight_after_that() -> None:
    rules = make_rules(when=[COUNT], rest_days=1)
    (done,) = run(over("00000000-0000-5000-8000-00000000000a", TaskState.COMPLETED), state=known(), rules=rules)
    (later,) = run(make_absence(2, ago(-3)), state=done.state, rules=rules, now=ago(-3))
    assert later.wake_at == datetime(2025, 5, 27, tzinfo=UTC), "seven days after the answer, which was at half past five"


def test_an_episode_that_ends_is_counted_beside_those_that_its_event_opened_before() -> None:
    ends = Episode("task", "e1", "outreach", "outreach_contact", Cooperation.SSPF, "1", 0)
    stays = ends._replace(opened_by="e2")
    assert end_episode({"a": ends, "b": stays}, {"a|e2": Spent(4, 4)}, "a", 9) == (
        {"b": stays}, {"a|e1": Spent(1, 9), "a|e2": Spent(4, 4)},
    )  # fmt: skip
    assert end_episode({"a": ends}, {"a|e1": Spent(2, 4)}, "a", 9) == ({}, {"a|e1": Spent(3, 9)})


def test_ids_that_tasks_have_had_are_added_once_and_what_is_remembered_stays() -> None:
    before = {"a|e1": Spent(2, 4)}
    added = had_before(before, {"task": "a"}, 9)
    assert added == {"a|e1": Spent(2, 4), "a|=task": Spent(1, 9)}
    assert had_before(added, {"task": "a"}, 12) is added
    assert had_before(added, {"task": "a", "other": "b"}, 12) == {**added, "b|=other": Spent(1, 12)}
