"""Deep, long or broken values are left out, and everything around them is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.shallow import DEEPEST, parse_shallow

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(value=_VALUES)
def test_what_is_not_deep_is_read_as_the_standard_library_reads_it(value):
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert parse_shallow(text) == json.loads(text)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 950, 1_200, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_lies_too_deep_is_null_and_its_neighbours_are_whole(depth, opening, closing):
    deep = opening * depth + "1" + closing * depth
    read = parse_shallow(f'[{{"id": "one", "x": {deep}}}, {{"id": "two]}}"}}]'.encode())
    assert [row["id"] for row in read] == ["one", "two]}"]
    assert "null" in json.dumps(read)
    json.dumps(read)  # nothing in it can surprise whoever writes it out again


def test_brackets_and_quotes_within_texts_count_for_nothing():
    text = json.dumps(["[" * 500, '"' * 3 + "{" * 500, "\\" * 3 + "[" * 200])
    assert parse_shallow(text) == json.loads(text)


def test_the_deepest_level_allowed_is_kept():
    text = "[" * DEEPEST + "1" + "]" * DEEPEST
    assert parse_shallow(text) == json.loads(text)


def test_a_number_too_long_for_anything_is_null():
    assert parse_shallow("[1, " + "9" * 5000 + ", 2]") == [1, None, 2]


def test_bytes_that_are_no_text_are_replaced_where_they_stand():
    assert parse_shallow(b'["a\xff", "b"]') == ["a\ufffd", "b"]


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff", b"[" * 100_000, b"]" * 100_000, b'["' + b"[" * 1000, b'{"a" 1}'])
def test_what_is_no_json_is_told_as_such_and_as_nothing_else(content):
    with pytest.raises(ValueError):  # noqa: PT011 -- the standard library's words
        parse_shallow(content)
