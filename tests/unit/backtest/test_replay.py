from __future__ import annotations

from datetime import timedelta

from hub.backtest.history import YouthHistory, timeline
from hub.backtest.replay import Proposal, replay
from hub.contract.models import AbsenceKind, Action, ConsentStatus, TaskEvent, TaskState
from hub.core.rules import CompiledRules, compile_rules
from hub.core.state import MAX_HELD, new_state
from hub.core.step import step, wake
from tests.bench.backtest.youths import END as YEAR_END
from tests.bench.backtest.youths import make_histories
from tests.unit.backtest.make import END, absent, make_history, make_set, told
from tests.unit.core.make import YOUTH, ago, make_absence, make_consent, make_scope
from tests.unit.core.make_rules import RULES

ONE = compile_rules(make_set())


def proposals(history: YouthHistory, rules: CompiledRules = ONE, until=END) -> list[Proposal]:
    (found,) = replay(history.youth_ref, timeline(history), [rules], until)
    return found


def test_a_rule_proposes_when_the_event_that_met_it_was_recorded_and_stands_until_its_window_has_passed() -> None:
    history = make_history([absent(40), absent(39), absent(20)])
    (one,) = proposals(history)
    assert one == Proposal("absence", "outreach", "school_attendance", absent(39).recorded_at, ago(40) + timedelta(days=10))


def test_an_event_that_was_told_late_counts_from_when_it_was_told() -> None:
    late = told(make_absence(2, ago(39)), timedelta(days=4))
    assert [one.opened for one in proposals(make_history([absent(40), late]))] == [ago(35)]
    too_late = told(make_absence(2, ago(39)), timedelta(days=14))
    assert proposals(make_history([absent(40), too_late])) == []


def test_nothing_is_proposed_on_what_consent_did_not_cover_then() -> None:
    facts = [absent(40), absent(39), absent(10), absent(9)]
    later = make_consent(make_scope(valid_from=ago(30)), recorded_at=ago(100))
    assert [one.opened for one in proposals(make_history(facts, consents=[later]))] == [absent(9).recorded_at]
    paused = make_consent(version=2, status=ConsentStatus.SUSPENDED, recorded_at=ago(50))
    again = make_consent(version=3, recorded_at=ago(20))
    found = proposals(make_history(facts, consents=[make_consent(), paused, again]))
    assert [one.opened for one in found] == [absent(9).recorded_at]


def test_what_was_recorded_at_the_end_or_later_is_left_out() -> None:
    history = make_history([absent(40), absent(39)])
    assert proposals(history, until=absent(39).recorded_at) == []
    (one,) = proposals(history, until=absent(39).recorded_at + timedelta(seconds=1))
    assert one.ended is None


def test_two_rule_sets_in_one_pass_propose_what_each_does_alone() -> None:
    other = compile_rules(make_set(180))
    for history in make_histories(400, 4):
        events = timeline(history)
        together = replay(history.youth_ref, events, [RULES, other], YEAR_END)
        assert together == [replay(history.youth_ref, events, [one], YEAR_END)[0] for one in (RULES, other)]


def answered(days: float, state: TaskState) -> TaskEvent:
    return TaskEvent(
        task_id="00000000-0000-4000-8000-000000000009", youth_ref=YOUTH, area=None, rule_id="absence", team="outreach",
        state=state, reason=None, occurred_at=ago(days),
    )  # fmt: skip


def test_a_team_that_declined_ends_the_task_and_lets_the_rule_rest_as_it_did_then() -> None:
    facts = make_history([absent(40), absent(39), absent(38), absent(36), absent(35)])
    resting = compile_rules(make_set(rest_days=3))
    declined = facts.model_copy(update={"answers": (answered(38.5, TaskState.REJECTED),)})
    first, second = proposals(declined, resting)
    assert (first.ended, second.opened) == (ago(38.5), ago(35.5))
    taken = facts.model_copy(update={"answers": (answered(38.5, TaskState.ACCEPTED),)})
    assert len(proposals(taken, resting)) == 1


def by_hand(history: YouthHistory) -> set[tuple[str, str, object]]:
    """As the worker does it: an event when it comes, a wake when it is due, each at its own instant."""
    events = timeline(history)
    state, due, found = new_state(history.youth_ref), None, set()
    while events or due is not None:
        if due is not None and (not events or due <= events[0][0]):
            if due > YEAR_END:
                break
            at, done = due, wake(state, RULES, due)
        else:
            at, event = events.pop(0)
            done = step(state, event, RULES, at)
        state, due = done.state, done.wake_at
        found |= {(task.rule_id, task.team, at) for task in done.tasks if task.action is Action.OPEN}
    return found


def test_the_replay_proposes_what_stepping_by_hand_does() -> None:
    proposed = 0
    for history in make_histories(6_000, 20):
        found = proposals(history, RULES, YEAR_END)
        assert {(one.rule, one.team, one.opened) for one in found} == by_hand(history)
        proposed += len(found)
    assert proposed > 20


def test_an_absence_that_no_rule_looks_at_is_stepped_when_a_correction_of_it_is_looked_at() -> None:
    first, second = absent(40), absent(39)
    excused = second.model_copy(update={"kind": AbsenceKind.EXCUSED})
    corrected = told(second, timedelta(days=1), revision=2)
    (one,) = proposals(make_history([first, excused, corrected]))
    assert one.opened == corrected.recorded_at
    withdrawn = told(excused, timedelta(days=1), revision=2)
    (other,) = proposals(make_history([first, second, withdrawn]))
    assert (other.opened, other.ended) == (second.recorded_at, withdrawn.recorded_at)


def test_more_events_than_a_state_holds_fill_it_here_too_though_no_rule_looks_at_them() -> None:
    many = [
        told(make_absence(f"{number:x}", ago(40), 1)).model_copy(update={"kind": AbsenceKind.EXCUSED})
        for number in range(MAX_HELD)
    ]
    counts = told(make_absence("abcd", ago(39.5), 120))
    assert proposals(make_history([*many, counts])) == []
    assert len(proposals(make_history([*many[1:], counts]))) == 1


def test_waking_is_not_put_off_to_the_next_event() -> None:
    """An event in the future counts from its own instant on, though nothing else is heard of her."""
    ahead = make_absence(2, ago(30)).model_copy(update={"recorded_at": ago(35)})
    (one,) = proposals(make_history([absent(36), ahead]))
    assert one.opened == ago(30)
    assert YOUTH not in repr(one)
