"""Before and after, by arithmetic that can be followed by hand: what is unknown is never nothing, and few are not shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract.models import AbsenceKind, InfoKind, PoliceCategory
from hub.core.outcomes import (
    Compared,
    Course,
    Direction,
    Ended,
    Outcomes,
    Tallied,
    closing_suggested,
    outcomes_of,
    summarised,
)
from hub.core.suppression import Band, small

from .make import make_absence, make_notice, make_observation

START, END = datetime(2025, 1, 20, 7, tzinfo=UTC), datetime(2025, 9, 1, 7, tzinfo=UTC)
SPAN = timedelta(days=28)
ALWAYS = [(START - timedelta(days=400), END + timedelta(days=1))]
HEARD = {InfoKind.SCHOOL_ABSENCE: ALWAYS, InfoKind.POLICE_NOTICE: ALWAYS}
COURSE = Course(START, END, 28, worry_at_start=4, worry_at_end=2)
MILLISECOND = timedelta(milliseconds=1)
NEVER = Compared(None, None)


def lesson(number: int, at: datetime, minutes: int, offered: int | None = None, **rest: Any) -> Any:
    return make_absence(number, at, minutes, **rest).model_copy(update={"offered_minutes": offered})


def outcomes(*events: Any, course: Course = COURSE, heard: Any = None) -> Outcomes:
    return outcomes_of(events, course, HEARD if heard is None else heard)


def test_absence_is_minutes_per_week_before_the_start_and_before_the_end() -> None:
    events = [lesson(1, START - timedelta(days=1), 300), lesson(2, START - timedelta(days=20), 100), lesson(3, END - SPAN, 70)]
    found = outcomes(*events).absence
    assert found == Compared(100, Fraction(70, 4))
    assert found.direction is Direction.DOWN


def test_what_lies_outside_the_spans_counts_for_neither() -> None:
    outside = [START - SPAN - MILLISECOND, START, END - SPAN - MILLISECOND, END]
    assert outcomes(*(lesson(number, at, 60) for number, at in enumerate(outside))).absence == Compared(0, 0)
    assert outcomes(lesson(1, START - SPAN, 60), lesson(2, END - MILLISECOND, 60)).absence == Compared(15, 15)


def test_reported_absence_and_what_was_taken_back_do_not_count() -> None:
    at = START - timedelta(days=1)
    assert outcomes(lesson(1, at, 60, kind=AbsenceKind.EXCUSED), lesson(2, at, 60, retracted=True)).absence == Compared(0, 0)


def test_a_rate_is_of_the_lessons_whose_length_is_known() -> None:
    before, after = START - timedelta(days=1), END - timedelta(days=1)
    events = [lesson(1, before, 60, 60), lesson(2, before, 40, 60, kind=AbsenceKind.EXCUSED), lesson(3, before, 60)]
    assert outcomes(*events).absence_rate == Compared(50, None)
    assert outcomes(*events).absence_rate.direction is Direction.UNKNOWN
    assert outcomes(*events, lesson(4, after, 0, 60)).absence_rate == Compared(50, 0)


def test_notices_are_counted_but_not_those_in_which_the_youth_is_the_victim() -> None:
    before, after = START - timedelta(days=1), END - timedelta(days=1)
    victim = make_notice(9, after, PoliceCategory.VIOLENCE_VICTIM)
    found = outcomes(make_notice(1, before), make_notice(2, before), make_notice(3, after), victim, make_observation(4, after))
    assert found.notices == Compared(2, 1)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (4, 2, Direction.DOWN), (2, 2, Direction.SAME), (2, 3, Direction.UP), (0, 0, Direction.SAME),
        (None, 2, Direction.UNKNOWN), (2, None, Direction.UNKNOWN), (None, None, Direction.UNKNOWN),
    ],
)  # fmt: skip
def test_worry_goes_where_its_scale_says(start: int | None, end: int | None, expected: Direction) -> None:
    course = COURSE._replace(worry_at_start=start, worry_at_end=end)
    assert outcomes(course=course).worry.direction is expected


def test_a_time_in_which_a_source_could_not_be_heard_is_unknown_and_not_nothing() -> None:
    late = [(START - SPAN + MILLISECOND, END)]
    found = outcomes(heard={InfoKind.SCHOOL_ABSENCE: late, InfoKind.POLICE_NOTICE: ALWAYS})
    assert found.absence == Compared(None, 0)
    assert found.absence.direction is Direction.UNKNOWN
    assert found.notices == Compared(0, 0)
    assert outcomes(heard={}).notices == NEVER


@pytest.mark.parametrize(("gap", "known"), [(timedelta(0), True), (MILLISECOND, False)])
def test_times_that_meet_are_one_and_a_gap_is_unknown(gap: timedelta, known: bool) -> None:
    middle = END - timedelta(days=9)
    spans = [(middle + gap, END), (END - SPAN, middle)]
    assert (outcomes(heard={InfoKind.POLICE_NOTICE: spans}).notices.after == 0) is known


def test_a_course_shorter_than_its_span_says_nothing_but_of_worry() -> None:
    assert outcomes(course=COURSE._replace(end=START + SPAN)).absence == Compared(0, 0)
    short = outcomes(course=COURSE._replace(end=START + SPAN - MILLISECOND))
    assert (short.absence, short.absence_rate, short.notices) == (NEVER, NEVER, NEVER)
    assert short.worry.direction is Direction.DOWN


@pytest.mark.parametrize("changes", [{"span_days": 0}, {"end": START}], ids=str)
def test_what_is_no_course_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a course has a start, a later end"):
        outcomes(course=COURSE._replace(**changes))


LESSONS = st.lists(st.tuples(st.integers(-40 * 24, 260 * 24), st.integers(0, 200)), max_size=12)


@given(LESSONS, st.integers(1, 60))
def test_minutes_per_week_are_the_sum_over_the_span(lessons: list[tuple[int, int]], span: int) -> None:
    events = [lesson(number, START + timedelta(hours=hours), minutes) for number, (hours, minutes) in enumerate(lessons)]
    found = outcomes(*events, course=COURSE._replace(span_days=span)).absence
    ends = (END - START) // timedelta(hours=1)
    for edge, value in ((0, found.before), (ends, found.after)):
        assert value is not None
        assert value * span == 7 * sum(minutes for hours, minutes in lessons if edge - 24 * span <= hours < edge)


GOOD = Outcomes(Compared(100, 20), NEVER, Compared(3, 0), Compared(3, 3))


@pytest.mark.parametrize(
    ("changes", "suggested"),
    [
        ({}, True),
        ({"absence": (0, 0)}, True),
        ({"absence": (None, 0)}, True),
        ({"absence": (None, 20)}, False),
        ({"absence": (20, 20)}, False),
        ({"absence": (20, 21)}, False),
        ({"absence": (20, None)}, False),
        ({"notices": (None, 0)}, True),
        ({"notices": (3, 1)}, False),
        ({"notices": (0, None)}, False),
        ({"worry": (3, 2)}, True),
        ({"worry": (3, 4)}, False),
        ({"worry": (3, None)}, False),
        ({"worry": (None, 1)}, False),
    ],
    ids=str,
)
def test_closing_is_suggested_when_all_three_hold_and_are_known(changes: dict[str, Any], suggested: bool) -> None:
    values = {name: getattr(GOOD, name) for name in ("absence", "absence_rate", "notices", "worry")}
    found = Outcomes(**values | {name: Compared(*pair) for name, pair in changes.items()})
    assert closing_suggested(found) is suggested


def ended(*worries: tuple[int | None, int | None], team: str = "sspf", end: datetime = END) -> list[Ended]:
    return [Ended(team, end, Outcomes(GOOD.absence, NEVER, GOOD.notices, Compared(*pair))) for pair in worries]


def worry_of(*worries: tuple[int | None, int | None]) -> Tallied:
    (summary,) = summarised(ended(*worries), date(2026, 1, 1)).values()
    return summary.outcomes["worry"]


def test_a_year_is_told_with_its_directions_and_medians() -> None:
    (summary,) = summarised(ended(*[(4, 2)] * 5, (5, 3)), date(2026, 1, 1)).values()
    assert summary.youths == Band(6, 6)
    assert set(summary.outcomes) == {"absence", "notices", "worry"}
    assert {way: band.exact for way, band in summary.outcomes["worry"].directions.items()} == {
        Direction.DOWN: 6, Direction.SAME: 0, Direction.UP: 0, Direction.UNKNOWN: 0,
    }  # fmt: skip
    assert summary.outcomes["worry"][1:] == (4, 2)
    assert worry_of(*[(4, 2)] * 3, *[(5, 2)] * 3)[1:] == (Fraction(9, 2), 2)


def test_of_fewer_than_five_nothing_is_shown_but_that() -> None:
    (summary,) = summarised(ended(*[(4, 2)] * 4), date(2026, 1, 1)).values()
    assert (summary.youths, summary.outcomes) == (Band(1, 4), {})


def test_a_few_among_many_are_hidden_with_company_and_take_the_medians_with_them() -> None:
    found = worry_of(*[(4, 2)] * 9, (2, 3))
    assert found.directions[Direction.UP].exact is None
    assert found.directions[Direction.DOWN].exact is None
    assert found[1:] == (None, None)


def test_medians_are_of_those_that_are_known_and_of_five_at_least() -> None:
    assert worry_of(*[(4, 2)] * 5, *[(None, 1)] * 5)[1:] == (4, 2)
    assert worry_of(*[(None, 1)] * 9)[1:] == (None, None)


def test_a_year_is_the_stockholm_year_of_the_end_and_is_told_when_it_is_over() -> None:
    midnight = datetime(2025, 12, 31, 23, tzinfo=UTC)  # in Stockholm the new year has begun
    rows = [*ended(*[(4, 2)] * 5, end=midnight - MILLISECOND), *ended(*[(4, 2)] * 6, end=midnight)]
    assert list(summarised(rows, date(2025, 12, 31))) == []
    assert list(summarised(rows, date(2026, 12, 31))) == [("sspf", 2025)]
    both = summarised([*rows, *ended(*[(4, 2)] * 7, team="a")], date(2027, 1, 1))
    assert {key: one.youths.exact for key, one in both.items()} == {("a", 2025): 7, ("sspf", 2025): 5, ("sspf", 2026): 6}


PAIRS = {Direction.DOWN: (3, 2), Direction.SAME: (2, 2), Direction.UP: (2, 3), Direction.UNKNOWN: (None, 2)}


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({way: st.integers(0, 8) for way in Direction}))
def test_no_small_number_of_a_year_follows_from_what_is_shown(numbers: dict[Direction, int]) -> None:
    total = sum(numbers.values())
    told = summarised(ended(*(PAIRS[way] for way, many in numbers.items() for _ in range(many))), date(2026, 1, 1))
    if total < 5:
        assert all(one.outcomes == {} for one in told.values())
        return
    found = told["sspf", 2025].outcomes["worry"]
    ends = [range(found.directions[way].least, min(total, found.directions[way].most or total) + 1) for way in Direction]
    solutions = [one for one in product(*ends) if sum(one) == total]
    assert tuple(numbers[way] for way in Direction) in solutions
    for place, way in enumerate(Direction):
        if small(numbers[way]):
            assert len({one[place] for one in solutions}) > 1
            assert found.before is None
