"""What a rule can do that its author may not mean, though nothing is wrong with it. Pure; told, and never refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hub.contract.models import InfoKind
from hub.core.conditions import Condition, Measure
from hub.core.rule_problems import Problem
from hub.core.rule_sense import Town, cooperations, lapsed, most_school_days
from hub.core.rule_set import Rule
from hub.core.school import School

__all__ = ["cautions", "lone_rates"]


def cautions(rule: Rule, school: School | None, town: Town, today: date) -> Iterator[Problem]:
    """What is no fault, or not today, but should be known: a past sunset, a calendar that ends, a source that is missing."""
    if rule.sunset is not None and lapsed(rule, today):
        yield Problem(("sunset",), f"the rule has lapsed: it held last on {rule.sunset}")
    if school is not None and any(one.asks_for_school_days for one in rule.when):
        begins, ends = min(term.first for term in school.terms), max(term.last for term in school.terms)
        if not begins <= today <= ends:
            text = f"the school calendar goes from {begins} to {ends}, and today is {today}: add the terms that are missing"
            yield Problem(("when",), text)
    for place, one in enumerate(rule.when):
        asked = one.within_school_days
        if school is not None and asked is not None and asked > (most := most_school_days(school, one.within_days + 1)):
            text = f"the school calendar has at most {most} school days within {one.within_days} days, so this narrows nothing"
            yield Problem(("when", place, "within_school_days"), f"{text}: add the terms that are missing, or ask for fewer")
        if town.agencies is not None and not any(one.kind in kinds for kinds in town.agencies.values()):
            yield Problem(("when", place, "kind"), f"no agency in agencies.yaml carries {one.kind}: the rule waits for one")
    if town.ages is not None and not any(one in town.ages for one in cooperations(rule)):
        yield Problem(("cooperation",), f"consent.yaml offers no cooperation {rule.cooperation}: nothing can be told")


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
