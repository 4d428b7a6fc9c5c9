"""A name that stands twice is never read as the second one."""

from __future__ import annotations

import pytest
import yaml

from hub.yaml_file import RepeatedNameError, load_yaml


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2", "a stands twice, again on line 2"),
        ("teams:\n  outreach: {}\n  sig: {}\n  outreach: {}\n", "outreach stands twice, again on line 4"),
        ("- {x: 1, x: 1}", "x stands twice, again on line 1"),
    ],
)
def test_a_name_that_stands_twice_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(RepeatedNameError, match=told):
        load_yaml(text)


def test_one_name_in_two_mappings_and_merged_defaults_are_fine() -> None:
    text = "base: &base {title: A, days: 1}\none: {<<: *base, title: B}\ntwo: {<<: *base}"
    assert load_yaml(text) == {
        "base": {"title": "A", "days": 1},
        "one": {"title": "B", "days": 1},
        "two": {"title": "A", "days": 1},
    }


def test_nothing_but_plain_values_is_made() -> None:
    with pytest.raises(yaml.YAMLError):
        load_yaml("!!python/object/apply:os.getcwd []")
