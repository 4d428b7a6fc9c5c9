"""Presence tasks from place events."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, permutations

import pytest

from hub.contract import ids
from hub.contract.models import PlaceCategory
from hub.core.place import PlaceStep, new_place_state, place_from_bytes, place_step, place_to_bytes, place_wake
from hub.core.rules import compile_rules, parse_rules
from hub.core.state import MAX_HELD, StateError
from hub.core.step import Drop

from .make import NOW, ago, event_id, make_place_event
from .make_rules import ALWAYS, RULES, SHIPPED

AREA = "0581-hageby"
FRIDAY = datetime(2025, 5, 16, 10, tzinfo=UTC)


def run(*events, area=AREA, now=NOW, state=None) -> list[PlaceStep]:
    state, steps = state or new_place_state(area), []
    for event in events:
        steps.append(place_step(state, event, RULES, now))
        state = steps[-1].state
    return steps


def told(steps) -> list[tuple[str, str]]:
    return [(task.action.value, task.week) for one in steps for task in one.tasks]


def test_five_incidents_in_a_week_propose_presence_once() -> None:
    steps = run(
        make_place_event(1, FRIDAY, 3),
        make_place_event(2, FRIDAY, 2, category=PlaceCategory.VIOLENCE),
        make_place_event(3, FRIDAY),
    )
    assert told(steps) == [("open", "2025-W20")]
    task = steps[1].tasks[0]
    assert task.task_id == ids.task_id(AREA, "place-presence", "2025-W20")
    assert (task.incidents, task.at_least, task.window_days, task.first_at, task.last_at) == (5, 5, 7, FRIDAY, FRIDAY)
    assert task.categories == (PlaceCategory.DISORDER, PlaceCategory.VIOLENCE)


def test_four_are_not_enough() -> None:
    assert told(run(make_place_event(1, FRIDAY, 4))) == []


def test_other_categories_do_not_count() -> None:
    events = [make_place_event(n, FRIDAY, 9, category=c) for n, c in enumerate((PlaceCategory.THEFT, PlaceCategory.TRAFFIC))]
    assert told(run(*events)) == []


def test_what_occurred_before_an_area_was_exposed_does_not_count_however_late_it_is_told() -> None:
    since = datetime(2025, 5, 16, 9, tzinfo=UTC)
    rules = compile_rules(SHIPPED, exposed_areas={AREA: ((since, ALWAYS[0][1]),)})
    state = place_step(new_place_state(AREA), make_place_event(1, since - timedelta(minutes=1), 9), rules, NOW).state
    assert not state.proposals
    assert place_step(state, make_place_event(2, since, 5), rules, NOW).tasks[0].incidents == 5


def test_what_occurred_while_an_area_was_exposed_counts_although_it_is_so_no_more() -> None:
    until = FRIDAY + timedelta(hours=1)
    rules = compile_rules(SHIPPED, exposed_areas={AREA: ((ALWAYS[0][0], until),)})
    step = place_step(new_place_state(AREA), make_place_event(1, FRIDAY, 5), rules, NOW)
    assert [task.incidents for task in step.tasks] == [5]
    assert not place_step(new_place_state(AREA), make_place_event(1, until, 9), rules, NOW).tasks


def test_an_area_not_marked_exposed_gets_no_task() -> None:
    assert told(run(make_place_event(1, FRIDAY, 9, area="0581"), area="0581")) == []


@pytest.mark.parametrize(("at", "opens"), [(ago(7), False), (ago(7) + timedelta(milliseconds=1), True), (NOW, True)])
def test_the_window_is_half_open(at: datetime, opens: bool) -> None:
    assert bool(told(run(make_place_event(1, at, 5)))) is opens


def test_the_week_is_the_swedish_one_of_the_event_with_which_they_sufficed() -> None:
    sunday_evening = datetime(2025, 5, 18, 21, 59, tzinfo=UTC)
    assert told(run(make_place_event(1, sunday_evening, 5))) == [("open", "2025-W20")]
    assert told(run(make_place_event(1, sunday_evening + timedelta(minutes=1), 5))) == [("open", "2025-W21")]


def test_every_order_within_a_week_proposes_the_same_task() -> None:
    events = [make_place_event(n, FRIDAY - timedelta(hours=n), 2) for n in range(4)]
    for order in permutations(events):
        steps = run(*order)
        assert told(steps) == [("open", "2025-W20")]
        assert steps[-1].state.reports == run(*events)[-1].state.reports


def test_repeats_and_older_revisions_change_nothing() -> None:
    first = run(make_place_event(1, FRIDAY, 5, revision=2))[0]
    for event in (make_place_event(1, FRIDAY, 5, revision=2), make_place_event(1, FRIDAY, 1)):
        again = place_step(first.state, event, RULES, NOW)
        assert (again.outcome, again.state is first.state) == ("duplicate", True)


def test_a_correction_loses_the_ground_and_a_second_one_may_find_it_again() -> None:
    steps = run(
        make_place_event(1, FRIDAY, 5), make_place_event(1, FRIDAY, 4, revision=2), make_place_event(1, FRIDAY, 6, revision=3)
    )
    assert told(steps) == [("open", "2025-W20"), ("ground_lost", "2025-W20"), ("open", "2025-W20")]
    opened, lost, again = (one.tasks[0] for one in steps)
    assert opened.task_id == lost.task_id
    assert again.task_id == ids.task_id(AREA, "place-presence", "2025-W20#2"), "a replay must give it that id again"
    assert (lost.incidents, lost.first_at) == (4, FRIDAY)


def test_a_retraction_of_everything_still_tells_what_the_task_was_opened_on() -> None:
    steps = run(make_place_event(1, FRIDAY, 5), make_place_event(1, FRIDAY, 5, revision=2, retracted=True))
    lost = steps[1].tasks[0]
    assert (lost.incidents, lost.first_at, lost.last_at, lost.categories) == (0, FRIDAY, FRIDAY, ())
    assert steps[1].state.reports[event_id(1)].category == ""


def test_ground_that_ages_ends_silently_and_a_late_correction_then_recalls_nothing() -> None:
    (opened,) = run(make_place_event(1, FRIDAY, 5))
    later = FRIDAY + timedelta(days=7)
    assert place_wake(opened.state, RULES, later).tasks == ()
    assert place_step(opened.state, make_place_event(1, FRIDAY, 1, revision=2), RULES, later).tasks == ()


def test_trouble_that_goes_on_proposes_the_next_week_too() -> None:
    (opened,) = run(make_place_event(1, FRIDAY, 5))
    tuesday = datetime(2025, 5, 20, 18, tzinfo=UTC)
    (more,) = run(make_place_event(2, tuesday, 5), state=opened.state, now=tuesday)
    assert more.tasks == (), "until Friday's report leaves, the week's task stands"
    assert more.wake_at == FRIDAY + timedelta(days=7)
    assert told([place_wake(more.state, RULES, more.wake_at)]) == [("open", "2025-W21")]


def test_a_late_report_sends_nobody_to_last_week() -> None:
    monday = datetime(2025, 5, 19, 4, tzinfo=UTC)
    steps = run(make_place_event(1, monday, 5), make_place_event(2, FRIDAY, 5))
    assert told(steps) == [("open", "2025-W21")]


def test_no_weeks_task_has_an_id_twice_however_many_weeks_have_been_recalled_since() -> None:
    """Each week's one report is taken back; then a report of the first week comes late, which the longest window still counts."""
    a_year = {
        "about": "place", "id": "a-year", "title_sv": "T", "title_en": "T", "rationale": "", "owner": "test",
        "categories": ["disorder"], "at_least": 1, "within_days": 366,
    }  # fmt: skip
    rules = compile_rules(parse_rules({"version": "1", "owner": "test", "rules": [a_year]}), exposed_areas={AREA: ALWAYS})
    state, opened = new_place_state(AREA), list[str]()
    reports = [make_place_event(number, ago(7 * (52 - number))) for number in range(52)]
    taken_back = [make_place_event(number, ago(7 * (52 - number)), revision=2, retracted=True) for number in range(52)]
    for report in (*chain.from_iterable(zip(reports, taken_back, strict=True)), make_place_event(99, ago(7 * 52))):
        done = place_step(state, report, rules, NOW)
        state = place_from_bytes(place_to_bytes(done.state))
        opened += [task.task_id for task in done.tasks if task.action.value == "open"]
    assert len(opened) == len(set(opened)) == 53


