"""A rule is called what it was called in the version that is asked for."""

from __future__ import annotations

import pytest

from hub.core.rule_set import RuleSet
from hub.core.rule_titles import RuleTitles
from tests.unit.core.make_rules import SHIPPED


def named(version: str, **titles: str) -> RuleSet:
    """A set of the rules with these Swedish titles, `one=…`; in English each is the same with `en` before it."""
    first = SHIPPED.rules[0]
    rules = tuple(
        first.model_copy(update={"id": rule, "title_sv": title, "title_en": f"en {title}"}) for rule, title in titles.items()
    )
    return SHIPPED.model_copy(update={"version": version, "rules": rules})


TITLES = RuleTitles([named("3", other="Annan"), named("2", one="Senare"), named("1", one="Först", other="Annan då")])


@pytest.mark.parametrize(
    ("rule", "version", "title"),
    [
        ("one", "1", "Först"),
        ("one", "2", "Senare"),
        ("other", "1", "Annan då"),
        ("one", "3", "Senare"),
        ("one", "0", "Senare"),
        ("one", "", "Senare"),
        ("other", "2", "Annan"),
        ("gone", "1", "gone"),
    ],
)
def test_the_version_decides_then_the_last_title_known_then_the_id(rule: str, version: str, title: str) -> None:
    assert TITLES.of(rule, version, "sv") == title


def test_it_is_told_in_either_language() -> None:
    assert TITLES.of("one", "1", "en") == "en Först"


def test_where_no_set_is_known_a_rule_is_called_by_its_id() -> None:
    assert RuleTitles([]).of("one", "1", "sv") == "one"
