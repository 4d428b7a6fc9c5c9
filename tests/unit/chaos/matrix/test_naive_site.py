"""The fold that the naive agent is held against."""

from __future__ import annotations

from tests.chaos.matrix.naive_site import fold


def test_each_full_eight_hours_of_a_youth_are_a_task() -> None:
    minutes, tasks = fold([("ya", 400), ("yb", 479), ("ya", 100), ("ya", 470)])
    assert minutes == {"ya": 970, "yb": 479}
    assert tasks == {"ya:1", "ya:2"}
