"""What one set of rules changes of another, for who decides; and a set with one rule renewed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hub.core.rule_changes import FieldChange, difference, renewed, rule_days
from hub.core.rule_set import Rule, RulesError, RuleSet, School, Term, parse_rules

from .make_rules import SHIPPED
from .test_rule_sense import make, rule_of


def changed(rule_id: str, **changes: Any) -> RuleSet:
    rules = tuple(rule.model_copy(update=changes) if rule.id == rule_id else rule for rule in SHIPPED.rules)
    return SHIPPED.model_copy(update={"version": "other", "rules": rules})


def test_the_same_rules_under_another_version_are_no_difference() -> None:
    assert not difference(SHIPPED, SHIPPED.model_copy(update={"version": "other", "rules": SHIPPED.rules[::-1]}))


def test_a_changed_field_is_named_by_its_path_with_both_values() -> None:
    assert difference(SHIPPED, changed("absence-alone", rest_days=9))
    condition = next(rule for rule in SHIPPED.rules if isinstance(rule, Rule) and rule.id == "absence-alone").when[0]
    when = (condition.model_copy(update={"at_least": 400, "of": ("unexcused", "late")}),)
    assert difference(SHIPPED, changed("absence-alone", when=when, sunset=date(2026, 6, 30))).changed == (
        FieldChange("absence-alone", "sunset", None, "2026-06-30"),
        FieldChange("absence-alone", "when.unexcused_absence.at_least", "480", "400"),
        FieldChange("absence-alone", "when.unexcused_absence.of", "unexcused", "unexcused, late"),
    )


def test_an_empty_list_is_not_set_and_a_list_of_codes_is_one_value_whatever_they_are_called() -> None:
    hidden = changed("absence-alone", counts_but_not_shown=("school-idun", "ideal"))
    field = FieldChange("absence-alone", "counts_but_not_shown", None, "school-idun, ideal")
    assert difference(SHIPPED, hidden).changed == (field,)
    assert difference(hidden, SHIPPED).changed == (replace(field, before=field.after, after=None),)


def test_rules_that_come_and_go_are_named_and_how_far_back_the_sets_look() -> None:
    fewer = SHIPPED.model_copy(update={"rules": tuple(rule for rule in SHIPPED.rules if rule.id != "repeated-notices")})
    gone, come, all_new = difference(SHIPPED, fewer), difference(fewer, SHIPPED), difference(None, SHIPPED)
    assert (gone.added, gone.removed, gone.days[0]) == ((), ("repeated-notices",), 56)
    assert gone
    assert come
    assert (come.added, come.removed, come.days) == (("repeated-notices",), (), gone.days[::-1])
    assert (all_new.added, all_new.days) == (tuple(sorted(rule.id for rule in SHIPPED.rules)), (0, 56))


def test_another_school_calendar_is_a_difference() -> None:
    terms = (Term(first=date(2025, 8, 18), last=date(2025, 12, 19)), Term(first=date(2026, 1, 8), last=date(2026, 6, 12)))
    one, other = (
        SHIPPED.model_copy(update={"school": School(terms=terms, free_days=days)}) for days in ((), (date(2026, 5, 1),))
    )
    written = FieldChange("ruleset", "school.terms", None, "2025-08-18/2025-12-19, 2026-01-08/2026-06-12")
    assert difference(SHIPPED, one).changed == (written,)
    assert difference(one, SHIPPED).changed == (replace(written, before=written.after, after=None),)
    assert difference(one, other).changed == (FieldChange("ruleset", "school.free_days", None, "2026-05-01"),)
    assert difference(None, other).changed == ()


def test_a_renewal_changes_one_date_and_takes_the_next_free_version() -> None:
    until = date(2026, 6, 30)
    first = renewed(SHIPPED, "absence-alone", until, {SHIPPED.version})
    assert first.version == f"{SHIPPED.version}-r1"
    assert [(one.rule, one.field) for one in difference(SHIPPED, first).changed] == [("absence-alone", "sunset")]
    second = renewed(first, "absence-and-notice", until, {SHIPPED.version, first.version})
    assert second.version == f"{SHIPPED.version}-r2"
    assert parse_rules(second.model_dump(mode="json")) == second


@pytest.mark.parametrize(
    ("version", "taken", "following"),
    [
        ("7", (), "7-r1"),
        ("7", ("7-r1", "7-r2"), "7-r3"),
        ("7-r1", ("7", "7-r1"), "7-r2"),
        ("7-r9", (), "7-r1"),
        ("7-rc", ("7-rc",), "7-rc-r1"),
        ("a-r1-r2", ("a-r1-r1", "a-r1-r2"), "a-r1-r3"),
    ],
)
def test_the_version_of_a_renewal_counts_on_from_the_name_of_the_set(
    version: str, taken: tuple[str, ...], following: str
) -> None:
    named = SHIPPED.model_copy(update={"version": version})
    assert renewed(named, "absence-alone", date(2026, 6, 30), taken).version == following


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({}, [0, 14]),
        ({"rest_days": 9, "lingers_days": 3}, [9, 17]),
        ({"lingers_days": 3, "against_earlier": {"days": 56, "percent": 200}}, [0, 73]),
        ({"at_least": None, "at_most": 9, "fell_from": {"days": 28, "at_least": 99}}, [0, 42]),
    ],
)
def test_a_rule_looks_back_over_its_window_and_what_that_is_compared_with_as_long_as_it_lingers_and_rests(
    changes: dict[str, Any], days: list[int]
) -> None:
    of_rule = {name: changes[name] for name in changes if name.endswith("_days")}
    condition = {name: value for name, value in changes.items() if name not in of_rule}
    assert list(rule_days(rule_of(make(of_rule, **condition)))) == days


def test_a_rule_about_a_place_looks_back_over_its_window() -> None:
    (rule,) = [one for one in SHIPPED.rules if one.id == "place-presence"]
    assert list(rule_days(rule)) == [7]


@pytest.mark.parametrize(("rule", "text"), [("nowhere", "there is no rule nowhere"), ("place-presence", "has no sunset")])
def test_what_has_no_sunset_cannot_be_renewed(rule: str, text: str) -> None:
    with pytest.raises(RulesError, match=text):
        renewed(SHIPPED, rule, date(2026, 6, 30), ())
