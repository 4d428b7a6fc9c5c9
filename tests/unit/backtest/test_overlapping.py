from __future__ import annotations

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.backtest.overlapping import shown_overlaps
from hub.core.suppression import Band, small


def sized(**sizes: int) -> dict[str, Band]:
    return {rule: Band(1, 4) if small(size) else Band(size, size) for rule, size in sizes.items()}


def test_an_overlap_is_shown_when_neither_it_nor_what_it_leaves_is_small() -> None:
    assert shown_overlaps(["a", "b"], sized(a=30, b=20), {("a", "b"): 12}) == {("a", "b"): Band(12, 12)}
    assert shown_overlaps(["a", "b"], sized(a=30, b=20), {}) == {("a", "b"): Band(0, 0)}
    assert shown_overlaps(["a", "b"], sized(a=30, b=20), {("a", "b"): 3})["a", "b"] == Band(1, 4)
    assert shown_overlaps(["a", "b"], sized(a=30, b=20), {("a", "b"): 17})["a", "b"].exact is None


def test_with_a_rule_of_few_youths_no_overlap_is_shown() -> None:
    assert shown_overlaps(["a", "b"], sized(a=3, b=20), {("a", "b"): 0})["a", "b"].exact is None


CELLS = [frozenset(rules) for size in (1, 2, 3) for rules in combinations("abc", size)]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=7, max_size=7))
def test_no_small_overlap_of_three_rules_follows_from_what_is_shown(numbers: list[int]) -> None:
    of = dict(zip(CELLS, numbers, strict=True))
    sizes = {rule: sum(number for cell, number in of.items() if rule in cell) for rule in "abc"}
    overlaps = {pair: sum(number for cell, number in of.items() if set(pair) <= cell) for pair in combinations("abc", 2)}
    shown = shown_overlaps(list("abc"), sized(**sizes), overlaps)
    possible: dict[tuple[str, str], set[int]] = {pair: set() for pair in overlaps}
    pairs = list(overlaps)
    ranges = [range(shown[pair].least, min(shown[pair].most if shown[pair].most is not None else 28, 28) + 1) for pair in pairs]
    for found in product(*ranges):
        both = dict(zip(pairs, found, strict=True))
        if any(_fits(both, sizes, three) for three in range(min(found) + 1)):
            for pair in pairs:
                possible[pair].add(both[pair])
    for pair, number in overlaps.items():
        assert number in possible[pair]
        left = [sizes[rule] - number for rule in pair if not small(sizes[rule])]
        if small(number) or any(map(small, left)):
            assert len(possible[pair]) > 1, (pair, sizes, shown)


def _fits(both: dict[tuple[str, str], int], sizes: dict[str, int], three: int) -> bool:
    """Whether three rules of these sizes can overlap so, with so many youths in all three; small sizes could be any."""
    for rule in "abc":
        shared = sum(number for pair, number in both.items() if rule in pair) - three
        most = 4 if small(sizes[rule]) else sizes[rule]
        if shared > most:
            return False
    return all(number >= three for number in both.values())
