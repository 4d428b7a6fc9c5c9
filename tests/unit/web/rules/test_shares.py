"""Figures point at nobody: from five on, and never so that a few are left over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.web.rules.shares import LEAST, told

NAMES = ("accepted", "declined", "recalled", "withdrawn")
COUNTS = st.lists(st.integers(0, 30), min_size=5, max_size=5)


def test_fewer_than_five_tell_nothing() -> None:
    found = told(4, {"accepted": 4}, {"opened": 4})
    assert (found.proposed, dict(found.parts), found.share("opened")) == (None, {"accepted": None, "opened": None}, None)


def test_none_at_all_is_told() -> None:
    assert (told(0, {"accepted": 0}, {}).proposed, told(9, {"accepted": 0}, {}).parts["accepted"]) == (0, 0)


def test_a_part_is_told_when_neither_it_nor_the_rest_is_a_few() -> None:
    assert told(20, {"accepted": 15}, {}).share("accepted") == 75
    assert told(20, {"accepted": 17}, {}).parts["accepted"] is None
    assert told(20, {"accepted": 3}, {}).parts["accepted"] is None
    assert told(20, {"accepted": 20}, {}).share("accepted") == 100


@given(counts=COUNTS)
def test_what_is_left_over_beside_the_told_parts_is_never_a_few(counts: list[int]) -> None:
    *parts, waiting = counts
    total = sum(counts)
    found = told(total, dict(zip(NAMES, parts, strict=True)), {})
    if found.proposed is None:
        assert 0 < total < LEAST
        assert not any(found.parts.values())
        return
    shown = [number for number in found.parts.values() if number]
    assert all(number >= LEAST and not 0 < total - number < LEAST for number in shown)
    assert not 0 < total - sum(shown) < LEAST
    assert sum(shown) <= total - waiting
