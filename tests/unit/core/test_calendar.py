"""The Swedish calendar where it is likely to be wrong, by name. The reference engine and the core are asked each time."""

from __future__ import annotations

import pytest

from hub.core.instants import from_ms
from hub.core.state import new_state
from hub.core.step import step
from tests.reference.history import DAY, HOUR, MINUTE

from .agreement import as_message, compiled
from .cases import MOMENT, a_rule, at, history, holds
from .make import YOUTH

TWO_DAYS = a_rule(measure="distinct_days", at_least=2, within_days=3)


@pytest.mark.parametrize(
    ("first", "last", "two"),
    [
        ("2026-10-25 00:00", "2026-10-25 23:59:59.999", False),  # 25 hours: summer time ends
        ("2026-10-24 23:59:59.999", "2026-10-25 00:00", True),
        ("2026-10-25 23:59:59.999", "2026-10-26 00:00", True),
        ("2027-03-28 00:00", "2027-03-28 23:59:59.999", False),  # 23 hours: summer time begins
        ("2027-03-27 23:59:59.999", "2027-03-28 00:00", True),
        ("2027-03-28 23:59:59.999", "2027-03-29 00:00", True),
        ("2028-02-28 23:59:59.999", "2028-02-29 00:00", True),  # the leap day is a day
        ("2028-02-29 00:00", "2028-02-29 23:59:59.999", False),
        ("2028-02-29 23:59:59.999", "2028-03-01 00:00", True),
        ("2026-12-31 23:59:59.999", "2027-01-01 00:00", True),  # a year ends in Sweden, not in Greenwich
        ("2027-01-01 00:00", "2027-01-01 01:00", False),
    ],
)
def test_a_date_begins_at_midnight_in_sweden(first: str, last: str, two: bool) -> None:
    assert holds(TWO_DAYS, at(first), at(last)) is two


def test_the_hour_that_clocks_show_twice_is_of_one_date() -> None:
    assert at("2026-10-25 02:30", again=True) - at("2026-10-25 02:30") == HOUR
    assert not holds(TWO_DAYS, at("2026-10-25 02:30"), at("2026-10-25 02:30", again=True))


@pytest.mark.parametrize(
    ("happened", "clocks"),
    [
        ("2026-10-25 00:30", "2026-10-25 23:30"),  # an hour earlier by the clock when summer time ended
        ("2027-03-28 00:30", "2027-03-29 01:30"),  # an hour later when it began
        ("2028-02-29 12:00", "2028-03-01 12:00"),
        ("2026-12-31 12:00", "2027-01-01 12:00"),
    ],
)
def test_a_day_of_a_window_is_24_hours_whatever_the_clocks_do(happened: str, clocks: str) -> None:
    assert at(clocks) - at(happened) == DAY
    assert holds(a_rule(), at(happened), now=at(clocks) - MOMENT)
    assert not holds(a_rule(), at(happened), now=at(clocks))


MINUTE_AFTER_MIDNIGHT = a_rule(between=["00:00", "00:01"])


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28", "2028-02-29", "2027-01-01", "2026-09-09"])
def test_the_minute_after_midnight_begins_at_midnight_and_ends_before_the_next(day: str) -> None:
    midnight = at(f"{day} 00:00")
    counts = [
        holds(MINUTE_AFTER_MIDNIGHT, midnight + beside) for beside in (-MOMENT, 0, 30_000, MINUTE - MOMENT, MINUTE, 12 * HOUR)
    ]
    assert counts == [False, True, True, True, False, False]


def test_the_hour_that_does_not_exist_holds_nothing_and_the_doubled_one_counts_twice() -> None:
    rules = a_rule(between=["02:00", "03:00"])
    spring, autumn = at("2027-03-28 01:59"), at("2026-10-25 01:59")
    assert [holds(rules, spring + minutes * MINUTE) for minutes in (0, 1, 30, 60)] == [False] * 4
    assert [holds(rules, autumn + minutes * MINUTE) for minutes in (0, 1, 60, 61, 120, 121)] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_a_night_goes_over_midnight() -> None:
    rules = a_rule(between=["22:00", "06:00"])
    times = ["21:59:59.999", "22:00", "23:59:59.999", "00:00", "05:59:59.999", "06:00", "12:00"]
    assert [holds(rules, at(f"2026-09-09 {time}")) for time in times] == [False, True, True, True, True, False, False]


