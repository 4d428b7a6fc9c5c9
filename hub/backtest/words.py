"""Every word of the page of a backtest, in one table per language, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hub.core.suppression import FEWEST, Band
from hub.core.texts import FUNCTIONS, Language

__all__ = ["TEXTS", "Names", "shown", "week_name"]

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "title": {"sv": "Prövning av regler {candidate}", "en": "Backtest of rules {candidate}"},
    "against": {
        "sv": "Jämförda med gällande regler {active}, vecka {first} till {last}. Läst: {youths} unga med samtycke i "
        "kraft, {events} händelser.",
        "en": "Compared with the rules in force, {active}, week {first} to {last}. Read: {youths} youths with a consent in "
        "force, {events} events.",
    },
    "hidden": {
        "sv": "Talen anges i steg om {fewest}: 10–14 är ett av dem. Tal under {fewest} visas inte, och inte heller genom "
        "skillnaden mellan två tal.",
        "en": "Numbers are told in steps of {fewest}: 10–14 is one of these. Numbers below {fewest} are not shown, nor by the "
        "difference of two numbers.",
    },
    "left_out": {
        "sv": "Unga vars samtycke är återkallat eller vilande i dag är inte med. Svar på uppgifter finns bara för "
        "dem som faktiskt föreslogs.",
        "en": "Youths whose consent is withdrawn or suspended today are left out. Answers exist only to tasks that "
        "really were proposed.",
    },
    "cold": {
        "sv": "Historiken börjar vecka {first}. Fram till {until} saknar reglernas tidsfönster det som hände före: talen är "
        "då för låga.",
        "en": "The history begins in week {first}. Until {until} the rules' windows lack what happened before: figures are too "
        "low then.",
    },
    "at_once": {
        "sv": "Händelserna är lästa som om de blev kända när de inträffade.",
        "en": "Events are read as if they had been told as they occurred.",
    },
    "rules": {"sv": "Förslag per regel", "en": "Tasks of each rule"},
    "rule": {"sv": "Regel", "en": "Rule"},
    "candidate": {"sv": "Prövade regler", "en": "Candidate rules"},
    "active": {"sv": "Gällande regler", "en": "Rules in force"},
    "both": {"sv": "I båda", "en": "In both"},
    "new": {"sv": "Bara prövade", "en": "Only candidate"},
    "gone": {"sv": "Bara gällande", "en": "Only in force"},
    "youths": {"sv": "Unga", "en": "Youths"},
    "load": {"sv": "Förslag per vecka till {team}", "en": "Tasks per week to {team}"},
    "chart": {
        "sv": "Stapeldiagram: förslag per vecka till {team}. Prövade regler {candidate}, gällande {active}, som mest {most} "
        "på en vecka. Tabellen nedanför har alla tal.",
        "en": "Bar chart: tasks per week to {team}. Candidate rules {candidate}, in force {active}, at most {most} in a week. "
        "The table below has all figures.",
    },
    "uncertain": {"sv": "kan vara så många", "en": "may be so many"},
    "week": {"sv": "Vecka", "en": "Week"},
    "all": {"sv": "Alla veckor", "en": "All weeks"},
    "table": {"sv": "Tabell: {what}", "en": "Table: {what}"},
    "change": {"sv": "Skillnad per vecka", "en": "Difference per week"},
    "change_chart": {
        "sv": "Stapeldiagram: förslag per vecka som bara de prövade reglerna ger, uppåt, och som bara de gällande ger, nedåt. "
        "Tabellen nedanför har alla tal.",
        "en": "Bar chart: tasks per week of the candidate rules alone, upwards, and of the rules in force alone, downwards. "
        "The table below has all figures.",
    },
    "functions": {"sv": "Förslag per vecka och insats", "en": "Tasks per week and function"},
    "overlap": {"sv": "Unga med förslag från två regler", "en": "Youths with tasks of two rules"},
    "schools": {"sv": "Andel per skola", "en": "Share of each school"},
    "school": {"sv": "Skola", "en": "School"},
    "areas": {"sv": "Andel per område", "en": "Share of each area"},
    "area": {"sv": "Område", "en": "Area"},
    "none": {"sv": "Okänt", "en": "Not known"},
    "others": {"sv": "Övriga, färre än fem unga var", "en": "Others, fewer than five youths each"},
    "share": {
        "sv": "Unga med minst ett förslag från regeln, av alla unga med samtycke där.",
        "en": "Youths with at least one task of the rule, of all youths there with a consent.",
    },
    "no_tasks": {"sv": "Inga förslag under tiden.", "en": "No tasks in this time."},
    "made": {"sv": "Sammanställd {now}. Regler {sha}.", "en": "Made {now}. Rules {sha}."},
    "skip": {"sv": "Till innehållet", "en": "To the content"},
    "least": {"sv": "minst {number}", "en": "at least {number}"},
}


@dataclass(frozen=True, slots=True)
class Names:
    """What codes are called here; a code without a name stands for itself."""

    rules: Mapping[str, str] = field(default_factory=dict)
    teams: Mapping[str, str] = field(default_factory=dict)
    agencies: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def function(code: str, language: Language) -> str:
        """What a task asks for."""
        return FUNCTIONS[code][language] if code in FUNCTIONS else code


def shown(band: Band, language: Language = "en") -> str:
    """A figure as it is read: `12`, `<5`, `7–13`, the least it may be, or a dash where nothing is said."""
    if band.exact is not None:
        return _number(band.exact)
    if band == (0, None):
        return "–"
    if band.most is None:
        return TEXTS["least"][language].format(number=_number(band.least))
    return f"<{FEWEST}" if band.most < FEWEST else f"{_number(band.least)}–{_number(band.most)}"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "\u00a0")


def week_name(week: str) -> str:
    """`2025-W20` as `2025:20`, which reads in both languages."""
    year, number = week.split("-W")
    return f"{year}:{number}"
