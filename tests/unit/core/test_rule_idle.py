"""A rule that adds nothing to another is told from one that has a purpose, over times in which teams answer and rules rest."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.rule_overlap import idle_beside, implied

from .random_rules import make_events, make_kin, make_rule
from .rule_history import Proposing, pass_time
from .test_rule_overlap import ABSENCE, AFTER, FALL, NEVER, NOTICE, parsed, rule


def weigh_idle(seed: int) -> int:
    """How often a rule that is said to add nothing opened, over times with answers; raises AssertionError where it added."""
    chance, tried = Random(seed), 0
    clocks = {"rest_days": chance.choice([0, 0, 1, 3]), "lingers_days": chance.choice([0, 0, 1])}
    first = {**make_rule(chance), **clocks}
    second = {**make_kin(chance, {name: first[name] for name in first if name not in clocks}), **clocks}
    if chance.random() < 0.3:
        second[chance.choice(list(clocks))] = chance.choice([0, 1, 4])
    one, other = parsed(first, second)
    for mine, theirs, (narrow, wide) in ((first, second, (one, other)), (second, first, (other, one))):
        alike = implied(wide, narrow) and narrow.rest_days == wide.rest_days and narrow.lingers_days == wide.lingers_days
        for _ in range(20 if idle_beside(narrow, wide) else 0):
            age = chance.choice([None, 11, 12, 14, 15])
            ages = age, None if age is None else age + 1
            told = Proposing(mine), Proposing(theirs)
            tried += pass_time(chance, *told, make_events(chance), ages, together=alike or chance.random() < 0.3)
    return tried


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_a_rule_that_adds_nothing_is_never_open_alone_whatever_is_answered(seed: int) -> None:
    weigh_idle(seed)


def test_the_rules_that_add_nothing_are_put_to_the_test() -> None:
    assert sum(weigh_idle(seed) > 0 for seed in range(200)) > 25


@pytest.mark.parametrize(
    ("changes", "idle"),
    [
        ({}, True),
        ({"priority": "high"}, False),
        ({"respond_within_days": 4}, False),
        ({"respond_within_days": 6}, True),
        ({"team": "sspf"}, False),
        ({"function": "information"}, False),
        ({"cooperation": "sig", "without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"}}, False),
        ({"lingers_days": 3}, False),
        ({"rest_days": 3}, False),
        ({"counts_but_not_shown": ["school-a"]}, True),
        ({"sunset": "2026-06-30"}, True),
        ({"ages": {"to": 14}}, True),
        ({"ages": {"from": 12}}, False),
    ],
    ids=str,
)
def test_a_rule_that_lies_within_another_has_a_purpose_if_it_does_anything_else(changes: dict[str, Any], idle: bool) -> None:
    one, other = parsed(rule({**NOTICE, "at_least": 3}, **changes), rule())
    assert implied(one, other)
    assert idle_beside(one, other) is idle


def test_a_rule_that_asks_the_same_of_the_same_team_on_other_ground_has_a_purpose() -> None:
    one, other = parsed(rule(NOTICE), rule(ABSENCE))
    assert not implied(one, other)
    assert not idle_beside(one, other)


@pytest.mark.parametrize("changes", [{"rest_days": 3}, {"counts_but_not_shown": ["school-a"]}], ids=str)
def test_what_the_wider_rule_rests_from_or_hides_leaves_the_narrower_a_purpose(changes: dict[str, Any]) -> None:
    one, other = parsed(rule({**NOTICE, "at_least": 3}), rule(**changes))
    assert implied(one, other)
    assert not idle_beside(one, other)


def test_while_both_rest_alike_after_their_own_answers_the_narrower_is_the_escalation() -> None:
    one, other = parsed(rule({**NOTICE, "at_least": 3}, rest_days=28), rule(NOTICE, rest_days=28))
    assert not idle_beside(one, other)


@pytest.mark.parametrize(
    "narrow",
    [
        [{**NOTICE, "then": AFTER}], [{**NOTICE, "then": NEVER}], [{**NOTICE, "against_earlier": {"days": 7, "percent": 150}}],
        [NOTICE, ABSENCE], [NOTICE, FALL],
    ],
)  # fmt: skip
def test_what_begins_to_hold_by_something_else_than_an_event_that_the_wider_counts_has_a_purpose(
    narrow: list[dict[str, Any]],
) -> None:
    one, other = parsed(rule(*narrow), rule(NOTICE))
    assert implied(one, other)
    assert not idle_beside(one, other)


def test_what_is_met_when_time_is_over_is_opened_by_no_event() -> None:
    one, other = parsed(rule({**NOTICE, "at_least": 3, "then": NEVER}), rule({**NOTICE, "then": NEVER}))
    assert implied(one, other)
    assert not idle_beside(one, other)


@pytest.mark.parametrize("when", [[NOTICE], [FALL], [{**ABSENCE, "measure": "rate"}, {**NOTICE, "then": NEVER}]])
@pytest.mark.parametrize("rest", [0, 28])
def test_a_rule_that_says_the_same_as_another_adds_nothing_however_both_rest(when: list[dict[str, Any]], rest: int) -> None:
    one, other = parsed(rule(*when, rest_days=rest), rule(*reversed(when), rest_days=rest))
    assert idle_beside(one, other)
    assert idle_beside(other, one)
    for changes in ({"rest_days": 27}, {"lingers_days": 1}):
        longer, _ = parsed(rule(*when, **{"rest_days": rest, **changes}), rule())
        assert not idle_beside(longer, other)


def test_the_narrower_of_two_that_hold_alike_counts_less_and_rests_at_other_times() -> None:
    other_worry = {**NOTICE, "of": ["lob", "narcotics"], "at_least": 1}
    for rest, idle in ((0, True), (28, False)):
        one, other = parsed(rule(NOTICE, rest_days=rest), rule(NOTICE, other_worry, rest_days=rest))
        assert implied(one, other)
        assert implied(other, one)
        assert idle_beside(one, other) is idle
        assert not idle_beside(other, one)
