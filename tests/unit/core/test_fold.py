"""What is held: repeats, revisions, retention."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.core.fold import fold_event, kind_and_code
from hub.core.instants import to_ms
from hub.core.state import MAX_HELD, Held, new_state, to_bytes
from hub.core.step import Drop, step, wake

from .make import NOW, YOUTH, ago, event_id, make_absence, make_consent, make_notice, make_observation, make_place_event
from .make_rules import RULES, emitted, last, make_rules, run


def test_a_repeat_changes_nothing_at_all() -> None:
    event = make_absence(1, ago(1))
    first, again = run(event, event)
    assert again.outcome == "duplicate"
    assert again.state is first.state
    assert again.wake_at == first.wake_at


def test_what_is_kept_or_known_is_counted_as_no_drop() -> None:
    corrected = make_absence(1, ago(1), 30, revision=2)
    steps = run(make_absence(1, ago(1)), corrected, corrected)
    assert [(one.outcome, one.drops) for one in steps] == [("processed", ()), ("processed", ()), ("duplicate", ())]


def test_the_state_that_a_step_was_given_stays_as_it_was() -> None:
    state = last(run(make_absence(1, ago(3)), make_absence(2, ago(1))))
    before = to_bytes(state)
    for event in (make_absence(3, ago(2)), make_absence(1, ago(0.5), 30, revision=2), make_absence(2, ago(1), revision=2)):
        assert to_bytes(step(state, event, RULES, NOW).state) != before
        assert to_bytes(state) == before


def test_a_repeat_too_forgets_what_has_left_every_window() -> None:
    known = make_absence(2, ago(1))
    state = last(run(make_absence(1, ago(50)), known))
    one = step(state, known, RULES, ago(50) + timedelta(days=56))
    assert one.outcome == "duplicate"
    assert [event for _, event, _ in one.state.held()] == [event_id(2)]


def test_an_older_revision_that_comes_late_is_a_duplicate() -> None:
    steps = run(make_absence(1, ago(1), 480, revision=2), make_absence(1, ago(1), 10))
    assert [one.outcome for one in steps] == ["processed", "duplicate"]
    assert len(last(steps).episodes) == 1


def test_what_is_held_stands_as_it_occurred_however_late_it_is_told_or_corrected() -> None:
    days = {1: 5, 2: 2, 3: 9, 4: 2, 5: 1, 6: 5}
    told = [make_absence(number, ago(before)) for number, before in days.items()]
    rows = last(run(*told, make_absence(5, ago(7), revision=2))).events["school_absence"]
    assert [*rows] == [event_id(number) for number in (3, 5, 1, 6, 2, 4)]


def test_an_event_older_than_every_window_is_refused_and_leaves_no_trace() -> None:
    (one,) = run(make_absence(1, ago(56), 60))
    assert (one.outcome, one.drops) == ("refused", (Drop("too_old", intentional=True),))
    assert one.state.events == {}


def test_the_correction_of_what_was_never_told_is_refused_without_a_trace_when_it_too_is_older_than_every_window() -> None:
    state = step(new_state(YOUTH), make_consent(), RULES, NOW).state
    old = make_absence(1, ago(150), revision=2, recorded_at=ago(140))
    folded = fold_event(state, {}, old, to_ms(NOW), RULES.longest_ms)
    assert (folded.outcome, folded.reason, folded.events) == ("refused", "too_old", {})


def test_a_correction_into_the_distant_past_displaces_what_it_corrects() -> None:
    steps = run(make_absence(1, ago(1), 480), make_absence(1, ago(90), 480, revision=2))
    assert emitted(steps)[-1] == ("ground_lost", "absence-alone", "outreach")
    assert last(steps).events["school_absence"][event_id(1)].code == ""


def test_events_are_forgotten_after_the_longest_window() -> None:
    (one,) = run(make_absence(1, ago(1), 60))
    assert one.wake_at is not None
    assert timedelta() <= one.wake_at - (ago(1) + timedelta(days=56)) < timedelta(days=1)
    later = wake(one.state, RULES, one.wake_at)
    assert (later.state.events, later.wake_at) == ({}, None)


def test_content_of_a_corrected_event_goes_when_its_own_time_is_over() -> None:
    (one,) = run(make_absence(1, ago(50), 60, revision=2))
    later = wake(one.state, RULES, NOW + timedelta(days=10)).state
    assert [held.code for _, _, held in later.held()] == [""]
    assert wake(later, RULES, NOW + timedelta(days=57)).state.events == {}


def test_a_state_that_is_full_refuses_new_events_but_takes_corrections() -> None:
    state = last(run(make_absence(1, ago(1))))
    crowd = {event_id(number): Held(1, held.occurred_ms, held.keep_ms, "excused", 1, held.agency, may_tell=True)
             for number in range(MAX_HELD) for _, _, held in state.held()}  # fmt: skip
    full = type(state)(YOUTH, state.consent, {"school_absence": crowd}, rules_digest=state.rules_digest)
    assert step(full, make_absence("a" * 40, ago(1)), RULES, NOW).drops == (Drop("state_full", intentional=False),)
    assert step(full, make_absence(5, ago(1), revision=2), RULES, NOW).outcome == "processed"


def test_a_displaced_event_of_the_future_does_not_come_back_when_its_retraction_is_old() -> None:
    rules, now = make_rules(), NOW.replace(hour=22)
    coming = make_absence(1, now + timedelta(days=1), 480, recorded_at=now)
    gone = make_absence(1, now, 480, revision=2, retracted=True, recorded_at=now + timedelta(hours=1))
    soon, late = now + timedelta(hours=1), now + timedelta(days=10, hours=3)
    states = [last(run(*order, rules=rules, now=soon)) for order in ((coming, gone), (gone, coming))]
    assert to_bytes(states[0]) == to_bytes(states[1])
    assert step(wake(states[0], rules, late).state, coming, rules, late).outcome == "duplicate"


def test_what_rules_know_an_event_by_is_asked_of_events_about_a_person_alone() -> None:
    assert kind_and_code(make_absence(1, ago(1))) == ("school_absence", "unexcused")
    assert kind_and_code(make_notice(1, ago(1))) == ("police_notice", "narcotics")
    assert kind_and_code(make_observation(1, ago(1))) == ("risk_event", "recruitment")
    with pytest.raises(TypeError):
        kind_and_code(make_place_event(1, ago(1)))  # type: ignore[arg-type]