def test_from_a_time_to_the_same_time_is_the_whole_day() -> None:
    assert holds(a_rule(between=["12:00", "12:00"]), at("2026-09-09 11:59:59.999"))
    assert holds(a_rule(between=["12:00", "12:00"]), at("2026-09-09 12:00"))


@pytest.mark.parametrize(
    ("age", "ages", "birthday", "before", "after"),
    [
        (17, {"to": 17}, "2026-10-25", True, False),  # eighteen on the day on which summer time ends
        (17, {"from": 18}, "2027-03-28", False, True),
        (14, {"from": 15}, "2028-02-29", False, True),  # fifteen on a leap day
        (14, {"from": 15, "to": 17}, "2027-01-01", False, True),
        (14, {"to": 14}, "2026-12-31", True, False),
        (15, {"from": 15, "to": 17}, "2026-09-09", True, True),
    ],
)
def test_an_age_changes_at_midnight_in_sweden(age: int, ages: dict[str, int], birthday: str, before: bool, after: bool) -> None:
    rules, midnight = a_rule(fields={"ages": ages}), at(f"{birthday} 00:00")
    seen = midnight - HOUR
    assert holds(rules, seen, now=midnight - MOMENT, age=age, older_from=birthday) is before
    assert holds(rules, seen, now=midnight, age=age, older_from=birthday) is after


@pytest.mark.parametrize("birthday", ["2026-10-25", "2027-03-28", "2028-02-29", "2027-01-01"])
def test_a_task_tells_the_age_of_the_record_until_the_birthday_begins(birthday: str) -> None:
    midnight, rules = at(f"{birthday} 00:00"), compiled(a_rule())
    told = []
    for now in (midnight - MOMENT, midnight):
        one = history(a_rule(), now - HOUR, now=now, age=17, older_from=birthday)
        state = new_state(YOUTH)
        for arrival in one.arrivals:
            last = step(state, as_message(arrival.what), rules, from_ms(now))
            state = last.state
        told += [task.age_years for task in last.tasks]
    assert told == [17, None]


def test_a_sunset_is_the_last_date_on_which_a_rule_holds() -> None:
    for day, after in (("2026-10-25", "2026-10-26"), ("2027-03-28", "2027-03-29"), ("2028-02-29", "2028-03-01")):
        rules, seen = a_rule(fields={"sunset": day}), at(f"{day} 12:00")
        assert holds(rules, seen, now=at(f"{after} 00:00") - MOMENT)
        assert not holds(rules, seen, now=at(f"{after} 00:00"))


@pytest.mark.parametrize(
    ("seen", "counts"),
    [
        ("2026-10-23 23:59:59.999", True),  # a Friday
        ("2026-10-24 00:00", False),
        ("2026-10-25 23:59:59.999", False),  # a Sunday of 25 hours
        ("2026-10-26 00:00", False),  # free
        ("2026-10-27 00:00", True),
        ("2026-12-21 23:59:59.999", True),  # the last day of the term
        ("2026-12-22 00:00", False),
        ("2027-01-11 00:00", True),
        ("2027-01-10 23:59:59.999", False),
    ],
)
def test_a_school_day_is_a_swedish_date_of_the_calendar(seen: str, counts: bool) -> None:
    assert holds(a_rule(on_school_days=True), at(seen)) is counts


@pytest.mark.parametrize(
    ("how_many", "seen", "now", "counts"),
    [
        (1, "2026-10-23 00:00", "2026-10-26 23:59:59.999", True),  # no school since Friday
        (1, "2026-10-22 23:59:59.999", "2026-10-26 23:59:59.999", False),
        (1, "2026-10-26 23:59:59.999", "2026-10-27 00:00", False),  # Tuesday is itself the last one
        (2, "2026-10-26 23:59:59.999", "2026-10-27 00:00", True),
        (2, "2026-10-25 12:00", "2026-10-27 00:00", True),
        (3, "2026-12-18 00:00", "2027-01-12 12:00", False),  # 12 and 11 January, 21 December
        (4, "2026-12-18 00:00", "2027-01-12 12:00", True),
    ],
)
def test_the_last_school_days_are_counted_back_over_what_is_free(how_many: int, seen: str, now: str, counts: bool) -> None:
    assert holds(a_rule(within_school_days=how_many, within_days=60), at(seen), now=at(now)) is counts
