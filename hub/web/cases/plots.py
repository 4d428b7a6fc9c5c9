"""The three outcomes of a case as a page shows them: before and after, which way it went, and two bars each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from babel.numbers import format_decimal

from hub.core.outcomes import Compared, Outcomes, Summary
from hub.core.suppression import Band
from hub.web.cases.titles import DIRECTIONS, OUTCOMES
from hub.web.language import Words

__all__ = ["Plot", "Total", "plots_of", "totals_of"]

_TALL = 60.0
_LOCALES = {"sv": "sv", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Plot:
    """`heights`: of the two bars, on one scale of 60; none where one of the numbers is not known."""

    title: str
    said: str
    before: str
    after: str
    heights: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Total:
    """One outcome of a team's year: how many went which way, as far as that may be told."""

    title: str
    counts: tuple[tuple[str, str], ...]
    medians: str


def plots_of(outcomes: Outcomes, words: Words) -> list[Plot]:
    """Attendance, the police and worry, in this order."""
    found = []
    for name, (title, ways) in OUTCOMES.items():
        compared: Compared = getattr(outcomes, name)
        found.append(
            Plot(
                words.text(title),
                words.text(ways[compared.direction]),
                _number(compared.before, words),
                _number(compared.after, words),
                _heights(compared),
            )
        )
    return found


def totals_of(summary: Summary, words: Words) -> list[Total]:
    """The outcomes of a year; none where it has too few youths."""
    found = []
    for name, tallied in summary.outcomes.items():
        counts = tuple((words.text(DIRECTIONS[way]), band_told(band, words)) for way, band in tallied.directions.items())
        known = tallied.before is not None and tallied.after is not None
        medians = (
            words.text(
                "{before} before, {after} after", before=_number(tallied.before, words), after=_number(tallied.after, words)
            )
            if known
            else ""
        )
        found.append(Total(words.text(OUTCOMES[name][0]), counts, medians))
    return found


def band_told(band: Band, words: Words) -> str:
    """A number, or what it may be."""
    if band.exact is not None:
        return str(band.exact)
    if band.most is None:
        return words.text("{least} or more", least=band.least)
    return words.text("{least} to {most}", least=band.least, most=band.most)


def _number(number: Fraction | int | None, words: Words) -> str:
    if number is None:
        return words.text("not known")
    return format_decimal(round(float(number), 1), format="0.#", locale=_LOCALES[words.language])


def _heights(compared: Compared) -> tuple[float, float] | None:
    before, after = compared.before, compared.after
    if before is None or after is None:
        return None
    top = max(float(before), float(after))
    return (float(before) / top * _TALL, float(after) / top * _TALL) if top else (0.0, 0.0)
