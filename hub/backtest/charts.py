"""Bars as inline SVG, without words: what they say stands beside them as text, in the reader's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.core.suppression import FEWEST, Band

__all__ = ["Bar", "diverging", "pairs", "top_of"]

_STEP, _WIDE, _TALL = 10.0, 4.0, 100.0


class Bar(NamedTuple):
    """A rectangle in a drawing; `kind` is its class, `maybe` for the part that a hidden number leaves open, cut off at
    the drawing's edge.
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    maybe: bool


def pairs(candidate: Sequence[Band], active: Sequence[Band]) -> tuple[float, list[Bar]]:
    """(width, bars) of a drawing 100 high: each week's two side by side, on one scale."""
    top = top_of(*candidate, *active)
    bars: list[Bar] = []
    for place, (ours, theirs) in enumerate(zip(candidate, active, strict=True)):
        bars += _column(place * _STEP + 1, ours, top, _TALL, "ours")
        bars += _column(place * _STEP + 1 + _WIDE, theirs, top, _TALL, "theirs")
    return max(1, len(candidate)) * _STEP, bars


def diverging(up: Sequence[Band], down: Sequence[Band]) -> tuple[float, list[Bar]]:
    """(width, bars) of a drawing 100 high: from the middle upwards and downwards, on one scale."""
    top, half = top_of(*up, *down), _TALL / 2
    bars: list[Bar] = []
    for place, (more, less) in enumerate(zip(up, down, strict=True)):
        bars += _column(place * _STEP + 1, more, top, half, "ours")
        for bar in _column(place * _STEP + 1, less, top, half, "theirs"):
            bars.append(bar._replace(y=_TALL - bar.y - bar.height))
    return max(1, len(up)) * _STEP, [bar._replace(width=2 * _WIDE) for bar in bars]


def top_of(*bands: Band) -> int:
    """What a full bar stands for: the largest number that is certain, and no less than what is not shown for being small."""
    return max((FEWEST, *(band.least for band in bands)))


def _column(x: float, band: Band, top: int, foot: float, kind: str) -> list[Bar]:
    """Up from `foot`, which is as far down as a full bar is high."""
    sure = band.least / top * foot
    may = foot if band.most is None else min(band.most, top) / top * foot
    bars = [Bar(x, foot - sure, _WIDE, sure, kind, maybe=False)] if sure else []
    return [*bars, Bar(x, foot - may, _WIDE, may - sure, kind, maybe=True)] if may > sure else bars
