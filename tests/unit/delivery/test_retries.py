from __future__ import annotations

from datetime import timedelta

import pytest

from hub.delivery.retries import wait_after

SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 36_000, 86_400, 86_400]


def test_the_waits_are_those_of_standard_webhooks_and_then_once_a_day() -> None:
    assert [wait_after(number, 0.0) for number in range(1, 10)] == [timedelta(seconds=one) for one in SECONDS]


def test_chance_lengthens_a_wait_by_at_most_a_tenth_and_never_shortens_it() -> None:
    for number, seconds in enumerate(SECONDS, 1):
        assert wait_after(number, 1.0) == timedelta(seconds=seconds * 1.1)


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 5), (3.0, 5), (60.0, 60), (1e9, 86_400), (float("inf"), 86_400), (-5.0, 5)]
)
def test_a_longer_wait_that_the_receiver_asks_for_holds_up_to_a_day(asked: float | None, seconds: int) -> None:
    assert wait_after(1, 0.0, asked) == timedelta(seconds=seconds)
