"""The clock of a scenario, shared by text."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import STOCKHOLM, ManualClock, ShiftedClock, SystemClock, parse_clock, reachable, stockholm_date
from hub.errors import ConfigError

FUTURE = 4_000_000_000.0
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2))])
INSTANTS = st.builds(datetime, st.integers(1900, 2999), st.integers(1, 12), st.integers(1, 28), st.integers(0, 23), tzinfo=ZONES)


def test_without_a_setting_it_is_the_machines() -> None:
    assert isinstance(parse_clock(""), SystemClock)
    assert parse_clock("").now().tzinfo is UTC


@given(INSTANTS, st.floats(min_value=FUTURE, max_value=2 * FUTURE))
def test_the_setting_gives_another_process_the_same_clock(start: datetime, origin: float) -> None:
    clock = ShiftedClock(start, origin)
    again = parse_clock(clock.as_setting())
    assert clock.now() == again.now() == start
    assert isinstance(again, ShiftedClock)
    assert again.as_setting() == clock.as_setting()


def test_it_runs_at_the_machines_speed() -> None:
    clock = parse_clock("2025-05-19T07:30:00+02:00@1000000000")
    before = clock.now()
    assert before > datetime(2025, 5, 19, tzinfo=UTC)
    assert before <= clock.now() < before + timedelta(minutes=1)


@pytest.mark.parametrize(
    "value",
    [
        "now",
        "2025-05-19T07:30:00+02:00",
        "2025-05-19T07:30:00@1700000000",
        "2025-05-19T07:30:00+02:00@soon",
        "2025-05-19T07:30:00+02:00@1@2",
        "2025-05-19T07:30:00+02:00@nan",
        "2025-05-19T07:30:00+02:00@-inf",
        "2025-05-19T07:30:00+02:00@-1e300",
        "0001-01-01T00:00:00+14:00@1700000000",
        "9999-12-31T23:59:59+00:00@0",
        "@",
    ],
)
def test_a_setting_that_cannot_be_read_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="clock"):
        parse_clock(value)


@given(st.text(max_size=60))
def test_any_other_text_is_a_clock_or_refused(value: str) -> None:
    with contextlib.suppress(ConfigError):
        parse_clock(value).now()


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(datetime(2025, 5, 19, 7, 30, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now() == clock.now() == datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
    assert clock.advance(timedelta(days=1)) == clock.now() == datetime(2025, 5, 20, 5, 30, tzinfo=UTC)


def test_days_are_those_of_stockholm() -> None:
    assert stockholm_date(datetime(2025, 5, 18, 22, 30, tzinfo=UTC)).isoformat() == "2025-05-19"
    assert stockholm_date(datetime(2025, 1, 18, 22, 30, tzinfo=UTC)).isoformat() == "2025-01-18"


def test_what_lies_outside_the_calendar_of_utc_is_no_time() -> None:
    first = datetime(1, 1, 1, tzinfo=STOCKHOLM)
    with pytest.raises(ValueError, match="UTC"):
        reachable(first)
    assert reachable(first + timedelta(days=1)) == first + timedelta(days=1)
