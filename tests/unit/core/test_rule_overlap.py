"""What is said to be implied is so, and what is said to be apart never holds together, whatever has occurred."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.rule_overlap import apart, implied
from hub.core.rule_set import Rule, parse_rules

from .random_rules import RULE, make_events, make_kin, make_rule
from .rule_meaning import SCHOOL, holds, met


def parsed(*written: dict[str, Any]) -> list[Rule]:
    made = [
        {**rule, "id": f"rule-{place}", "when": [{"id": f"c{n}", **one} for n, one in enumerate(rule["when"])]}
        for place, rule in enumerate(written)
    ]
    found = parse_rules({"version": "t", "owner": "t", "school": SCHOOL, "rules": made}).rules
    return [rule for rule in found if isinstance(rule, Rule)]


def weigh(seed: int) -> int:
    """How often an implication was put to the test by a rule that held; raises AssertionError where it failed."""
    chance, tried = Random(seed), 0
    first = make_rule(chance)
    second = make_kin(chance, first)
    one, other = parsed(first, second)
    for mine, theirs, told in ((first, second, implied(one, other)), (second, first, implied(other, one))):
        for _ in range(60 if told else 0):
            occurred, age = make_events(chance), chance.choice([None, 12, 14, 16])
            if holds(mine, occurred, age):
                tried += 1
                assert holds(theirs, occurred, age), (mine, theirs, occurred, age)
    return tried


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0))
def test_whenever_a_rule_holds_so_does_what_it_implies(seed: int) -> None:
    weigh(seed)


def test_the_implications_are_put_to_the_test() -> None:
    assert sum(weigh(seed) > 0 for seed in range(300)) > 40


def weigh_apart(seed: int) -> int:
    """How often two conditions of which each keeps the other from holding were put to the test by one that held."""
    chance, tried = Random(seed), 0
    first = make_rule(chance)
    second = make_kin(chance, first) if seed % 2 else make_rule(chance)
    one, other = parsed(first, second)
    for mine, theirs in product(enumerate(one.when), enumerate(other.when)):
        if not apart(mine[1], theirs[1]):
            continue
        for _ in range(60):
            occurred = make_events(chance)
            for_mine, for_theirs = met(first["when"][mine[0]], occurred)[0], met(second["when"][theirs[0]], occurred)[0]
            tried += for_mine or for_theirs
            assert not (for_mine and for_theirs), (first, second, occurred)
    return tried


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0))
def test_conditions_that_are_apart_never_hold_together(seed: int) -> None:
    weigh_apart(seed)


def test_the_conditions_that_are_apart_are_put_to_the_test() -> None:
    assert sum(weigh_apart(seed) > 0 for seed in range(600)) > 15


NOTICE = {"kind": "police_notice", "of": ["lob"], "measure": "count", "at_least": 2, "within_days": 14}
ABSENCE = {"kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": 480, "within_days": 28}
AFTER = {"kind": "police_notice", "of": ["narcotics"], "within_hours": 48}
FALL = {key: value for key, value in ABSENCE.items() if key != "at_least"} | {
    "at_most": 60,
    "fell_from": {"days": 28, "at_least": 480},
}
NEVER = {**AFTER, "of": ["narcotics", "lob"], "happens": False}


def rule(*conditions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**RULE, "when": list(conditions or [NOTICE]), **changes}


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({**NOTICE, "at_least": 3}, NOTICE),
        ({**NOTICE, "within_days": 13}, NOTICE),
        (NOTICE, {**NOTICE, "of": ["lob", "narcotics"]}),
        ({**NOTICE, "measure": "distinct_days"}, NOTICE),
        (ABSENCE, {**ABSENCE, "measure": "count", "at_least": 1}),
        (ABSENCE, {**ABSENCE, "measure": "distinct_days", "at_least": 1}),
        ({**NOTICE, "on_school_days": True}, NOTICE),
        ({**NOTICE, "within_school_days": 2}, NOTICE),
        ({**NOTICE, "within_school_days": 2}, {**NOTICE, "within_school_days": 3}),
        ({**NOTICE, "between": ["23:00", "01:00"]}, {**NOTICE, "between": ["22:00", "06:00"]}),
        ({**NOTICE, "then": AFTER}, NOTICE),
        ({**NOTICE, "then": {**AFTER, "within_hours": 24}}, {**NOTICE, "then": AFTER}),
        ({**NOTICE, "then": NEVER}, {**NOTICE, "then": {**NEVER, "within_hours": 24, "of": ["lob"]}}),
        ({**NOTICE, "against_earlier": {"days": 7, "percent": 150}}, NOTICE),
        (
            {**NOTICE, "against_earlier": {"days": 7, "percent": 150}},
            {**NOTICE, "against_earlier": {"days": 7, "percent": 100}, "at_least": 1},
        ),
        (
            {**NOTICE, "against_earlier": {"days": 7, "percent": 150}},
            {**NOTICE, "against_earlier": {"days": 7, "percent": 100}},
        ),
        ({**ABSENCE, "measure": "rate", "at_least": 20}, {**ABSENCE, "measure": "rate", "at_least": 10}),
        (
            {**ABSENCE, "measure": "rate", "at_least": 20},
            {**ABSENCE, "measure": "rate", "at_least": 20, "of": ["unexcused", "excused"]},
        ),
        ({**ABSENCE, "measure": "rate", "at_least": 20}, {**ABSENCE, "measure": "count", "at_least": 1}),
        ({**FALL, "at_most": 59}, FALL),
        ({**FALL, "fell_from": {"days": 28, "at_least": 481}}, FALL),
        ({**FALL, "fell_from": {"days": 27, "at_least": 480}}, FALL),
        ({**FALL, "fell_from": {"days": 28, "at_least": 480, "school_days": 9}}, FALL),
        ({**FALL, "fell_from": {"days": 28, "at_least": 480, "school_days": 1}}, FALL),
        ({**NOTICE, "between": ["00:00", "06:00"]}, {**NOTICE, "between": ["23:50", "06:00"]}),
        (
            {**FALL, "fell_from": {"days": 28, "at_least": 480, "school_days": 9}},
            {**FALL, "fell_from": {"days": 28, "at_least": 480, "school_days": 8}},
        ),
        (FALL, {**ABSENCE, "within_days": 56}),
        (FALL, {**ABSENCE, "measure": "count", "at_least": 1, "within_days": 56}),
    ],
)
def test_the_narrower_condition_implies_the_wider_and_not_the_other_way(narrow: dict[str, Any], wide: dict[str, Any]) -> None:
    one, other = parsed(rule(narrow), rule(wide))
    assert implied(one, other)
    assert not implied(other, one)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({**ABSENCE, "at_least": 61}, True),
        ({**ABSENCE, "at_least": 60}, False),
        ({**ABSENCE, "within_days": 29}, False),
        ({**ABSENCE, "of": ["unexcused", "excused"]}, False),
        ({**ABSENCE, "within_days": 1, "between": ["08:00", "09:00"], "then": AFTER}, True),
        ({**ABSENCE, "measure": "count", "at_least": 100}, False),
        ({**FALL, "within_days": 14, "fell_from": {"days": 14, "at_least": 61}}, True),
        ({**FALL, "within_days": 14, "fell_from": {"days": 15, "at_least": 61}}, False),
        (FALL, False),
    ],
)
def test_a_fall_is_apart_from_what_leaves_more_of_the_same(more: dict[str, Any], expected: bool) -> None:
    one, other = parsed(rule(FALL), rule(more))
    assert apart(one.when[0], other.when[0]) is expected
    assert apart(other.when[0], one.when[0]) is expected


def test_whatever_happened_is_apart_from_a_fall_to_nothing() -> None:
    nothing = {**FALL, "measure": "count", "at_most": 0}
    for more in (ABSENCE, {**ABSENCE, "measure": "rate", "at_least": 1}, {**ABSENCE, "measure": "distinct_days", "at_least": 1}):
        one, other = parsed(rule(nothing), rule(more))
        assert apart(one.when[0], other.when[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({**NOTICE, "between": ["22:00", "06:00"]}, {**NOTICE, "between": ["20:00", "23:00"]}),
        ({**NOTICE, "between": ["21:00", "01:00"]}, {**NOTICE, "between": ["22:00", "06:00"]}),
        ({**NOTICE, "within_days": 7}, {**NOTICE, "at_least": 3}),
        (FALL, ABSENCE),
        (FALL, {**ABSENCE, "within_days": 55}),
        (FALL, {**FALL, "within_days": 27}),
        (FALL, {**FALL, "within_days": 29}),
        (FALL, {**FALL, "of": ["unexcused", "excused"]}),
        (FALL, {**FALL, "on_school_days": True}),
        (FALL, {**FALL, "measure": "distinct_days"}),
        (ABSENCE, {**ABSENCE, "measure": "count", "at_least": 2}),
        ({**ABSENCE, "measure": "rate", "at_least": 50}, {**ABSENCE, "measure": "rate", "at_least": 50, "within_days": 14}),
        ({**NOTICE, "against_earlier": {"days": 7, "percent": 150}}, {**NOTICE, "against_earlier": {"days": 8, "percent": 150}}),
        ({**NOTICE, "then": AFTER}, {**NOTICE, "then": {**AFTER, "happens": False}}),
        ({**NOTICE, "then": AFTER}, {**NOTICE, "then": {**AFTER, "of": ["lob"]}}),
        (
            {**NOTICE, "then": {**AFTER, "of": ["other_worry"]}},
            {**NOTICE, "then": {**AFTER, "kind": "risk_event", "of": ["other_worry"]}},
        ),
        (
            {**ABSENCE, "measure": "rate", "at_least": 50},
            {**ABSENCE, "measure": "count", "at_least": 1, "against_earlier": {"days": 7, "percent": 50}},
        ),
    ],
)
def test_conditions_that_only_look_alike_imply_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    mine, theirs = parsed(rule(one), rule(other))
    assert not implied(mine, theirs)
    assert not implied(theirs, mine)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({"ages": {"from": 12, "to": 14}}, {"ages": {"from": 12, "to": 15}}),
        ({"ages": {"from": 0, "to": 130}}, {}),
        ({"sunset": "2026-06-30"}, {}),
        ({"sunset": "2026-06-30"}, {"sunset": "2026-07-31"}),
        ({"at_least_agencies": 2}, {}),
        ({"at_least_agencies": 3}, {"at_least_agencies": 2}),
        ({"when": [NOTICE, ABSENCE]}, {}),
        ({"when": [ABSENCE, NOTICE]}, {"when": [NOTICE]}),
    ],
)
def test_the_narrower_rule_implies_the_wider_and_not_the_other_way(narrow: dict[str, Any], wide: dict[str, Any]) -> None:
    one, other = parsed(rule(**narrow), rule(**wide))
    assert implied(one, other)
    assert not implied(other, one)


def test_agencies_of_events_that_the_other_does_not_count_do_not_count_for_it() -> None:
    excused, unexcused = ({**ABSENCE, "measure": "rate", "at_least": 20, "of": [code]} for code in ("excused", "unexcused"))
    for more, less in ((ABSENCE, NOTICE), (excused, unexcused)):
        one, other = parsed(rule(more, less, at_least_agencies=2), rule(less, at_least_agencies=2))
        assert not implied(one, other)


def test_events_of_a_window_and_of_the_days_before_it_are_not_the_same_agencies_word() -> None:
    both = {"at_least_agencies": 2}
    assert implied(*parsed(rule({**NOTICE, "within_days": 13}, **both), rule(NOTICE, **both)))
    fall, wide = rule(FALL, **both), rule({**ABSENCE, "within_days": 56}, **both)
    assert implied(*parsed(fall, wide))
    assert implied(*parsed(rule({**FALL, "at_most": 0}, **both), fall))
    assert not implied(*parsed(rule(FALL, NOTICE, **both), fall))
    longer = rule(FALL, {**FALL, "fell_from": {"days": 29, "at_least": 480}}, **both)
    assert not implied(*parsed(longer, fall))
    assert implied(*parsed(rule(FALL, {**FALL, "fell_from": {"days": 27, "at_least": 1}}, **both), fall))
