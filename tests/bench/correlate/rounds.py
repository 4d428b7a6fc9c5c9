"""Figures of several rounds: median, least and most, and each engine beside the first."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Measured", "Spread", "as_data", "table"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{_short(self.median)} ({_short(self.least)}–{_short(self.most)})"


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine's figures by name, or the reason why it has none."""

    title: str
    figures: Mapping[str, Spread]
    left_out: str = ""
    notes: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, title: str, rounds: Sequence[Mapping[str, float]], notes: Mapping[str, Any] | None = None) -> Measured:
        """Figures that every round has: the first round's order is kept."""
        shared = [name for name in rounds[0] if all(name in each for each in rounds)]
        return cls(title, {name: Spread.of([each[name] for each in rounds]) for name in shared}, notes=notes)


def table(measured: Mapping[str, Measured], ratio_of: str | None) -> str:
    """Markdown: an engine a row; the last column is `ratio_of`, if any, as many times as the first engine's."""
    there = {name: one for name, one in measured.items() if one.figures}
    if not there:
        return "\n".join(_left_out(measured))
    first_name, first = next(iter(there.items()))
    columns = list(dict.fromkeys(name for one in there.values() for name in one.figures))
    rows = [["engine", *columns], ["---", *("---:" for _ in columns)]]
    rows += [[one.title, *(str(one.figures.get(name, "–")) for name in columns)] for one in there.values()]
    if ratio_of is not None:
        base = first.figures[ratio_of].median
        shares = (f"{one.figures[ratio_of].median / base:.2f}" for one in there.values())
        for row, last in zip(rows, (f"× {first_name}", "---:", *shares), strict=True):
            row.append(last)
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), *_left_out(measured)])


def _left_out(measured: Mapping[str, Measured]) -> list[str]:
    return [f"left out: {one.title}: {one.left_out}" for one in measured.values() if one.left_out]


def as_data(measured: Mapping[str, Measured]) -> dict[str, Any]:
    """For `--json`."""
    return {
        name: {"left_out": one.left_out}
        if one.left_out
        else {
            "title": one.title,
            **{figure: {"median": each.median, "min": each.least, "max": each.most} for figure, each in one.figures.items()},
            **(one.notes or {}),
        }
        for name, one in measured.items()
    }


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
