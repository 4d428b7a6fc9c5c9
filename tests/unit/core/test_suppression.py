from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.suppression import Band, protect, small, summed


def exact(bands: dict[str, Band]) -> dict[str, int | None]:
    return {key: band.exact for key, band in bands.items()}


def test_one_small_number_takes_the_smallest_other_with_it() -> None:
    total, bands = protect({"a": 3, "b": 20, "c": 9})
    assert (total.exact, exact(bands)) == (32, {"a": None, "b": 20, "c": None})
    assert bands == {"a": Band(1, 4), "b": Band(20, 20), "c": Band(8, 11)}


def test_two_small_numbers_keep_each_other_company_and_zeros_are_shown() -> None:
    assert exact(protect({"a": 3, "b": 2, "c": 9, "d": 0})[1]) == {"a": None, "b": None, "c": 9, "d": 0}


def test_small_numbers_that_their_sum_would_give_away_need_more_company() -> None:
    assert exact(protect({"a": 1, "b": 1, "c": 9, "d": 30})[1]) == {"a": None, "b": None, "c": None, "d": 30}
    assert exact(protect({"a": 4, "b": 4, "c": 9, "d": 30})[1]) == {"a": None, "b": None, "c": None, "d": 30}


def test_of_a_small_total_nothing_is_shown_but_that_it_is_small() -> None:
    assert protect({"a": 3, "b": 0}) == (Band(1, 4), {"a": Band(0, 4), "b": Band(0, 4)})


def test_without_company_only_the_total_is_shown() -> None:
    assert protect(dict.fromkeys("abcde", 1)) == (Band(5, 5), dict.fromkeys("abcde", Band(0, 5)))


def test_nothing_at_all_is_shown_as_nothing() -> None:
    assert protect({"a": 0, "b": 0}) == (Band(0, 0), {"a": Band(0, 0), "b": Band(0, 0)})
    assert protect({}) == (Band(0, 0), {})


def test_those_who_are_left_of_a_whole_are_not_a_small_number_either() -> None:
    bands = protect({"a": 18, "b": 9, "c": 30}, wholes={"a": 20, "b": 50, "c": 90})[1]
    assert exact(bands) == {"a": None, "b": None, "c": 30}
    total, bands = protect({"a": 48, "b": 50}, wholes={"a": 50, "b": 50})
    assert (total.exact, exact(bands)) == (None, {"a": None, "b": None})


def solutions(total: Band, bands: dict[str, Band], wholes: dict[str, int] | None) -> list[tuple[int, ...]]:
    """Every breakdown that fits what is shown; `wholes` are taken as known."""
    ends = [
        (band.least, min(band.most if band.most is not None else 40, wholes[key] if wholes else 40))
        for key, band in bands.items()
    ]
    known = total.exact
    return [one for one in product(*(range(low, high + 1) for low, high in ends)) if known is None or sum(one) == known]


NUMBERS = st.one_of(st.integers(0, 6), st.integers(0, 12))


@settings(max_examples=400, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_no_small_number_follows_from_what_is_shown(numbers: list[int]) -> None:
    values = {f"k{place}": number for place, number in enumerate(numbers)}
    total, bands = protect(values)
    found = solutions(total, bands, None)
    assert tuple(numbers) in found
    for place, number in enumerate(numbers):
        if small(number):
            assert len({one[place] for one in found}) > 1


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3))
def test_neither_does_it_where_everybody_of_a_place_is_known(numbers: list[tuple[int, int]]) -> None:
    values = {f"k{place}": some for place, (some, _) in enumerate(numbers)}
    wholes = {f"k{place}": some + rest for place, (some, rest) in enumerate(numbers)}
    total, bands = protect(values, wholes=wholes)
    found = solutions(total, bands, wholes)
    assert tuple(values.values()) in found
    for place, (some, rest) in enumerate(numbers):
        if small(some) or (some and small(rest)):
            assert len({one[place] for one in found}) > 1


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 300), max_size=8))
def test_whoever_adds_up_what_is_shown_finds_the_total_and_no_small_number_is_shown(values: dict[str, int]) -> None:
    total, bands = protect(values)
    whole = summed(bands.values())
    assert whole.least <= sum(values.values())
    assert whole.most is None or whole.most >= sum(values.values())
    assert all(band.exact is None or not small(band.exact) for band in (total, *bands.values()))
    assert all(bands[key].least <= values[key] for key in values)
    assert all(band.most is None or band.most >= values[key] for key, band in bands.items())


@pytest.mark.parametrize("number", [1, 4])
def test_one_to_four_are_small(number: int) -> None:
    assert small(number)
    assert not small(0)
    assert not small(5)
