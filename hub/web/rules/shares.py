"""How many of a rule's tasks went which way, told so that nobody learns of a few: from five on, and no rest below five."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LEAST", "Told", "told"]

LEAST = 5


@dataclass(frozen=True, slots=True)
class Told:
    """`proposed` and each part; None: 1 to 4, or so many that a few are left over. Shares are whole percents of `proposed`."""

    proposed: int | None
    parts: Mapping[str, int | None]

    def share(self, name: str) -> int | None:
        """A part in percent; None when it, or the whole, is not told."""
        part = self.parts[name]
        return None if part is None or not self.proposed else round(100 * part / self.proposed)


def told(proposed: int, exclusive: Mapping[str, int], apart: Mapping[str, int]) -> Told:
    """`exclusive` parts add up to at most `proposed`, those of `apart` are each judged by themselves.

    A part is told when neither it nor what is left of the whole is 1 to 4; of the exclusive ones the smallest are held back,
    too, until what is left beside those that are told is not so few either.
    """
    if 0 < proposed < LEAST:
        return Told(None, dict.fromkeys((*exclusive, *apart), None))
    parts = {name: _fit(number, proposed) for name, number in {**exclusive, **apart}.items()}
    shown = sorted((number, name) for name in exclusive if (number := parts[name]) is not None and number)
    while shown and 0 < proposed - sum(number for number, _ in shown) < LEAST:
        parts[shown.pop(0)[1]] = None
    return Told(proposed, parts)


def _fit(number: int, proposed: int) -> int | None:
    return None if 0 < number < LEAST or 0 < proposed - number < LEAST else number