def test_a_recalled_week_is_forgotten_when_nothing_of_it_can_count() -> None:
    state = new_place_state(AREA)
    for weeks in range(120):
        at = NOW + timedelta(weeks=weeks)
        report = make_place_event(weeks, at - timedelta(hours=1), 5)
        for event in (report, make_place_event(weeks, at, revision=2, retracted=True, recorded_at=at)):
            state = place_step(state, event, RULES, at).state
    assert [len(weeks) for weeks in state.recalled.values()] == [54]


def test_over_a_weeks_end_the_order_decides_the_week_only_by_which_reports_were_told_when_they_first_sufficed() -> None:
    sunday, monday = datetime(2025, 5, 18, 20, tzinfo=UTC), datetime(2025, 5, 19, 4, tzinfo=UTC)
    before = [make_place_event(number, sunday - timedelta(hours=9 * number)) for number in range(5)]
    after = make_place_event(5, monday)
    weeks, held = Counter[str](), run(*before, after)[-1].state.reports
    for order in permutations([*before, after]):
        steps = run(*order)
        ((action, week),) = told([*steps, place_wake(steps[-1].state, RULES, NOW)])
        assert (action, week) == ("open", "2025-W20" if order[-1] is after else "2025-W21")
        assert steps[-1].state.reports == held
        weeks[week] += 1
    assert weeks == {"2025-W20": 120, "2025-W21": 600}, "once, whatever the order"


