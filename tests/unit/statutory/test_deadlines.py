"""The legal clocks, in calendar days of Swedish time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.statutory.deadlines import Press, deadlines

ARRIVED = datetime(2025, 5, 18, 22, 30, tzinfo=UTC)  # half past midnight on the 19th in Sweden


@pytest.mark.parametrize(
    ("later", "protect", "decide"),
    [
        (timedelta(0), Press.FINE, Press.FINE),
        (timedelta(hours=24), Press.NEAR, Press.FINE),  # the next day: the last one
        (timedelta(hours=47), Press.NEAR, Press.FINE),
        (timedelta(hours=48), Press.PAST, Press.FINE),
        (timedelta(days=11), Press.PAST, Press.NEAR),
        (timedelta(days=14, hours=23), Press.PAST, Press.NEAR),
        (timedelta(days=15), Press.PAST, Press.PAST),
    ],
)
def test_a_clock_is_near_on_its_last_days_and_past_at_midnight_in_sweden(later: timedelta, protect: Press, decide: Press) -> None:
    clocks, now = deadlines(ARRIVED), ARRIVED + later
    assert (clocks.protect(now), clocks.decide(now)) == (protect, decide)
