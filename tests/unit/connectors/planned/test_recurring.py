"""Which rules are followed, and how far."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar.prop import vRecur

from connectors.planned.recurring import Budget, RefusedRule, bounded_rule
from tests.unit.connectors.planned.make import WINDOW, utc

BEGINS = datetime(2025, 3, 21, 19, tzinfo=UTC)


def bound(text: str, begins: date | datetime = BEGINS, budget: Budget | None = None):
    return bounded_rule(vRecur.from_ical(text), begins, WINDOW, budget or Budget())


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=WEEKLY;BYDAY=FR,SA", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=6;BYDAY=3SA", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYMONTHDAY=31",
    ],
)  # fmt: skip
def test_rules_as_people_write_them_are_followed_to_the_windows_end(text: str) -> None:
    assert bound(text)["UNTIL"] == [WINDOW.end]


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=6MO", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
        "FREQ=DAILY;BYDAY=MO;BYSETPOS=2", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=7", "FREQ=MONTHLY;BYDAY=-1SU,TU", "FREQ=DAILY;BYMONTHDAY=0",
    ],
)  # fmt: skip
def test_a_day_that_may_never_come_is_not_looked_for(text: str) -> None:
    with pytest.raises(RefusedRule, match="bad_recurrence"):
        bound(text)


_PART = st.one_of(
    st.sampled_from(["BYDAY=MO", "BYDAY=1MO", "BYDAY=5FR", "BYDAY=-1SU,TU", "BYDAY=52WE"]),
    st.lists(st.integers(1, 12), min_size=1, max_size=2).map(lambda found: "BYMONTH=" + ",".join(map(str, found))),
    st.lists(st.integers(-31, 31), min_size=1, max_size=2).map(lambda found: "BYMONTHDAY=" + ",".join(map(str, found))),
    st.integers(-5, 5).map(lambda n: f"BYSETPOS={n}"),
    st.integers(1, 13).map(lambda n: f"INTERVAL={n}"),
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.lists(_PART, max_size=3, unique_by=lambda part: part.partition("=")[0]),
)
def test_whatever_is_followed_comes_again_soon(frequency: str, parts: list[str]) -> None:
    text = ";".join([f"FREQ={frequency}", *parts])
    try:
        bound(text)
    except RefusedRule:
        return
    began = time.process_time()
    assert len(list(islice(rrulestr(text, dtstart=BEGINS), 2))) == 2
    assert time.process_time() - began < 0.5


def test_a_rule_ends_where_it_says_when_that_is_before_the_windows_end() -> None:
    assert bound("FREQ=WEEKLY;UNTIL=20250404T180000Z")["UNTIL"] == [utc(2025, 4, 4, 18)]
    assert bound("FREQ=DAILY;UNTIL=20250404", date(2025, 4, 1))["UNTIL"] == [date(2025, 4, 4)]
    assert bound("FREQ=WEEKLY;COUNT=3")["UNTIL"] == [utc(2025, 4, 4, 19)]
    floating = datetime(2025, 3, 21, 20)  # noqa: DTZ001 -- no zone: Swedish, and so is its end
    for text in ("FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY;UNTIL=20250404T200000"):
        assert bound(text, floating)["UNTIL"] == [datetime(2025, 4, 4, 20)]  # noqa: DTZ001


def test_the_rules_of_a_plan_look_through_so_many_days_together() -> None:
    budget = Budget()
    for _ in range(107):
        bound("FREQ=DAILY", datetime(2000, 1, 1, tzinfo=UTC), budget)
    with pytest.raises(RefusedRule, match="too_much_recurrence"):
        bound("FREQ=DAILY", datetime(2000, 1, 1, tzinfo=UTC), budget)
