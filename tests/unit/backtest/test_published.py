from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.backtest.figures import OURS, THEIRS, as_data
from hub.backtest.published import Published, publish
from hub.backtest.tally import Kind, Tally, TaskCell
from hub.core.suppression import Band
from hub.errors import RejectedError
from tests.unit.backtest.make import make_question

SINCE, UNTIL = datetime(2025, 5, 5, tzinfo=UTC), datetime(2025, 5, 25, 20, tzinfo=UTC)
PLAN = make_question(since=SINCE, until=UNTIL).plan()
WEEKS = ("2025-W19", "2025-W20", "2025-W21")


def tally(numbers: dict[Kind, Sequence[int]], **more) -> Tally:
    found = Tally(youths=100, **more)
    found.schools.update({"school-a": 60, "school-b": 40})
    found.areas.update({"0581-hageby": 100})
    for kind, by_week in numbers.items():
        for week, number in zip(WEEKS, by_week, strict=True):
            if number:
                found.tasks[TaskCell(kind, "outreach", "school_attendance", "absence", week)] = number
    return found


def figures(numbers: dict[Kind, Sequence[int]], **more) -> Published:
    return publish(tally(numbers, **more), PLAN)


def test_every_week_that_was_asked_for_is_there() -> None:
    assert figures({}).weeks == WEEKS


def test_load_and_difference_are_shown_week_by_week_and_in_all() -> None:
    found = figures({Kind.BOTH: (10, 20, 30), Kind.NEW: (5, 0, 6), Kind.KEPT: (11, 20, 29), Kind.GONE: (0, 7, 0)})
    assert [found.tasks(*OURS, week=week) for week in WEEKS] == [Band(15, 23), Band(20, 24), Band(35, 43)]
    assert [found.tasks(*THEIRS, week=week, team="outreach") for week in WEEKS] == [Band(10, 14), Band(25, 33), Band(25, 29)]
    assert found.tasks(Kind.GONE) == Band(5, 9)
    assert found.tasks(*OURS, rule="absence") == Band(70, 78)
    assert found.tasks(*OURS, team="sig").exact == 0


def test_a_small_week_is_a_band_in_every_sum_that_it_enters() -> None:
    found = figures({Kind.BOTH: (10, 20, 30), Kind.NEW: (3, 2, 9)})
    assert found.tasks(*OURS, week=WEEKS[0]) == Band(11, 18)
    assert found.tasks(*OURS) == Band(70, 78)
    week = as_data(found)["weeks"][0]
    assert (week["both_between"], week["only_candidate"], week["only_candidate_between"]) == ([10, 14], None, [1, 4])


def test_too_few_youths_are_refused() -> None:
    few = tally({})
    few.youths = 4
    with pytest.raises(RejectedError, match="fewer than 5 youths") as refused:
        publish(few, PLAN)
    assert refused.value.code == "too_few_youths"


def test_how_many_were_left_out_is_small_or_told() -> None:
    found = tally({})
    found.left_out.update({"withdrawn": 3, "suspended": 12})
    assert publish(found, PLAN).left_out == {"withdrawn": Band(1, 4), "suspended": Band(10, 14)}


def test_until_when_windows_are_not_full_is_told() -> None:
    for day in (28, 30):
        assert figures({}, first=datetime(2025, 4, day, tzinfo=UTC)).cold_until == date(2025, 5, 19)
    assert figures({}, first=datetime(2025, 4, 20, tzinfo=UTC)).cold_until is None
    assert figures({}).cold_until is None


def test_of_the_history_only_weeks_are_told() -> None:
    found = figures({}, first=datetime(2025, 5, 4, 21, 59, tzinfo=UTC), last=datetime(2025, 5, 18, 22, tzinfo=UTC))
    history = as_data(found)["history"]
    assert (history["first_week"], history["last_week"]) == ("2025-W18", "2025-W21")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(Kind)), st.lists(st.integers(0, 12), min_size=3, max_size=3)))
def test_no_figure_of_a_document_is_a_number_but_none(numbers: dict[Kind, list[int]]) -> None:
    document = as_data(figures(numbers, events=1234))
    document.pop("in_steps_of")
    document.pop("not_shown_below")
    assert set(_numbers(document)) <= {0}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(list(Kind)), st.lists(st.integers(0, 12), min_size=3, max_size=3)))
def test_every_figure_lies_where_it_is_said_to(numbers: dict[Kind, list[int]]) -> None:
    found = figures(numbers)
    for place, week in enumerate(WEEKS):
        band = found.tasks(*OURS, week=week)
        true = sum(numbers.get(kind, [0, 0, 0])[place] for kind in OURS)
        assert band.least <= true
        assert band.most is None or true <= band.most


def _numbers(value: object) -> list[int]:
    if isinstance(value, dict):
        return [number for name, one in value.items() if not name.endswith("_between") for number in _numbers(one)]
    if isinstance(value, list):
        return [number for one in value for number in _numbers(one)]
    return [value] if isinstance(value, int) else []


def test_places_with_few_youths_are_told_together_and_with_the_next_if_they_are_still_few() -> None:
    found = tally({})
    found.schools = Counter({"school-a": 88, "school-b": 8, "school-c": 3, "": 1})
    assert publish(found, PLAN).schools.youths == {"school-a": Band(85, 89), "*": Band(10, 14)}
    found.schools = Counter({"school-a": 87, "school-b": 8, "school-c": 3, "": 2})
    assert publish(found, PLAN).schools.youths == {"school-a": Band(85, 89), "school-b": Band(5, 9), "*": Band(5, 9)}
    found.schools = Counter({"school-a": 50, "school-b": 50})
    assert publish(found, PLAN).schools.youths == {"school-a": Band(50, 54), "school-b": Band(50, 54)}


def test_youths_with_a_task_are_told_by_school_and_by_area() -> None:
    found = tally({Kind.BOTH: (20, 20, 20)})
    found.schools = Counter({"school-a": 60, "school-b": 34, "school-c": 1, "school-d": 5})
    found.by_school.update({("absence", "school-a"): 30, ("absence", "school-c"): 1, ("absence", "school-d"): 5})
    found.by_area["absence", "0581-hageby"] = 36
    shown = publish(found, PLAN)
    assert shown.youths_by_rule["absence"] == Band(35, 39)
    assert shown.schools.with_task["absence"] == {"school-a": Band(30, 34), "school-b": Band(0, 0), "*": Band(5, 9)}
    assert shown.areas.with_task["absence"] == {"0581-hageby": Band(35, 39)}


def test_no_breakdown_is_shown_where_it_would_give_a_small_number_away() -> None:
    found = figures({Kind.BOTH: (4, 0, 0), Kind.NEW: (20, 20, 20)})
    assert found.tasks(Kind.BOTH) == Band(1, 4)
    assert [found.tasks(Kind.BOTH, week=week) for week in WEEKS] == [Band(0, 4)] * 3
    assert found.tasks(Kind.BOTH, rule="absence") == Band(0, 4)
    assert found.tasks(Kind.NEW) == Band(60, 64)


def test_the_document_is_json() -> None:
    assert json.loads(json.dumps(as_data(figures({Kind.NEW: (9, 9, 9)}))))["rules"][0]["candidate_between"] == [25, 29]