def test_a_planned_event_counts_from_its_time_on() -> None:
    evening = NOW + timedelta(hours=12)
    (kept,) = run(make_place_event(1, evening, 5, category=PlaceCategory.GATHERING))
    assert (kept.tasks, kept.wake_at) == ((), evening)
    assert told([place_wake(kept.state, RULES, evening)]) == [("open", "2025-W21")]


def test_what_is_older_than_the_window_is_refused() -> None:
    (one,) = run(make_place_event(1, ago(8), 9))
    assert (one.outcome, one.drops, one.state.reports) == ("refused", (Drop("too_old", intentional=True),), {})


def test_a_place_that_is_full_refuses_new_reports_and_says_so_but_takes_corrections() -> None:
    (one,) = run(make_place_event(1, FRIDAY))
    reports = dict.fromkeys((event_id(number) for number in range(MAX_HELD)), one.state.reports[event_id(1)])
    full = replace(one.state, reports=reports)
    new, correction = make_place_event("a" * 40, FRIDAY), make_place_event(5, FRIDAY, 2, revision=2)
    refused = place_step(full, new, RULES, NOW)
    assert (refused.outcome, refused.drops) == ("refused", (Drop("state_full", intentional=False),))
    assert place_step(full, correction, RULES, NOW).outcome == "processed"
    del reports[event_id(0)]
    assert place_step(replace(full, reports=reports), new, RULES, NOW).outcome == "processed"


def test_reports_are_forgotten_after_the_window() -> None:
    (one,) = run(make_place_event(1, FRIDAY, 1))
    assert one.wake_at is not None
    gone = place_wake(one.state, RULES, one.wake_at)
    assert (gone.state.reports, gone.wake_at) == ({}, None)


def test_an_event_of_another_area_stops_the_caller() -> None:
    with pytest.raises(ValueError, match="another area"):
        place_step(new_place_state("0581-city"), make_place_event(1, FRIDAY), RULES, NOW)


def test_the_state_survives_its_bytes() -> None:
    steps = run(make_place_event(1, FRIDAY, 5), make_place_event(1, FRIDAY, 1, revision=2), make_place_event(2, FRIDAY, 5))
    for one in steps:
        assert place_from_bytes(place_to_bytes(one.state)) == one.state


def test_equal_places_have_equal_bytes_whatever_came_first() -> None:
    events = [make_place_event(number, FRIDAY) for number in (1, 2, 3)]
    found = {place_to_bytes(run(*order)[-1].state) for order in permutations(events)}
    assert len(found) == 1


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b"\xff", b'[9,"0581-city",{},{},{},null]'])
def test_other_bytes_are_refused(value: bytes) -> None:
    with pytest.raises(StateError):
        place_from_bytes(value)
