"""How many youths have tasks of both of two rules, shown so that no small number can be worked out.

Besides an overlap itself, what it leaves of either rule must not be small: 23 of one rule and 21 of both are 2 of that alone.
Overlaps bound each other too (who is in A and B, and in B and C, may have to be in A and C): what three rules together would
pin down takes one more overlap out of sight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from hub.core.suppression import FEWEST, Band, small

__all__ = ["Pair", "shown_overlaps"]

Pair = tuple[str, str]


def shown_overlaps(rules: Sequence[str], sizes: Mapping[str, Band], overlaps: Mapping[Pair, int]) -> dict[Pair, Band]:
    """The overlap of each two of `rules` (ascending); `sizes` are the youths of each rule, as they are shown."""
    pairs = list(combinations(rules, 2))
    sensitive = {pair for pair in pairs if _sensitive(overlaps.get(pair, 0), pair, sizes)}
    hidden = set(sensitive)
    while pinned := _pinned(pairs, sizes, overlaps, hidden, sensitive):
        near = [pair for pair in pairs if pair not in hidden and set(pair) & set(pinned)]
        if not near:  # every overlap that could tell is hidden: then so are those that bound them
            return {pair: Band(0, None) for pair in pairs}
        hidden.add(min(near, key=lambda pair: (overlaps.get(pair, 0), pair)))
    return {pair: _band(pair, sizes, overlaps, hidden) for pair in pairs}


def _sensitive(both: int, pair: Pair, sizes: Mapping[str, Band]) -> bool:
    exact = [size.exact for size in (sizes[pair[0]], sizes[pair[1]])]
    # With a rule whose own number is not shown, nothing is.
    return any(size is None for size in exact) or small(both) or any(small(size - both) for size in exact if size is not None)


def _band(pair: Pair, sizes: Mapping[str, Band], overlaps: Mapping[Pair, int], hidden: set[Pair]) -> Band:
    both = overlaps.get(pair, 0)
    if pair not in hidden:
        return Band(both, both)
    if any(sizes[rule].exact is None for rule in pair):
        return Band(0, None)
    if small(both):
        return Band(1, FEWEST - 1)
    return Band(0, min(sizes[rule].exact or 0 for rule in pair))


def _pinned(
    pairs: Sequence[Pair], sizes: Mapping[str, Band], overlaps: Mapping[Pair, int], hidden: set[Pair], sensitive: set[Pair]
) -> Pair | None:
    """The first sensitive overlap that the others, by three rules at a time, leave one value only."""
    bands = {pair: _band(pair, sizes, overlaps, hidden) for pair in pairs}
    for pair in sorted(sensitive):
        least, most = bands[pair]
        for third in sizes:
            size = sizes[third].exact
            if third in pair or size is None or most is None:
                continue
            one, other = (bands[min(rule, third), max(rule, third)] for rule in pair)
            least = max(least, one.least + other.least - size)
            for mine, band, opposite in ((pair[0], one, other), (pair[1], other, one)):
                whole = sizes[mine].exact
                if whole is not None and opposite.most is not None:
                    most = min(most, whole - band.least + opposite.most)
        if most is not None and least >= most:
            return pair
    return None
