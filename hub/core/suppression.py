"""Small numbers are not shown, nor what would give one away.

A shown number is a band of what it may be: exact, or wider. What is published of a breakdown is its bands and its total, and
everything else is worked out from those alone, so that nothing can be found by differencing that `protect` has not judged.

A number of 1 to 4 is small. In a breakdown of a known total every small number has company: another number that is not shown
either, so far from the end of its band that there is another solution in which the small one differs. For one sum of whole
numbers that is not only enough but exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

__all__ = ["FEWEST", "Band", "protect", "small", "summed"]

FEWEST = 5
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
    number either. Where no company can be found, nothing of the breakdown is shown but the total, and with `wholes` not that
    either: of a total of all of them, each is all there are.
    """
    total = sum(values.values())
    rest = (0 if wholes is None else sum(wholes.values()) - total) if total else 0
    if small(total) or small(rest):
        band = Band(1, FEWEST - 1) if small(total) else Band(FEWEST, None)
        return band, {key: Band(0, band.most) for key in values}
    sensitive = {key for key, value in values.items() if small(value) or (value and wholes and small(wholes[key] - value))}
    hidden = set(sensitive)
    while True:
        bands = {key: _first_band(values[key], None if wholes is None else wholes[key]) for key in hidden}
        if _ambiguous(values, bands, sensitive):
            break
        company = min(((values[key], key) for key in values if values[key] and key not in hidden), default=None)
        if company is None:
            band = Band(total, total) if wholes is None else Band(FEWEST, None)
            return band, {key: Band(0, band.most) for key in values}
        hidden.add(company[1])
    shown = {key: Band(value, value) for key, value in values.items()}
    return Band(total, total), shown | _narrowed(bands, sum(values[key] for key in hidden))


def summed(bands: Iterable[Band]) -> Band:
    """What a sum may be, by its parts alone."""
    least, most = 0, 0
    bounded = True
    for band in bands:
        least += band.least
        bounded = bounded and band.most is not None
        most += band.most or 0
    return Band(least, most if bounded else None)


def _first_band(value: int, whole: int | None) -> Band:
    if small(value):
        return Band(1, FEWEST - 1 if whole is None else min(FEWEST - 1, whole))
    return Band(FEWEST, whole)


def _ambiguous(values: Mapping[_K, int], bands: Mapping[_K, Band], sensitive: Iterable[_K]) -> bool:
    """Whether each sensitive number could be one more or one less with another hidden one that makes up for it."""
    falling = {key for key, band in bands.items() if values[key] > band.least}
    rising = {key for key, band in bands.items() if band.most is None or values[key] < band.most}
    return all((key in rising and falling - {key}) or (key in falling and rising - {key}) for key in sensitive)


def _narrowed(bands: Mapping[_K, Band], total: int) -> dict[_K, Band]:
    """What anybody can work out from the hidden numbers' sum."""
    least = sum(band.least for band in bands.values())
    found = {}
    for key, band in bands.items():
        others = summed(other for name, other in bands.items() if name != key)
        room = total - (least - band.least)
        low = band.least if others.most is None else max(band.least, total - others.most)
        found[key] = Band(low, room if band.most is None else min(band.most, room))
    return found
