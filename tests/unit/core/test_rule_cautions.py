"""A rate that one lesson can meet is told to whoever writes the rule, and not refused."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.rule_cautions import lone_rates
from hub.core.rule_set import Rule

from .test_wording import ABSENCE, FALL, NOTICE, make

RATE = {**ABSENCE, "measure": "rate", "at_least": 50}
COUNT = {**ABSENCE, "measure": "count"}


def told(*when: dict[str, Any]) -> list[tuple[tuple[int | str, ...], str]]:
    rule = make(*when)
    assert isinstance(rule, Rule)
    return [(one.location, one.text) for one in lone_rates(rule)]


@pytest.mark.parametrize(
    "beside",
    [
        [], [NOTICE, NOTICE], [{**COUNT, "at_least": 1}], [{**ABSENCE, "measure": "distinct_days", "at_least": 1}],
        [{**NOTICE, "at_least": 2}], [FALL],
    ],
)  # fmt: skip
def test_a_rate_that_one_missed_lesson_can_meet_is_told(beside: list[dict[str, Any]]) -> None:
    ((where, text),) = told(*beside, RATE)
    assert where == ("when", len(beside), "measure")
    assert text.startswith("one missed lesson can be 100 % by itself")


@pytest.mark.parametrize(
    "beside", [ABSENCE, {**COUNT, "at_least": 2}, {**ABSENCE, "measure": "distinct_days", "at_least": 2, "of": ["excused"]}]
)
def test_a_rate_beside_a_minimum_of_absence_is_no_reason_to_say_anything(beside: dict[str, Any]) -> None:
    assert told(RATE, beside) == []


def test_a_rule_without_a_rate_is_none_either() -> None:
    assert told(NOTICE) == told({**COUNT, "at_least": 1}) == []
