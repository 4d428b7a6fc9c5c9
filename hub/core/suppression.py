"""Small numbers are not shown, nor what would give one away, to a reader who knows this file.

A shown number is a band of what it may be: exact, or wider. What is published is bands, and everything else is worked out from
those alone. A number of 1 to 4 is small. There are two ways to publish numbers:

`in_steps` is for figures that can be held against each other: every number in a step of five, whatever stands beside it. That
one rule holds only where another does, that a week has gone or that a threshold is one lesson lower tells a reader what a
difference of two figures counts; of figures in steps it leaves more than one value, without anybody having to know which of
them lie within which.

`protect` is for one breakdown that has no neighbour: exact where no number is small, else in steps, every number of it. (To
hide as few numbers as possible is to choose by those that are hidden, and the choice can be read back.) The total is shown
where, with the steps, it leaves more than one value to each number that may be small; else nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypeVar

__all__ = ["FEWEST", "Band", "in_steps", "protect", "small", "step_of", "summed"]

FEWEST: Final = 5
"""The smallest number that is shown, but for none; and how many numbers a step has."""
_K = TypeVar("_K", bound="str | tuple[str, ...]")


class Band(NamedTuple):
    """What a number may be, both ends included; `most` None: no bound."""

    least: int
    most: int | None

    @property
    def exact(self) -> int | None:
        """The number, when it is shown."""
        return self.least if self.least == self.most else None


def small(number: int) -> bool:
    """Whether it is too small to be shown."""
    return 0 < number < FEWEST


def step_of(number: int) -> Band:
    """The step that a number is shown in: none, 1–4, 5–9 and so on. It depends on nothing but the number."""
    least = number - number % FEWEST
    return Band(max(least, 1), least + FEWEST - 1) if number else Band(0, 0)


def in_steps(*breakdowns: Mapping[str, int]) -> tuple[Band, Sequence[dict[str, Band]]]:
    """(total, each breakdown by key) of one total that is broken down in several ways, all in steps.

    Of a small total no breakdown is shown, nor where totals and steps together would leave a small number one value. Of a total
    of five to nine none with a small number is: that some are left out would tell which these are (two keys of four each).
    """
    total = step_of(sum(breakdowns[0].values()))
    steps = [{key: step_of(number) for key, number in one.items()} for one in breakdowns]
    few = total.most == 2 * FEWEST - 1 and any(map(_is_small, chain.from_iterable(one.values() for one in steps)))
    if total.most == FEWEST - 1 or few or _pinned(total, steps):
        return total, [dict.fromkeys(one, Band(0, total.most)) for one in steps]
    return total, steps


def _pinned(total: Band, steps: Sequence[Mapping[str, Band]]) -> bool:
    """Whether what may be the total is the least or the most that a breakdown with a small number can sum up to."""
    sums = [summed(one.values()) for one in steps]
    least = max(total.least, *(one.least for one in sums))
    most = min(one.most for one in (total, *sums) if one.most is not None)
    doubtful = (found for found, one in zip(sums, steps, strict=True) if any(map(_is_small, one.values())))
    return any(most == one.least or least == one.most for one in doubtful)


def _is_small(band: Band) -> bool:
    return band.least == 1


def protect(values: Mapping[_K, int]) -> tuple[Band, dict[_K, Band]]:
    """(total, by key) of a breakdown, as it may be shown. Where the total would give a small number away, nothing is."""
    total = sum(values.values())
    if small(total):
        return _nothing(values, Band(1, FEWEST - 1))
    if not any(map(small, values.values())):
        return Band(total, total), {key: Band(number, number) for key, number in values.items()}
    steps = {key: (number - number % FEWEST, number - number % FEWEST + FEWEST - 1) for key, number in values.items()}
    if not _ambiguous(steps, total):
        return _nothing(values, Band(FEWEST, None))
    return Band(total, total), _narrowed(steps, total)


def summed(bands: Iterable[Band]) -> Band:
    """What a sum may be, by its parts alone."""
    least, most = 0, 0
    bounded = True
    for band in bands:
        least += band.least
        bounded = bounded and band.most is not None
        most += band.most or 0
    return Band(least, most if bounded else None)


def _nothing(values: Mapping[_K, int], total: Band) -> tuple[Band, dict[_K, Band]]:
    return total, {key: Band(0, total.most) for key in values}


def _ambiguous(steps: Mapping[_K, tuple[int, int]], total: int) -> bool:
    """Whether each number that may be small could be another one as well: of all breakdowns in these steps that have this total,
    and a small number.
    """
    least, most = (sum(ends) for ends in zip(*steps.values(), strict=True))
    doubtful = [key for key, (low, _) in steps.items() if not low]
    for key in doubtful:
        low, high = steps[key]
        fits = {number for number in range(low, high + 1) if total - (most - high) <= number <= total - (least - low)}
        found = set(filter(small, fits))
        if len(doubtful) == 1:  # which then holds the small number
            fits = found
        if found and len(fits) == 1:
            return False
    return True


def _narrowed(steps: Mapping[_K, tuple[int, int]], total: int) -> dict[_K, Band]:
    """What anybody can work out from the total."""
    least, most = (sum(ends) for ends in zip(*steps.values(), strict=True))
    return {key: Band(max(low, total - (most - high)), min(high, total - (least - low))) for key, (low, high) in steps.items()}
