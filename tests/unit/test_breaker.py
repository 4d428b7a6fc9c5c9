"""The decision of a source's circuit breaker, over histories with a clock of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.breaker import Breaker, BreakerState, asking, failed, succeeded

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
MOST = 3
PAUSE = timedelta(seconds=60)


def fail(breaker: Breaker, now: datetime = NOW, pause: timedelta = PAUSE) -> Breaker:
    return failed(breaker, now, most=MOST, pause=pause, code="source_down")


def opened() -> Breaker:
    return fail(fail(fail(Breaker())))


def test_it_opens_after_so_many_failures_in_a_row_and_not_before() -> None:
    twice = fail(fail(Breaker()))
    assert (twice.state, asking(twice, NOW)) == (BreakerState.CLOSED, twice)
    assert fail(fail(succeeded(twice))).state is BreakerState.CLOSED
    third = fail(twice)
    assert (third.state, third.since, third.retry_at, third.code) == (BreakerState.OPEN, NOW, NOW + PAUSE, "source_down")


def test_an_open_one_is_asked_nothing_until_its_pause_is_over_and_then_tried() -> None:
    breaker = opened()
    assert asking(breaker, NOW + PAUSE - timedelta(microseconds=1)) is None
    tried = asking(breaker, NOW + PAUSE)
    assert tried is not None
    assert tried.state is BreakerState.HALF_OPEN


def test_one_failure_while_it_tries_opens_it_again_and_a_success_closes_it() -> None:
    tried = asking(opened(), NOW + PAUSE)
    assert tried is not None
    again = fail(tried, NOW + PAUSE, 2 * PAUSE)
    assert (again.state, again.openings, again.since, again.retry_at) == (BreakerState.OPEN, 2, NOW, NOW + 3 * PAUSE)
    assert succeeded(tried) == Breaker()


STEPS = st.lists(st.tuples(st.floats(0, 200), st.booleans(), st.floats(5, 120)), max_size=60)


@given(STEPS)
def test_whatever_happens_a_source_is_asked_once_a_pause_at_most_and_again_when_it_is_over(steps) -> None:
    """The model keeps nothing but the answers: a run of failures, and when the last of it was over."""
    breaker, now, run, free = Breaker(), NOW, 0, NOW
    for seconds, answers, pause in steps:
        now += timedelta(seconds=seconds)
        admitted = asking(breaker, now)
        assert (admitted is not None) == (run < MOST or now >= free), "asked exactly when it may be"
        if admitted is None:
            continue
        assert admitted.state is (BreakerState.HALF_OPEN if run >= MOST else BreakerState.CLOSED)
        run = 0 if answers else run + 1
        free = now + timedelta(seconds=pause)
        breaker = succeeded(admitted) if answers else fail(admitted, now, timedelta(seconds=pause))
        assert breaker.state is (BreakerState.OPEN if run >= MOST else BreakerState.CLOSED)
        assert breaker.failures == run
