"""Figures point at nobody, however much is known of how they are told and of parts that nobody can be in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations, product

import pytest

from hub.core.suppression import Band, small
from hub.web.rules.shares import Told, told

Numbers = tuple[int, ...]
Page = tuple[Band, tuple[Band, ...]]


def page(numbers: Numbers) -> Page:
    """What is told of so many in each part, in the order of the parts."""
    found = told(named(numbers))
    return found.proposed, tuple(found.parts.values())


def named(numbers: Numbers) -> dict[str, int]:
    return {f"part {place}": number for place, number in enumerate(numbers)}


def falling(parts: int, most: int, first: int | None = None) -> Iterator[Numbers]:
    """Every way to have at most `most` in so many parts, the greatest first."""
    if parts == 0:
        yield ()
        return
    for number in range(min(most, most if first is None else first) + 1):
        yield from ((number, *rest) for rest in falling(parts - 1, most - number, number))


@pytest.mark.parametrize(("parts", "most"), [(1, 49), (2, 49), (3, 44), (4, 39), (5, 34), (6, 34)])
def test_no_page_gives_a_number_of_one_to_four_away_whichever_parts_are_known_to_be_none(parts: int, most: int) -> None:
    """Of all that may be behind a page. Parts that are alike on it may change places: so the order of numbers is no matter."""
    behind: dict[object, dict[Band | None, set[int]]] = defaultdict(lambda: defaultdict(set))
    for numbers in falling(parts, most):
        proposed, bands = page(numbers)
        if proposed.most is not None and proposed.most <= most:  # then all that may be behind it is among them
            seen = behind[proposed, tuple(sorted(bands))]
            for number, band in zip(numbers, bands or [None] * parts, strict=True):
                seen[band].add(number)
    assert len(behind) > parts
    for seen in behind.values():
        for fits in seen.values():
            assert len(fits) > 1 or not any(map(small, fits))


def test_a_part_that_is_none_is_told_as_none_so_that_no_few_stand_behind_it_and_the_order_of_parts_is_no_matter() -> None:
    for numbers in falling(4, 12):
        proposed, bands = page(numbers)
        with_none = page((*numbers, 0))
        assert with_none == (proposed, (*bands, Band(0, 0)) if bands else ())
        assert {(whole, tuple(sorted(found))) for whole, found in map(page, permutations(numbers))} == {
            (proposed, tuple(sorted(bands)))
        }


def test_pages_of_two_spans_that_share_no_task_give_away_no_more_than_each_by_itself() -> None:
    every = list(product(range(8), repeat=2))
    behind: dict[tuple[Page, Page], list[Numbers]] = defaultdict(list)
    for one, other in product(every, repeat=2):
        behind[page(one), page(other)].append(one + other)
    for (one_page, other_page), fits in behind.items():
        if all((whole.most or 0) <= 7 or whole.exact == 0 for whole, _ in (one_page, other_page)):
            for numbers in zip(*fits, strict=True):
                assert len(set(numbers)) > 1 or not small(numbers[0])


def test_where_no_number_is_a_few_all_are_told_with_their_shares() -> None:
    found = told({"accepted": 15, "declined": 5, "recalled": 0})
    assert found == Told(Band(20, 20), {"accepted": Band(15, 15), "declined": Band(5, 5), "recalled": Band(0, 0)})
    assert [found.share(name) for name in found.parts] == [75, 25, None]


def test_where_one_is_a_few_all_are_told_in_steps_without_shares() -> None:
    found = told({"accepted": 10, "declined": 1, "recalled": 0, "opened": 9})
    assert found.proposed == Band(20, 24)
    assert dict(found.parts) == {"accepted": Band(10, 14), "declined": Band(1, 4), "recalled": Band(0, 0), "opened": Band(5, 9)}
    assert {found.share(name) for name in found.parts} == {None}


@pytest.mark.parametrize(("numbers", "whole"), [((4,), (1, 4)), ((1, 1), (1, 4)), ((1, 6), (5, 9)), ((4, 4, 4, 4, 4), (20, 24))])
def test_where_the_parts_would_tell_of_a_few_only_the_whole_is_told_in_its_step(numbers: Numbers, whole: tuple[int, int]) -> None:
    assert told(named(numbers)) == Told(Band(*whole), {})


def test_none_at_all_is_told() -> None:
    assert page((0, 0)) == (Band(0, 0), (Band(0, 0), Band(0, 0)))
