"""The promise of the core: order, repeats and restarts do not matter. Of more rules: `pytest tests/unit/core/test_order.py -m soak`."""

from __future__ import annotations

import random
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract.models import AbsenceKind, ConsentRecord, PoliceCategory, RiskConcern, TaskEvent, TaskState
from hub.core.instants import from_ms
from hub.core.state import body_bytes, from_bytes, new_state, to_bytes
from hub.core.step import step, wake
from tests.reference.engine import what_stands
from tests.reference.history import Arrival, Consent, History

from .agreement import RULE_SETS, as_message, compiled, history_of
from .make import NOW, YOUTH, ago, make_absence, make_consent, make_notice, make_observation, make_scope, make_sig_scope
from .make_rules import RULES
from .orders import Orders

CONSENT = make_consent(make_scope(valid_from=ago(60)), make_sig_scope(valid_from=ago(25)))


def outcome(events: Any, splits: frozenset[int] = frozenset()) -> tuple[Any, bytes]:
    """Open (rule, team, evidence) as the receivers have them, and the body; stopped and restarted before each split."""
    state = step(new_state(YOUTH), CONSENT, RULES, NOW).state
    inbox: dict[str, Any] = {}
    for index, event in enumerate(events):
        assert state is not None
        if index in splits:
            state = from_bytes(to_bytes(state))
        one = step(state, event, RULES, NOW)
        state = one.state
        for task in one.tasks:
            if task.action.value == "open":
                assert task.task_id not in inbox
                assert all(other.rule_id != task.rule_id for other in inbox.values())
                inbox[task.task_id] = task
            else:
                del inbox[task.task_id]
    assert state is not None
    state = wake(state, RULES, NOW).state
    assert state is not None
    assert {task.rule_id: task.task_id for task in inbox.values()} == {rule: one.task_id for rule, one in state.episodes.items()}
    again = wake(from_bytes(to_bytes(state)), RULES, NOW).state
    assert again == state
    return sorted((task.rule_id, task.team) for task in inbox.values()), body_bytes(state)


def _event(kind: str, number: int, *, revision: int, days: float, size: int, retracted: bool) -> Any:
    rest = {"revision": revision, "retracted": retracted, "recorded_at": ago(-revision)}
    match kind:
        case "absence":
            return make_absence(number, ago(days), size, **rest)
        case "excused":
            return make_absence(number, ago(days), size, AbsenceKind.EXCUSED, **rest)
        case "notice":
            return make_notice(f"b{number}", ago(days), PoliceCategory.NARCOTICS if size % 2 else PoliceCategory.LOB, **rest)
        case _:
            return make_observation(f"c{number}", ago(days), **rest)


