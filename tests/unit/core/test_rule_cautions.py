"""What the author of a rule may not mean is told, and not refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import AgeSpan
from hub.core.rule_cautions import cautions, lone_rates
from hub.core.rule_sense import Town, impossible
from hub.core.rule_set import Rule

from .test_rule_sense import SCHOOL, rule_of
from .test_rule_sense import make as ruled
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


@pytest.mark.parametrize(("today", "number"), [("2026-02-01", 1), ("2026-02-02", 0), ("2026-03-08", 0), ("2026-03-09", 1)])
def test_a_calendar_that_does_not_reach_today_is_said_to_whom_it_concerns(today: str, number: int) -> None:
    rules, other = ruled(school=SCHOOL, on_school_days=True), ruled(school=SCHOOL)
    on = date.fromisoformat(today)
    assert len(list(cautions(rule_of(rules), rules.school, Town(), on))) == number
    assert list(cautions(rule_of(other), other.school, Town(), on)) == []


def test_what_waits_for_a_source_or_a_cooperation_is_said_and_not_refused() -> None:
    alone = Town({"police": frozenset({InfoKind.POLICE_NOTICE})}, {Cooperation.SIG: frozenset({AgeSpan()})})
    rules = ruled()
    assert list(impossible(rule_of(rules), None, alone)) == []
    assert [one.text for one in cautions(rule_of(rules), None, alone, date(2026, 1, 1))] == [
        "no agency in agencies.yaml carries school_absence: the rule waits for one",
        "consent.yaml offers no cooperation sspf: nothing can be told",
    ]


@pytest.mark.parametrize(
    ("asked", "within_days", "most"),
    [(10, 14, None), (11, 14, 10), (20, 40, None), (21, 40, 20)],
)
def test_school_days_that_narrow_nothing_because_the_calendar_knows_too_few_are_told(
    asked: int, within_days: int, most: int | None
) -> None:
    rules = ruled(school=SCHOOL, within_days=within_days, within_school_days=asked)
    found = list(cautions(rule_of(rules), rules.school, Town(), date(2026, 2, 26)))
    expected = f"the school calendar has at most {most} school days within {within_days} days, so this narrows nothing"
    assert [one.location for one in found] == ([] if most is None else [("when", 0, "within_school_days")])
    assert all(one.text.startswith(expected) for one in found)
