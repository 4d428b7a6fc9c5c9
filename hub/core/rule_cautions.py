"""What a rule can do that its author may not mean, though nothing is wrong with it. Pure; told, and never refused."""

from __future__ import annotations

from collections.abc import Iterator

from hub.contract.models import InfoKind
from hub.core.conditions import Condition, Measure
from hub.core.rule_problems import Problem
from hub.core.rule_set import Rule

__all__ = ["lone_rates"]


def lone_rates(rule: Rule) -> Iterator[Problem]:
    """Rates that one missed lesson can meet: only lessons with an absence are told of, so it is 100 % by itself."""
    if any(map(_asks_for_more_than_one_lesson, rule.when)):
        return
    for place, condition in enumerate(rule.when):
        if condition.measure is Measure.RATE:
            text = (
                "one missed lesson can be 100 % by itself, because lessons attended are never told of: add a condition that "
                "asks for some minutes of absence, or for lessons or days, at least 2"
            )
            yield Problem(("when", place, "measure"), text)


def _asks_for_more_than_one_lesson(condition: Condition) -> bool:
    if condition.kind is not InfoKind.SCHOOL_ABSENCE or condition.fell_from is not None:
        return False
    return condition.measure is Measure.MINUTES or (condition.measure is not Measure.RATE and condition.asked > 1)
