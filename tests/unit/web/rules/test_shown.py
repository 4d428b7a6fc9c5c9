"""Pages name a rule by its title from the moment it is in force, without a restart, and go on when the registry is away."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.rule_set import RuleSet
from hub.errors import ConfigError, RetriableError
from hub.web.rules.shown import RulesShown
from tests.unit.core.make_rules import SHIPPED


class Kept:
    """What the registry keeps; `away` as long as it does not answer. `now` is the time in seconds."""

    def __init__(self, *sets: RuleSet) -> None:
        self.sets = list(sets)
        self.away = False
        self.now = 0.0
        self.looks = 0

    def __call__(self) -> list[RuleSet]:
        self.looks += 1
        if self.away:
            raise RetriableError("no answer")
        return self.sets

    def shown(self, folder: Any = lambda: SHIPPED) -> RulesShown:
        return RulesShown(self, folder, lambda: self.now)


def titled(version: str, title: str, *, rule: str = "absence-alone") -> RuleSet:
    """A set of one rule."""
    first = next(one for one in SHIPPED.rules if one.id == "absence-alone")
    return SHIPPED.model_copy(update={"version": version, "rules": (first.model_copy(update={"id": rule, "title_sv": title}),)})


def test_until_anything_is_in_force_the_folder_is_shown() -> None:
    shown = Kept().shown()
    assert (shown.version, shown.titles().of("absence-alone", "", "sv")) == (SHIPPED.version, "Upprepad ogiltig frånvaro")
    assert len(shown.people) == 4


def test_a_rule_that_comes_into_force_is_named_half_a_minute_later_and_one_that_goes_keeps_its_title() -> None:
    kept = Kept(titled("1", "Den första"))
    shown = kept.shown()
    assert [shown.titles().of(rule, "2", "sv") for rule in ("absence-alone", "other")] == ["Den första", "other"]
    kept.sets.insert(0, titled("2", "Den andra", rule="other"))
    assert shown.version == "1"
    kept.now += 30
    assert (shown.version, [rule.id for rule in shown.people]) == ("2", ["other"])
    assert [shown.titles().of(rule, "2", "sv") for rule in ("absence-alone", "other")] == ["Den första", "Den andra"]
    assert kept.looks == 2


def test_of_a_rule_that_changed_its_title_each_version_has_its_own() -> None:
    titles = Kept(titled("2", "Nu"), titled("1", "Förr")).shown().titles()
    assert [titles.of("absence-alone", version, "sv") for version in ("1", "2", "")] == ["Förr", "Nu", "Nu"]


def test_what_was_known_is_shown_on_while_the_registry_does_not_answer() -> None:
    kept = Kept(titled("1", "Den första"))
    shown = kept.shown()
    assert shown.version == "1"
    kept.now, kept.away = 60.0, True
    assert shown.version == "1"


def test_a_registry_that_is_away_at_the_start_leaves_the_folder() -> None:
    kept = Kept(titled("1", "Den första"))
    kept.away = True
    shown = kept.shown()
    assert shown.version == SHIPPED.version
    kept.now, kept.away = 60.0, False
    assert shown.version == "1"


def test_where_nothing_is_in_force_and_the_folder_is_wrong_the_first_look_says_so() -> None:
    def wrong() -> RuleSet:
        raise ConfigError("not readable", code="bad_rules")

    with pytest.raises(ConfigError):
        Kept().shown(wrong).titles()
    assert Kept(titled("1", "Den första")).shown(wrong).version == "1"
