"""What is refused for want of room never holds in the naive engine, whatever has occurred."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from hub.core.rule_room import share_none
from hub.core.rule_sense import Town, impossible
from hub.core.rule_set import Rule, RuleSet, parse_rules
from tests.reference import counting
from tests.reference.history import Event as Happened

from .random_rules import RULE, make_condition, make_events, make_kin, make_rule, make_then
from .rule_meaning import NOW, SCHOOL, Event, met

HELD = 3
"""So few that conditions ask for too many, and that all that can be held can be tried."""


def parsed(*when: dict[str, Any]) -> RuleSet:
    named = [{"id": f"c{place}", **one} for place, one in enumerate(when)]
    return parse_rules({"version": "t", "owner": "t", "school": SCHOOL, "rules": [{**RULE, "id": "rule", "when": named}]})


def rule_of(rules: RuleSet) -> Rule:
    (rule,) = rules.rules
    assert isinstance(rule, Rule)
    return rule


def refused(*when: dict[str, Any]) -> list[str]:
    """Why it can never hold. (What is refused because it says nothing may hold: a fall that is none, too many school days.)"""
    rules = parsed(*when)
    found = [problem.text for problem in impossible(rule_of(rules), rules.school, Town())]
    return [text for text in found if "nothing need fall" not in text and " school days lie within " not in text]


def holds(when: list[dict[str, Any]], events: list[Event]) -> bool:
    now = round(NOW.timestamp() * 1000)
    happened = [
        Happened(number, 1, one.kind, one.code, one.agency, at, at, one.minutes, one.offered)
        for number, one in enumerate(events)
        for at in [round(one.at.timestamp() * 1000)]
    ]
    return all(counting.it_is_met(condition, happened, now, SCHOOL) for condition in when)


def weigh(seed: int) -> tuple[bool, bool]:
    """(whether a rule was refused, whether one that was not held); raises AssertionError where one that was refused held."""
    chance = Random(seed)
    first = make_rule(chance)
    when = [*first["when"], *make_kin(chance, first)["when"], *([make_condition(chance)] if seed % 3 else [])]
    told = refused(*when)
    held = [holds(when, make_events(chance, HELD)) for _ in range(80 if told else 8)]
    assert not (told and any(held)), (when, told)
    return bool(told), any(held)


@pytest.fixture
def few_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.core.rule_room.MAX_HELD", HELD)


@pytest.mark.usefixtures("few_are_held")
def test_a_rule_that_is_refused_never_holds() -> None:
    outcomes = [weigh(seed) for seed in range(700)]
    assert sum(told for told, _ in outcomes) > 150, "the refusals are put to the test"
    assert sum(held for _, held in outcomes) > 20, "and events are drawn that make rules hold"


def alike(seed: int) -> list[dict[str, Any]]:
    """Two conditions of the same codes; of every other seed, one of what is followed and one of what is not."""
    chance = Random(seed)
    pair = [make_condition(chance, "police_notice") | {"of": ["lob", "narcotics"]} for _ in range(2)]
    if seed % 2 and not any("fell_from" in one or "against_earlier" in one for one in pair):
        for one, happens in zip(pair, (True, False), strict=True):
            one["then"] = (make_then(chance) or {"kind": "police_notice", "of": ["lob"], "within_hours": 24}) | {
                "happens": happens
            }
    return pair


def test_no_event_counts_for_two_conditions_that_share_none() -> None:
    tried = {"then": 0, "window": 0}
    for seed in range(1500):
        one, other = alike(seed)
        if share_none(*rule_of(parsed(one, other)).when):
            chance = Random(seed)
            for _ in range(30):
                events = make_events(chance)
                mine, theirs = (met(condition, events)[1] for condition in (one, other))
                tried["then" if seed % 2 else "window"] += bool(mine and theirs)
                assert not {id(event) for event in mine} & {id(event) for event in theirs}, (one, other, events)
    assert min(tried.values()) > 60, tried


ABSENCE = {"kind": "school_absence", "of": ["unexcused"], "measure": "count", "at_least": 600, "within_days": 28}
EXCUSED = {**ABSENCE, "of": ["excused"]}
AFTER = {"kind": "police_notice", "of": ["narcotics"], "within_hours": 24}
NEVER = {**AFTER, "happens": False}
HALF = {"measure": "rate", "at_least": 51}


def fallen(**changes: Any) -> dict[str, Any]:
    before = {key: value for key, value in ABSENCE.items() if key != "at_least"}
    return {**before, "at_most": 0, "within_days": 7, "fell_from": {"days": 28, "at_least": 600}, **changes}


@pytest.mark.parametrize(
    ("one", "other", "room"),
    [
        ({"then": AFTER}, {"then": NEVER}, False),
        ({"then": AFTER}, {"then": {**NEVER, "of": ["narcotics", "lob"], "within_hours": 25}}, False),
        ({"then": {**AFTER, "of": ["narcotics", "lob"]}}, {"then": NEVER}, True),
        ({"then": AFTER}, {"then": {**NEVER, "within_hours": 23}}, True),
        ({"then": AFTER}, {"then": {**NEVER, "kind": "risk_event", "of": ["runaway"]}}, True),
        ({"then": AFTER}, {"then": AFTER}, True),
        ({"then": NEVER}, {"then": NEVER}, True),
        ({"then": NEVER}, {}, True),
        ({"within_days": 1}, {"then": NEVER}, False),
        ({"within_days": 2}, {"then": NEVER}, True),
        ({"within_days": 2}, {"then": {**NEVER, "within_hours": 48}}, False),
        ({"within_days": 2}, {"then": {**NEVER, "within_hours": 47}}, True),
    ],
)
def test_two_conditions_share_no_event_that_is_followed_and_not_or_of_other_hours_back(
    one: dict[str, Any], other: dict[str, Any], room: bool
) -> None:
    for pair in ((one, other), (other, one)):
        told = refused(*({**ABSENCE, **changes} for changes in pair))
        assert bool(told) is not room
        assert room or told[0].startswith("asks, together with when.0, for 1200 different events at once")


IN_THE_MORNING = {"between": ["08:00", "12:00"]}


@pytest.mark.parametrize(
    ("other", "room"),
    [
        ({**ABSENCE, "within_days": 7}, False),
        ({**ABSENCE, "within_days": 8}, True),
        ({**ABSENCE, "within_days": 42, "then": {**NEVER, "within_hours": 35 * 24}}, False),
        ({**ABSENCE, "within_days": 42, "then": {**NEVER, "within_hours": 35 * 24 - 1}}, True),
        (fallen(within_days=35), False),
        (fallen(within_days=34), True),
    ],
)
def test_what_counted_before_a_fall_counts_in_no_window_since_nor_in_what_was_long_before(
    other: dict[str, Any], room: bool
) -> None:
    fall = fallen(of=["unexcused", "excused"], **IN_THE_MORNING)
    assert any("for 1200 different events at once" in text for text in refused(fall, other)) is not room


@pytest.mark.parametrize(
    ("changes", "room"),
    [
        ({}, False),
        ({"of": ["narcotics", "lob"]}, False),
        ({"measure": "distinct_days"}, False),
        ({"within_days": 3}, False),
        ({"within_days": 2}, True),
        ({"of": ["lob"]}, True),
        ({"at_most": 1}, True),
        ({"on_school_days": True}, True),
        (IN_THE_MORNING, True),
        ({"kind": "risk_event", "of": ["runaway"]}, True),
    ],
)
def test_what_must_follow_is_more_than_a_fall_to_nothing_leaves(changes: dict[str, Any], room: bool) -> None:
    followed = {**ABSENCE, "at_least": 1, "within_days": 3, "then": AFTER, **IN_THE_MORNING, "on_school_days": True}
    fall = fallen(kind="police_notice", of=["narcotics"], fell_from={"days": 28, "at_least": 5}) | changes
    told = refused(followed, fall)
    assert bool(told) is not room
    assert room or told[0].startswith("at most 0 is left only when when.0 does not hold, which asks for more of the same")
    assert refused({**followed, "then": NEVER}, fall) == []


def test_what_must_follow_within_school_days_is_in_these_school_days_too() -> None:
    followed = {**ABSENCE, "at_least": 1, "within_days": 3, "within_school_days": 2, "then": AFTER}
    fall = fallen(kind="police_notice", of=["narcotics"], fell_from={"days": 28, "at_least": 5})
    assert refused(followed, fall)
    assert refused(followed, {**fall, "fell_from": {"days": 28, "at_least": 5}, "within_days": 2}) == []


def test_a_rate_is_of_a_minute_at_least_and_no_more() -> None:
    minutes = fallen(measure="minutes", fell_from={"days": 28, "at_least": 5})
    rate = {**ABSENCE, "measure": "rate", "at_least": 1, "within_days": 7}
    assert refused(rate, minutes)[0].startswith("at most 0 is left only when when.0 does not hold")
    assert refused(rate, {**minutes, "at_most": 1}) == []
    assert refused({**rate, "within_days": 8}, minutes) == []
    assert refused({**rate, "measure": "count"}, minutes) == [], "an absence may be of no minutes"


@pytest.mark.parametrize(
    ("others", "room"),
    [
        ([{"of": ["excused"]}], False),
        ([{"of": ["excused"], "at_least": 49}], True),
        ([{"of": ["excused", "unexcused"]}], True),
        ([{"of": ["excused"], "within_days": 27}], True),
        ([{"of": ["excused"], "on_school_days": True}], True),
        ([{"of": ["excused"], "within_school_days": 2}], True),
        ([{"of": ["excused"], "between": ["08:00", "12:00"]}], True),
        ([{"of": ["excused"], "measure": "count"}], True),
    ],
)
def test_rates_of_the_same_lessons_are_no_more_than_all_of_them(others: list[dict[str, Any]], room: bool) -> None:
    told = refused({**ABSENCE, **HALF}, *({**ABSENCE, **HALF, **other} for other in others))
    expected = "asks, together with when.0, for 102 percent of the same lessons: there are 100, so lower them"
    assert told == ([] if room else [expected])


def test_where_all_lessons_are_of_some_codes_none_of_them_is_of_another() -> None:
    whole, some = {**ABSENCE, "measure": "rate", "at_least": 100}, {**EXCUSED, "measure": "rate", "at_least": 1}
    for changes, room in (({"within_days": 27}, False), (IN_THE_MORNING, False), ({"within_days": 29}, True)):
        told = refused(whole, some | changes), refused(some | changes, whole)
        assert [bool(one) for one in told] == [not room] * 2
        for pair in ((whole | {"at_least": 99}, some | changes), (some | changes, whole | {"at_least": 99})):
            assert refused(*pair) == []


def test_of_a_rate_above_all_only_that_is_told() -> None:
    assert refused({**ABSENCE, **HALF}, {**EXCUSED, **HALF, "at_least": 101}) == [
        "a rate is a percentage: it must be at most 100"
    ]
