"""The demo's own expectation and the shipped rules keep each other honest: a step of either, and the comparison fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

import pytest

from hub.core.rule_set import RuleSet, parse_rules
from hub.demo.expected import SCENARIO, Thresholds, expect
from hub.demo.town import build_town
from hub.demo.verdict import Snapshot, compare_open
from hub.resources import defaults_folder
from hub.rules_file import load_rules

from .folding import FoldedTown

TOWN = build_town()
SHIPPED = load_rules(defaults_folder() / "rules")
# The scenario's own name of every number of every shipped rule.
NAMES = {
    ("absence-alone", "unexcused_absence", "at_least"): "absence_alone_minutes",
    ("absence-alone", "unexcused_absence", "within_days"): "absence_alone_days",
    ("absence-and-notice", "unexcused_absence", "at_least"): "absence_with_notice_minutes",
    ("absence-and-notice", "unexcused_absence", "within_days"): "absence_with_notice_days",
    ("absence-and-notice", "conduct_notices", "at_least"): "notices_with_absence",
    ("absence-and-notice", "conduct_notices", "within_days"): "notices_with_absence_days",
    ("repeated-notices", "suspicion_notices", "at_least"): "notices_for_sig",
    ("repeated-notices", "suspicion_notices", "within_days"): "notices_for_sig_days",
    ("repeated-observations", "observations", "at_least"): "observations",
    ("repeated-observations", "observations", "within_days"): "observations_days",
    ("repeated-observations", "observation_days", "at_least"): "observation_days_seen",
    ("repeated-observations", "observation_days", "within_days"): "observation_days_seen_days",
    ("place-presence", "", "at_least"): "presence_incidents",
    ("place-presence", "", "within_days"): "presence_days",
}


class Change(NamedTuple):
    """One number of one shipped rule, moved by one."""

    rule: str
    condition: str
    field: str
    by: int

    def __str__(self) -> str:
        return f"{self.rule} {self.condition} {self.field} {self.by:+d}".replace("  ", " ")

    @property
    def name(self) -> str:
        return NAMES[self.rule, self.condition, self.field]


def _numbers(rules: dict[str, Any]):
    for rule in rules["rules"]:
        yield from ((rule["id"], part.get("id", "") if part is not rule else "", part) for part in rule.get("when", [rule]))


def _changes() -> list[Change]:
    found = [
        Change(rule, condition, field, by)
        for rule, condition, part in _numbers(SHIPPED.model_dump(mode="json"))
        for field in ("at_least", "within_days")
        for by in (-1, 1)
        if part[field] + by > 0
    ]
    assert {(one.rule, one.condition, one.field) for one in found} == NAMES.keys()
    return found


def changed_rules(change: Change) -> RuleSet:
    data = SHIPPED.model_dump(mode="json")
    for rule, condition, part in _numbers(data):
        if (rule, condition) == (change.rule, change.condition):
            part[change.field] += change.by
    return parse_rules(data)


def changed_expectation(change: Change) -> Thresholds:
    return replace(SCENARIO, **{change.name: getattr(SCENARIO, change.name) + change.by})


@cache
def folded() -> FoldedTown:
    return FoldedTown(TOWN)


@cache
def under_shipped_rules(later_days: int) -> Snapshot:
    return folded().fold(SHIPPED, TOWN.start + timedelta(days=later_days))


def differences(thresholds: Thresholds, found: Snapshot, later_days: int = 0) -> list[str]:
    return compare_open(expect(TOWN, thresholds, at=TOWN.start + timedelta(days=later_days)), found)


@pytest.mark.parametrize("later_days", range(7))
def test_the_core_with_the_shipped_rules_meets_the_expectation_on_each_day_of_the_week(later_days: int) -> None:
    assert differences(SCENARIO, under_shipped_rules(later_days), later_days) == []


@pytest.mark.parametrize("change", _changes(), ids=str)
def test_one_step_of_a_shipped_rule_is_noticed(change: Change) -> None:
    assert differences(SCENARIO, folded().fold(changed_rules(change)))


@pytest.mark.parametrize("change", _changes(), ids=str)
def test_one_step_of_the_expectation_is_noticed_and_the_same_step_of_the_rule_mends_it(change: Change) -> None:
    assert differences(changed_expectation(change), under_shipped_rules(0))
    assert differences(changed_expectation(change), folded().fold(changed_rules(change))) == []


def test_every_number_of_the_expectation_is_some_rules_number() -> None:
    assert set(NAMES.values()) == set(Thresholds.__dataclass_fields__)
