from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.suppression import Band, in_steps, protect, small, step_of, summed


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


def solutions(total: Band, bands: dict[str, Band]) -> list[tuple[int, ...]]:
    """Every breakdown that fits what is shown."""
    ends = [(band.least, 40 if band.most is None else band.most) for band in bands.values()]
    known = total.exact
    return [one for one in product(*(range(low, high + 1) for low, high in ends)) if known is None or sum(one) == known]


NUMBERS = st.one_of(st.integers(0, 6), st.integers(0, 12))


@settings(max_examples=400, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_no_small_number_follows_from_what_is_shown(numbers: list[int]) -> None:
    values = {f"k{place}": number for place, number in enumerate(numbers)}
    total, bands = protect(values)
    found = solutions(total, bands)
    assert tuple(numbers) in found
    for place, number in enumerate(numbers):
        if small(number):
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


Breakdown = tuple[int, ...]
Shown = tuple[Band, tuple[Band, ...]]


def named(numbers: Breakdown) -> dict[str, int]:
    return {f"k{place}": number for place, number in enumerate(numbers)}


def published(values: Iterable[Breakdown], way: Callable[[Breakdown], Shown]) -> dict[Shown, list[Breakdown]]:
    """Every breakdown, by what is shown of it."""
    by_shown: dict[Shown, list[Breakdown]] = {}
    for one in values:
        by_shown.setdefault(way(one), []).append(one)
    return by_shown


def protected(numbers: Breakdown) -> Shown:
    total, bands = protect(named(numbers))
    return total, tuple(bands.values())


def stepped(numbers: Breakdown) -> Shown:
    total, (bands,) = in_steps(named(numbers))
    return total, tuple(bands.values())


@pytest.mark.parametrize(("keys", "most"), [(2, 40), (3, 20), (4, 11)])
def test_who_knows_how_numbers_are_hidden_finds_no_small_one_either(keys: int, most: int) -> None:
    for (total, _), fits in published(product(range(most + 1), repeat=keys), protected).items():
        if total.exact is None or total.exact <= most:  # then all that fits is among them
            for numbers in zip(*fits, strict=True):
                assert len(set(numbers)) > 1 or not small(numbers[0])


@pytest.mark.parametrize(("keys", "most"), [(2, 39), (3, 34), (4, 19), (5, 14)])
def test_nor_of_numbers_in_steps(keys: int, most: int) -> None:
    everything = (one for one in product(range(most + 1), repeat=keys) if sum(one) <= most)
    for (total, _), fits in published(everything, stepped).items():
        if total.most is not None and total.most <= most:  # then all that fits is among them
            for numbers in zip(*fits, strict=True):
                assert len(set(numbers)) > 1 or not small(numbers[0])


@pytest.mark.parametrize(("rules", "weeks"), [(2, 4), (3, 3)])
def test_nor_does_what_is_left_out_of_two_breakdowns_tell_why(rules: int, weeks: int) -> None:
    """Of every total up to nine, all that may be shown of it in two ways."""
    everything: dict[Breakdown, list[Breakdown]] = {}
    for total in range(10):
        ones, others = ([one for one in product(range(total + 1), repeat=keys) if sum(one) == total] for keys in (rules, weeks))
        for one, other in product(ones, others):
            whole, shown = in_steps(named(one), named(other))
            display = tuple(chain(whole, *(band for bands in shown for band in bands.values())))
            everything.setdefault(display, []).append((*one, *other))
    for fits in everything.values():
        for numbers in zip(*fits, strict=True):
            assert len(set(numbers)) > 1 or not small(numbers[0])


@pytest.mark.parametrize(("number", "band"), [(0, (0, 0)), (1, (1, 4)), (4, (1, 4)), (5, (5, 9)), (18, (15, 19)), (20, (20, 24))])
def test_a_step_holds_five_numbers_and_none_is_a_step_of_its_own(number: int, band: tuple[int, int]) -> None:
    assert step_of(number) == Band(*band)


@given(st.integers(0, 400), st.integers(1, 4))
def test_what_one_figure_has_more_than_another_is_never_known_to_be_one_small_number(few: int, more: int) -> None:
    one, other = step_of(few), step_of(few + more)
    assert one.most is not None
    assert other.most is not None
    assert len({wide - narrow for wide in range(other.least, other.most + 1) for narrow in range(one.least, one.most + 1)}) > 1


def test_of_one_total_that_is_broken_down_twice_everything_is_in_steps() -> None:
    total, (weeks, rules) = in_steps({"w1": 12, "w2": 0, "w3": 3}, {"r1": 15})
    assert total == Band(15, 19)
    assert weeks == {"w1": Band(10, 14), "w2": Band(0, 0), "w3": Band(1, 4)}
    assert rules == {"r1": Band(15, 19)}


def test_where_totals_would_leave_a_small_number_one_value_no_breakdown_is_shown() -> None:
    weeks = {f"w{number}": 4 for number in range(5)}
    assert in_steps(weeks, {"r1": 20}) == (Band(20, 24), [dict.fromkeys(weeks, Band(0, 24)), {"r1": Band(0, 24)}])
    assert in_steps({"a": 1, "b": 1, "c": 1, "d": 1, "e": 5})[1][0]["a"] == Band(0, 9)
    split = in_steps({"w1": 4, "w2": 6}, {"r1": 10})
    assert split == (Band(10, 14), [{"w1": Band(1, 4), "w2": Band(5, 9)}, {"r1": Band(10, 14)}])


@settings(max_examples=400, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=3), st.integers(0, 40))
def test_two_breakdowns_of_one_total_give_no_small_number_away_between_them(numbers: list[int], first: int) -> None:
    whole = sum(numbers)
    ways = numbers, [min(first, whole), whole - min(first, whole)]
    total, shown = in_steps(*(named(tuple(way)) for way in ways))
    fits = [[one for one in solutions(Band(0, None), bands) if _lies(sum(one), total)] for bands in shown]
    for way, mine, others in zip(ways, fits, reversed(fits), strict=True):
        sums = set(map(sum, others))
        possible = [one for one in mine if sum(one) in sums]
        assert tuple(way) in possible
        assert all(len({one[place] for one in possible}) > 1 for place, number in enumerate(way) if small(number))


def _lies(number: int, band: Band) -> bool:
    return band.least <= number and (band.most is None or number <= band.most)


@pytest.mark.parametrize("number", [1, 4])
def test_one_to_four_are_small(number: int) -> None:
    assert small(number)
    assert not small(0)
    assert not small(5)