@st.composite
def histories(draw: st.DrawFn, most: int = 8) -> list[Any]:
    """Events with several revisions each, some retracted, some too old, some not yet, some before the consent."""
    found = []
    for number in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["absence", "absence", "excused", "notice", "observation"]))
        for revision in range(1, draw(st.integers(1, 3)) + 1):
            days = draw(st.sampled_from([0, 0.5, 1, 3, 20, 21, 27.99, 28, 40, 55.99, 56, 58, 61, 70, -1]))
            size = draw(st.sampled_from([1, 60, 179, 180, 240, 479, 480]))
            gone = draw(st.booleans()) and revision > 1
            found.append(_event(kind, number, revision=revision, days=days, size=size, retracted=gone))
    return found


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.data())
def test_shuffled_repeated_and_restarted_histories_end_alike(
    events: list[Any], chance: random.Random, data: st.DataObject
) -> None:
    expected = outcome(events)
    other = events + chance.sample(events, k=len(events) // 2)
    chance.shuffle(other)
    splits = data.draw(st.frozensets(st.integers(0, len(other) - 1), max_size=4))
    assert outcome(other, splits) == expected


LATER = "00000000-0000-4000-8000-000000000003"
OTHER_SCHOOL = make_scope(scope_id=LATER, agencies=("school-free",))
SCOPES = CONSENT.scopes
SCENARIOS = {
    "corrections and a retraction": [
        make_absence(1, ago(1), 300), make_absence(2, ago(2), 200), make_notice("b1", ago(3)),
        make_absence(2, ago(2), 100, revision=2), make_absence(2, ago(2), 200, revision=3), make_notice("b1", ago(3), revision=2, retracted=True),
    ],
    "notices as SIG is consented to": [
        make_notice("b1", ago(1)), make_notice("b2", ago(2)), make_notice("b3", ago(30)), make_notice("b4", ago(26)),
        make_notice("b2", ago(2), revision=2, retracted=True), make_consent(*SCOPES, make_sig_scope(scope_id=LATER, valid_from=ago(40)), version=2),
    ],
    "a scope is withdrawn, in two records": [
        make_absence(1, ago(1), 480), make_notice("b1", ago(2)), make_notice("b1", ago(1), revision=2), make_observation("c1", ago(3)),
        make_consent(SCOPES[0].model_copy(update={"withdrawn_at": ago(0)}), *SCOPES[1:], version=3), make_consent(*SCOPES, version=2),
    ],
    "a consent that widens what is held": [
        make_consent(*SCOPES, OTHER_SCHOOL, version=2), make_absence(1, ago(1), 240, agency="school-free"), make_absence(2, ago(2), 240),
        make_absence(1, ago(1), 200, agency="school-free", revision=2), make_absence(3, ago(3), 40), make_notice("b1", ago(3)),
    ],
    "edges of windows and the future": [
        make_absence(1, ago(28), 480), make_absence(2, ago(27.99), 240), make_absence(3, ago(0), 240), make_absence(4, ago(-1), 480),
        make_absence(1, ago(27), 1, revision=2), make_absence(1, ago(80), 480, revision=3),
    ],
    "observations on two days, moved to one": [
        make_observation("c1", ago(1)), make_observation("c2", ago(2)), make_observation("c3", ago(2)),
        make_observation("c1", ago(2), revision=2), make_observation("c4", ago(1), RiskConcern.CONFLICT), make_observation("c4", ago(1), RiskConcern.CONFLICT),
    ],
}  # fmt: skip


def answered(state: TaskState, days: float, rule: str = "absence-alone", team: str = "outreach") -> TaskEvent:
    return TaskEvent(
        task_id=LATER, youth_ref=YOUTH, area=None, rule_id=rule, team=team, state=state, reason=None, occurred_at=ago(days)
    )


SCENARIOS |= {
    "answers, and something new after one of them": [
        make_absence(1, ago(3), 480), answered(TaskState.COMPLETED, 2), answered(TaskState.REJECTED, 2.5), make_absence(2, ago(1), 10),
        make_absence(3, ago(4), 60), make_absence(2, ago(2.2), 10, revision=2),
    ],
    "a coordinator who got the consent to SIG": [
        make_notice("b1", ago(26)), make_notice("b2", ago(27)), make_notice("b3", ago(28)),
        answered(TaskState.COMPLETED, 1, "repeated-notices", "sspf"), answered(TaskState.ACCEPTED, 0.5, "repeated-notices", "sspf"),
        make_consent(*SCOPES, make_sig_scope(scope_id=LATER, valid_from=ago(40)), version=2),
    ],
}  # fmt: skip


def after_its_consent(messages: list[Any]) -> dict[int, frozenset[int]]:
    """The order rule: what only a later consent covers comes after that."""
    wider = frozenset(
        place for place, one in enumerate(messages) if isinstance(one, ConsentRecord) and OTHER_SCHOOL in one.scopes
    )
    return {place: wider for place, one in enumerate(messages) if getattr(one, "agency", "") == "school-free"}


def revised(number: int, days: float, recorded: float, **changes: Any) -> Any:
    return make_absence(1, ago(days), revision=number, recorded_at=ago(recorded), **changes)


ODD_CORRECTIONS = {
    "one dated outside the consent": (None, revised(2, -300, 2), revised(3, 3, 1)),
    "one dated after the consent's end": (
        make_consent(make_scope(valid_to=ago(-1)), version=2),
        revised(2, -2, 2),
        revised(3, 3, 1),
    ),
    "one recorded after the next": (None, revised(2, 4, 0), revised(3, 3, 2)),
    "a retraction recorded after the next": (None, revised(2, 4, 0, retracted=True), revised(3, 3, 2)),
}


@pytest.mark.parametrize("name", ODD_CORRECTIONS)
def test_corrections_that_may_not_be_kept_or_are_recorded_out_of_turn_end_alike_in_every_order(name: str) -> None:
    consent, second, third = ODD_CORRECTIONS[name]
    first = make_absence(1, ago(3), recorded_at=ago(3))
    ends = {outcome([consent or make_consent(), *order])[1] for order in permutations((first, second, third))}
    assert len(ends) == 1


@pytest.mark.parametrize("messages", SCENARIOS.values(), ids=SCENARIOS)
def test_every_order_of_six_messages_and_every_restart_end_alike(messages: list[Any]) -> None:
    state = step(new_state(YOUTH), CONSENT, RULES, NOW).state
    orders = Orders(state, messages, RULES, after_its_consent(messages))
    assert orders.walked == (240 if after_its_consent(messages) else 720)  # the consent before both: one order of three
    assert len(orders.ends) == 1


@settings(max_examples=4, deadline=None)
@given(
    histories(most=6),
    st.sampled_from([None, make_consent(*SCOPES, make_sig_scope(scope_id=LATER, valid_from=ago(58)), version=2)]),
)
def test_every_order_of_any_six_ends_alike(events: list[Any], consent: ConsentRecord | None) -> None:
    messages = ([consent] if consent else []) + events
    state = step(new_state(YOUTH), CONSENT, RULES, NOW).state
    assert len(Orders(state, messages[:6], RULES).ends) == 1


@settings(max_examples=60, deadline=None)
@given(histories(most=5), st.integers(0, 200))
def test_a_step_repeated_on_the_older_state_gives_the_same_tasks(events: list[Any], position: int) -> None:
    state = step(new_state(YOUTH), CONSENT, RULES, NOW).state
    for event in events[: position % len(events)]:
        assert state is not None
        state = step(state, event, RULES, NOW).state
    assert state is not None
    event = events[position % len(events)]
    assert step(state, event, RULES, NOW) == step(from_bytes(to_bytes(state)), event, RULES, NOW)


@settings(max_examples=60, deadline=None)
@given(histories(most=5), st.lists(st.integers(1, 60 * 24 * 40), max_size=6))
def test_waking_often_or_seldom_ends_alike(events: list[Any], minutes: list[int]) -> None:
    state = step(new_state(YOUTH), CONSENT, RULES, NOW).state
    for event in events:
        assert state is not None
        state = step(state, event, RULES, NOW).state
    assert state is not None
    often = state
    for minute in sorted(minutes):
        woken = wake(often, RULES, ago(minutes=-minute)).state
        assert woken is not None
        often = woken
    end = ago(-41)
    seldom, frequent = wake(state, RULES, end).state, wake(often, RULES, end).state
    assert seldom == frequent


def six_of(seed: int) -> History:
    """The first consent of a drawn history and the six that come next, all read when the last of them has come."""
    whole = history_of(seed)
    six = [one for one in whole.arrivals if not isinstance(one.what, Consent)][:6]
    return History(whole.rules, (whole.arrivals[0], *(Arrival(six[-1].at, one.what) for one in six)), (six[-1].at,))


@pytest.mark.parametrize("lot", [1, 3, 7, 11, 13, *(pytest.param(lot, marks=pytest.mark.soak) for lot in (2, 5, 6, 9, 10))])
def test_every_order_of_six_messages_ends_alike_whatever_a_rule_says(lot: int) -> None:
    drawn = [six_of(seed) for seed in range(lot * RULE_SETS, (lot + 1) * RULE_SETS)]
    # Where something ends open, if there is such a one.
    history = max(drawn, key=lambda one: len(what_stands(one.rules, one.arrivals, one.looks[0]).open))
    rules, now = compiled(history.rules), from_ms(history.looks[0])
    consent, *messages = [as_message(one.what) for one in history.arrivals]
    state = step(new_state(YOUTH), consent, rules, now).state
    assert len(Orders(state, messages, rules, now=now).ends) == 1
