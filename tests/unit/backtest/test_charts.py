from __future__ import annotations

from hub.backtest.charts import Bar, diverging, pairs
from hub.core.suppression import Band


def test_each_week_has_its_two_bars_on_one_scale() -> None:
    width, bars = pairs([Band(10, 10), Band(0, 0)], [Band(5, 5), Band(20, 20)])
    assert width == 20
    assert bars == [
        Bar(1, 50, 4, 50, "ours", maybe=False), Bar(5, 75, 4, 25, "theirs", maybe=False), Bar(15, 0, 4, 100, "theirs", maybe=False),
    ]  # fmt: skip


def test_what_a_hidden_number_leaves_open_is_a_bar_of_its_own_within_the_drawing() -> None:
    _, bars = pairs([Band(10, 10), Band(1, 4)], [Band(0, 0), Band(5, None)])
    assert bars[1:] == [
        Bar(11, 90, 4, 10, "ours", maybe=False), Bar(11, 60, 4, 30, "ours", maybe=True),
        Bar(15, 50, 4, 50, "theirs", maybe=False), Bar(15, 0, 4, 50, "theirs", maybe=True),
    ]  # fmt: skip


def test_a_difference_goes_up_and_down_from_the_middle() -> None:
    _, bars = diverging([Band(10, 10)], [Band(5, 5)])
    assert bars == [Bar(1, 0, 8, 50, "ours", maybe=False), Bar(1, 50, 8, 25, "theirs", maybe=False)]


def test_a_time_without_tasks_is_an_empty_drawing() -> None:
    assert pairs([], []) == (10, [])
