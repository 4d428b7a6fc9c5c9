from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.suppression import Band, protect, small, summed


def exact(bands: dict[str, Band]) -> dict[str, int | None]:
    return {key: band.exact for key, band in bands.items()}


def test_a_breakdown_without_a_small_number_is_shown_as_it_is() -> None:
    assert exact(protect({"a": 5, "b": 20, "c": 0})[1]) == {"a": 5, "b": 20, "c": 0}


def test_one_with_a_small_number_is_shown_in_steps_of_five_as_far_as_its_total_leaves_them() -> None:
    total, bands = protect({"a": 3, "b": 20, "c": 9, "d": 0})
    assert total == Band(32, 32)
    assert bands == {"a": Band(0, 4), "b": Band(20, 24), "c": Band(5, 9), "d": Band(0, 4)}
    assert protect({"a": 1, "b": 6}) == (Band(7, 7), {"a": Band(0, 2), "b": Band(5, 7)})


def test_where_the_total_would_give_a_small_number_away_nothing_is_shown() -> None:
    for values in ({"a": 1, "b": 5, "c": 10}, {"a": 4, "b": 9}, {"a": 4, "b": 4, "c": 14}):
        assert protect(values) == (Band(5, None), dict.fromkeys(values, Band(0, None)))


def test_of_a_small_total_nothing_is_shown_but_that_it_is_small() -> None:
    assert protect({"a": 3, "b": 0}) == (Band(1, 4), {"a": Band(0, 4), "b": Band(0, 4)})


def test_nothing_at_all_is_shown_as_nothing() -> None:
    assert protect({"a": 0, "b": 0}) == (Band(0, 0), {"a": Band(0, 0), "b": Band(0, 0)})
    assert protect({}) == (Band(0, 0), {})


def test_those_who_are_left_of_a_whole_are_not_a_small_number_either() -> None:
    bands = protect({"a": 18, "b": 9, "c": 30}, wholes={"a": 20, "b": 50, "c": 90})[1]
    assert bands == {"a": Band(16, 20), "b": Band(5, 9), "c": Band(30, 34)}
    total, bands = protect({"a": 48, "b": 50}, wholes={"a": 50, "b": 50})
    assert (total.exact, exact(bands)) == (None, {"a": None, "b": None})


def test_of_fewer_than_ten_only_none_and_all_are_shown() -> None:
    shown = [protect({"a": number}, wholes={"a": 9})[0] for number in range(10)]
    assert shown == [Band(0, 0), *[Band(1, 8)] * 8, Band(9, 9)]


def test_five_of_ten_leave_five_and_are_shown() -> None:
    assert protect({"a": 5}, wholes={"a": 10}) == (Band(5, 5), {"a": Band(5, 5)})


def test_where_a_whole_itself_is_small_nothing_is_shown() -> None:
    for number in range(4):
        assert protect({"a": number, "b": 9}, wholes={"a": 3, "b": 30})[0] == Band(0, None)


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


Shown = tuple[Band, tuple[Band, ...]]


def published(values: Iterable[tuple[int, ...]], wholes: tuple[int, ...] | None = None) -> dict[Shown, list[tuple[int, ...]]]:
    """Every breakdown, by what is shown of it."""
    by_shown: dict[Shown, list[tuple[int, ...]]] = {}
    for one in values:
        names = [f"k{place}" for place in range(len(one))]
        whole = None if wholes is None else dict(zip(names, wholes, strict=True))
        total, bands = protect(dict(zip(names, one, strict=True)), wholes=whole)
        by_shown.setdefault((total, tuple(bands.values())), []).append(one)
    return by_shown


@pytest.mark.parametrize(("keys", "most"), [(2, 40), (3, 20), (4, 11)])
def test_who_knows_how_numbers_are_hidden_finds_no_small_one_either(keys: int, most: int) -> None:
    for (total, _), fits in published(product(range(most + 1), repeat=keys)).items():
        if total.exact is None or total.exact <= most:  # then all that fits is among them
            for numbers in zip(*fits, strict=True):
                assert len(set(numbers)) > 1 or not small(numbers[0])


@pytest.mark.parametrize("wholes", [(6,), (12,), (5, 5), (5, 6), (7, 11), (9, 24), (10, 10), (5, 7, 12), (6, 10, 13)], ids=str)
def test_nor_where_everybody_is_known(wholes: tuple[int, ...]) -> None:
    for fits in published(product(*(range(whole + 1) for whole in wholes)), wholes).values():
        for numbers, whole in zip(zip(*fits, strict=True), wholes, strict=True):
            assert len(set(numbers)) > 1 or not (small(numbers[0]) or (numbers[0] and small(whole - numbers[0])))


@pytest.mark.parametrize("number", [1, 4])
def test_one_to_four_are_small(number: int) -> None:
    assert small(number)
    assert not small(0)
    assert not small(5)
