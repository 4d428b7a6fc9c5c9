"""The shipped rules and their compiled form."""

from __future__ import annotations

from hub.contract.models import InfoKind
from hub.core.instants import DAY
from hub.core.rules import compile_rules

from .make_rules import RULES, SHIPPED


def test_the_shipped_rules_have_the_numbers_they_are_known_by() -> None:
    found = {
        rule.id: [(condition.measure.value, condition.at_least, condition.window_days) for condition in rule.conditions]
        for rule in RULES.rules
    }
    assert found == {
        "absence-alone": [("minutes", 480, 28)],
        "absence-and-notice": [("minutes", 180, 28), ("count", 1, 28)],
        "repeated-notices": [("count", 3, 56)],
        "repeated-observations": [("count", 3, 21), ("distinct_days", 2, 21)],
    }
    (place,) = RULES.place_rules
    assert (place.id, place.at_least, place.window_days) == ("place-presence", 5, 7)


def test_the_longest_window_is_that_of_the_rules_about_persons() -> None:
    assert (RULES.longest_ms, RULES.longest_days, RULES.place_longest_ms) == (56 * DAY, 56, 7 * DAY)


def test_conditions_of_equal_selections_share_one() -> None:
    alone, beside = RULES.rules[0].conditions[0], RULES.rules[1].conditions[0]
    assert alone.selection is beside.selection
    assert alone.selection.kind == InfoKind.SCHOOL_ABSENCE


def test_a_sig_rule_has_a_second_route() -> None:
    rule = RULES.rule("repeated-notices")
    assert rule is not None
    assert [(route.team, route.function, route.fallback) for route in rule.routes] == [
        ("sig", "sig_assessment", False),
        ("sspf", "seek_sig_consent", True),
    ]
    assert RULES.rule("none-such") is None


def test_exposed_areas_are_configuration_and_no_part_of_the_rules() -> None:
    assert compile_rules(SHIPPED).exposed_areas == {}
    assert compile_rules(SHIPPED).sha256 == RULES.sha256


def test_every_shipped_rule_says_why_and_whose_it_is() -> None:
    assert all(rule.rationale and rule.owner and rule.title_sv and rule.title_en for rule in SHIPPED.rules)
