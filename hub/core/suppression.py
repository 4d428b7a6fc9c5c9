"""Small numbers are not shown, nor what would give one away, to a reader who knows this file.

A shown number is a band of what it may be: exact, or wider. What is published of a breakdown is its bands and its total, and
everything else is worked out from those alone, so that nothing can be found by differencing that `protect` has not judged.

A number of 1 to 4 is small. A breakdown without a small number is shown as it is. One with a small number is shown in steps of
five, every number of it: which step a number is in says nothing of the others, so that how it is shown was decided by nothing
but what is shown. (To hide as few numbers as possible is to choose by those that are hidden, and the choice can be read back.)
The total is shown where, with the steps, it leaves more than one value to each number that may be small; else nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

__all__ = ["FEWEST", "Band", "protect", "small", "summed"]

FEWEST: Final = 5
"""The smallest number that is shown, but for none."""
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


def protect(values: Mapping[_K, int], *, wholes: Mapping[_K, int] | None = None) -> tuple[Band, dict[_K, Band]]:
    """(total, by key) of a breakdown, as it may be shown.

    `wholes`: how many there are of each key in all, when these are some of them; who is not among them must not be a small
    number either, and where a whole itself is small nothing is shown. Where the total would give a small number away, nothing
    of the breakdown is shown.
    """
    total = sum(values.values())
    hidden = _untold(total, wholes)
    if hidden is not None:
        return _nothing(values, hidden)
    whole = dict.fromkeys(values) if wholes is None else wholes
    if not any(_sensitive(number, whole[key]) for key, number in values.items()):
        return Band(total, total), {key: Band(number, number) for key, number in values.items()}
    steps = {key: _step(number, whole[key]) for key, number in values.items()}
    if not _ambiguous(steps, whole, total):
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


def _untold(total: int, wholes: Mapping[_K, int] | None) -> Band | None:
    """What is shown of a total that is small, or leaves few of all; None: it may be shown."""
    if wholes is not None:
        everybody = sum(wholes.values())
        if any(small(number) for number in wholes.values()):
            return Band(0, None)
        if 0 < total < everybody < 2 * FEWEST:  # one of the two is small, and it is not said which
            return Band(1, everybody - 1)
        if total and small(everybody - total):
            return Band(FEWEST, None)
    return Band(1, FEWEST - 1) if small(total) else None


def _nothing(values: Mapping[_K, int], total: Band) -> tuple[Band, dict[_K, Band]]:
    return total, {key: Band(0, total.most) for key in values}


def _sensitive(number: int, whole: int | None) -> bool:
    return small(number) or (number > 0 and whole is not None and small(whole - number))


def _step(number: int, whole: int | None) -> tuple[int, int]:
    """The step of five that a number is in. Of a known whole the last five are a step of their own, as the first are."""
    least = number - number % FEWEST
    if whole is None:
        return least, least + FEWEST - 1
    last = whole - FEWEST + 1
    if last <= FEWEST - 1:
        return 0, whole
    return (last, whole) if number >= last else (least, min(least + FEWEST, last) - 1)


def _ambiguous(steps: Mapping[_K, tuple[int, int]], whole: Mapping[_K, int | None], total: int) -> bool:
    """Whether each number that may be small could be another one as well: of all breakdowns in these steps that have this total,
    and a small number.
    """
    least, most = (sum(ends) for ends in zip(*steps.values(), strict=True))
    doubtful = {key: range(low, high + 1) for key, (low, high) in steps.items() if _may_be_sensitive(low, high, whole[key])}
    for key, numbers in doubtful.items():
        low, high = steps[key]
        fits = {number for number in numbers if total - (most - high) <= number <= total - (least - low)}
        found = {number for number in fits if _sensitive(number, whole[key])}
        if len(doubtful) == 1:  # which then holds the small number
            fits = found
        if found and len(fits) == 1:
            return False
    return True


def _may_be_sensitive(low: int, high: int, whole: int | None) -> bool:
    return any(_sensitive(number, whole) for number in range(low, high + 1))


def _narrowed(steps: Mapping[_K, tuple[int, int]], total: int) -> dict[_K, Band]:
    """What anybody can work out from the total."""
    least, most = (sum(ends) for ends in zip(*steps.values(), strict=True))
    return {key: Band(max(low, total - (most - high)), min(high, total - (least - low))) for key, (low, high) in steps.items()}
