"""How many of a rule's tasks went which way, told so that nobody learns of a few (`hub.core.suppression`).

Exact where no number is 1 to 4, else all of it in steps of five, in which none is told as none. Not by `protect`: there a part
of which nobody is may stand for a few, and hides the others' few; but who reads this page knows of parts that can be nobody's,
as presence waits for no answer when its week is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.core.suppression import Band, in_steps, small

__all__ = ["Told", "told"]


@dataclass(frozen=True, slots=True)
class Told:
    """What the whole and each part may be; `parts` is empty where they would tell of a few."""

    proposed: Band
    parts: Mapping[str, Band]

    def share(self, name: str) -> int | None:
        """A part in whole percents; None when it, or the whole, is none or not exact."""
        part, whole = self.parts[name].exact, self.proposed.exact
        return round(100 * part / whole) if part and whole else None


def told(parts: Mapping[str, int]) -> Told:
    """Of parts that exclude each other and are all that was proposed."""
    total = sum(parts.values())
    if not any(map(small, parts.values())):
        return Told(Band(total, total), {name: Band(number, number) for name, number in parts.items()})
    proposed, (steps,) = in_steps(parts)
    hidden = all(band == Band(0, proposed.most) for band in steps.values())
    return Told(proposed, {} if hidden else steps)
