"""A name that stands twice is never read as the second one."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.yaml_file import RepeatedNameError, load_marked, load_yaml
from hub.yaml_form import UnreadableYamlError


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


def test_every_value_and_every_name_has_its_line_and_column() -> None:
    marked = load_marked("when:\n  - id: a\n    of: [x, y]\n")
    assert marked.data == {"when": [{"id": "a", "of": ["x", "y"]}]}
    assert marked.where(("when", 0, "of")) == (3, 9)
    assert marked.where(("when", 0, "of", 1)) == (3, 13)
    assert marked.where(("when", 0, "of"), name=True) == (3, 5)
    assert marked.where(("when", 0, "kind")) == (2, 5)
    assert marked.where(()) == (1, 1)


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("between: [22:00, 06:00]", (1, 11), "22:00 is read as the number 1320: write it in quotes"),
        ("at: 1:30.5", (1, 5), "1:30.5 is read as the number 90.5"),
        ("days: 010", (1, 7), "010 is read as the number 8"),
        ("days: 0x1f", (1, 7), "0x1f is read as the number 31"),
        ("days: 1_000", (1, 7), "1_000 is read as the number 1000"),
        ("rate: .inf", (1, 7), ".inf is no number that may stand here"),
        ("rate: .nan", (1, 7), ".nan is read as the number nan"),
        ("happens: yes", (1, 10), "yes is read as true: write that, or where text is meant quotes"),
        ("happens: Off", (1, 10), "Off is read as false"),
        ("on: 1", (1, 1), "is no name to YAML"),
        ("1: x", (1, 1), "is no name to YAML"),
        ("? [a, b]\n: x", (1, 3), "is no name to YAML"),
        ("a: 1\nb: 2\na: 3", (3, 1), "stands twice, first on line 1: keep one of them"),
        ("day: 2026-02-30", (1, 6), "2026-02-30 is no day or number that exists"),
        ("day: 2026-06-30 10:00:00", (1, 6), "2026-06-30 10:00:00 has a time of day: write the date alone"),
        ("x: =", (1, 4), "is no plain text"),
        (
            f"x: 0x{'f' * 5000}",
            (1, 4),
            f"0x{'f' * 38} is no number that may stand here: write a smaller one, or where text is meant quotes",
        ),
        (f"x: 0b{'1' * 70_000}", (1, 4), f"0b{'1' * 38} is no number that may stand here"),
        (f"x: {'1_' * 349}1", (1, 4), f"{'1_' * 20} is no number that may stand here"),
        (f"x: {'1:' * 3000}1", (1, 4), f"{'1:' * 20} is no number that may stand here"),
        (f"x: {'1:' * 200}1.5", (1, 4), f"{'1:' * 20} is no day or number that exists"),
        (f"x: -{'1' * 400}.5", (1, 4), f"-{'1' * 39} is no number that may stand here"),
        (f"x: {'1' * 400}", (1, 4), f"{'1' * 40} is no number that may stand here"),
        (f"x: {'9' * 4301}", (1, 4), f"{'9' * 40} is no day or number that exists"),
    ],
)
def test_what_is_read_as_something_else_than_it_looks_like_is_told(text: str, where: tuple[int, int], told: str) -> None:
    ((_, found, words),) = load_marked(text).slips
    assert found == where
    assert words.startswith(told)


@given(st.text("0123456789_.:+-xobefinayTZ= ~!", max_size=12), st.integers(1, 3000))
def test_whatever_a_value_looks_like_it_is_plain_data_or_told(text: str, times: int) -> None:
    try:
        marked = load_marked(f"a: {text * times}\n")
    except UnreadableYamlError:
        return
    json.dumps(marked.data, allow_nan=False, default=date.isoformat)


def test_what_looks_like_what_it_is_is_left_alone() -> None:
    text = 'a: 480\nb: -1.5\nc: true\nd: False\ne: 2026-06-30\nf: "22:00"\ng: 06:00\nh: "yes"\ni: ~\nj: 0\nk:\n'
    marked = load_marked(text)
    assert marked.slips == []
    assert marked.data == load_yaml(text)


def test_an_empty_file_is_nothing() -> None:
    assert load_marked("# only this\n").data is None
