"""Turns the plan of presence into what the pages say. Templates only lay it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_decimal

from hub.clock import STOCKHOLM, stockholm_date
from hub.core.wording_texts import CODE_WORDS
from hub.presence.codes import OfferState
from hub.presence.offers import Offer
from hub.presence.plan import Visit
from hub.presence.proposals import Proposal
from hub.presence.reports import Report
from hub.web.language import Words
from hub.web.presence.titles import GROUNDS, NOT_DONE, NOTES, STATES

__all__ = ["AreaPlan", "Week", "area_plans", "clocks", "hours", "options", "pairs", "report_lines", "visit_row"]

_WEEK: Final = re.compile(r"(2\d{3})-W(\d\d)", re.ASCII)  # a year whose neighbours are years too
_LOCALES: Final = {"sv": "sv", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week of Sweden. `code` is `2025-W20`."""

    monday: date

    @property
    def code(self) -> str:
        """As presence tasks name it."""
        year, week, _day = self.monday.isocalendar()
        return f"{year:04}-W{week:02}"

    @property
    def number(self) -> int:
        """As people name it."""
        return self.monday.isocalendar()[1]

    def moved(self, weeks: int) -> Week:
        """So many weeks later."""
        return Week(self.monday + timedelta(weeks=weeks))

    def days(self, words: Words) -> str:
        """`19 maj – 25 maj 2025`."""
        locale = _LOCALES[words.language]
        first = format_date(self.monday, "d MMM", locale=locale)
        last = format_date(self.monday + timedelta(days=6), "d MMM yyyy", locale=locale)
        return f"{first} – {last}".replace(".", "")

    @classmethod
    def of(cls, code: str, now: datetime) -> Week:
        """The week of a code; that of `now` when it is none."""
        today = stockholm_date(now)
        present = cls(today - timedelta(days=today.weekday()))
        found = _WEEK.fullmatch(code)
        try:
            return cls(date.fromisocalendar(int(found[1]), int(found[2]), 1)) if found else present
        except ValueError:  # a year without that week
            return present


@dataclass(frozen=True, slots=True)
class AreaPlan:
    """What is proposed and planned in one area in one week."""

    area: str
    title: str
    events: tuple[Mapping[str, Any], ...]
    proposals: tuple[Mapping[str, Any], ...]
    visits: tuple[Mapping[str, Any], ...]


def clocks(visit: Visit, words: Words) -> str:
    """`fre 23 maj 20.00–23.00`, Stockholm time."""
    there, until = (at.astimezone(STOCKHOLM) for at in (visit.starts_at, visit.ends_at))
    end = f"{until:%H.%M}" if words.language == "sv" else f"{until:%H:%M}"
    return f"{words.when(there)}–{end}"


def hours(minutes: int, words: Words) -> str:
    """`2,5`, in the way of the language."""
    return str(format_decimal(minutes / 60, "0.##", locale=words.language))


def visit_row(
    visit: Visit, offers: Sequence[Offer], who: str, words: Words, *, gone: Collection[tuple[str, str]] = ()
) -> Mapping[str, Any]:
    """One presence as a line of the plan; `gone`: the (event, area) that are called off."""
    states = [one.state for one in offers if one.state is not OfferState.WITHDRAWN]
    accepted = [one.association for one in offers if one.state is OfferState.ACCEPTED]
    return {
        "number": visit.visit_id, "when": clocks(visit, words), "exact": visit.starts_at.isoformat(timespec="seconds"),
        "who": who, "state": words.text(STATES[visit.state]), "code": visit.state.value,
        "ground": words.text(GROUNDS[visit.ground]), "event_gone": (visit.event_id, visit.area) in gone,
        "reason": words.text(NOT_DONE[visit.report.reason]) if visit.report and visit.report.reason else "",
        "offered": words.many("{number} association asked", "{number} associations asked", len(states)) if states else "",
        "accepted": ", ".join(accepted), "places": visit.places, "free": visit.places - len(accepted) if states else 0,
    }  # fmt: skip


def area_plans(
    found: Sequence[Proposal],
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    events: Sequence[tuple[str, Mapping[str, Any]]],
    title: Callable[[str], str],
    *,
    week: Week,
    words: Words,
) -> list[AreaPlan]:
    """By area what is in a week; `rows` and `events` are (area, line of the plan)."""
    areas = {one.content.area for one in found} | {area for area, _row in (*rows, *events)}
    return [
        AreaPlan(
            area,
            title(area),
            tuple(row for where, row in events if where == area),
            tuple(_proposal(one, week, words) for one in found if one.content.area == area),
            tuple(row for where, row in rows if where == area),
        )
        for area in sorted(areas, key=lambda one: (title(one).casefold(), one))
    ]


def report_lines(report: Report | None, words: Words) -> list[tuple[str, str]]:
    """What was told: (what, the answer)."""
    if report is None:
        return []
    day = format_date(report.day, "d MMM yyyy", locale=_LOCALES[words.language]).replace(".", "")
    if report.reason is not None:
        return [(words.text("Not carried out"), words.text(NOT_DONE[report.reason]))]
    return [
        (words.text("Carried out"), day),
        (words.text("Hours"), hours(report.minutes, words)),
        (words.text("Adults"), str(report.adults)),
        (words.text("Young people met"), str(report.youths)),
        *([(words.text("What it was like"), words.text(NOTES[report.note]))] if report.note else []),
    ]


def options(titles: Mapping[Any, str], words: Words) -> list[dict[str, str]]:
    """As the forms' macros take them."""
    return [{"value": str(code), "label": words.text(title), "hint": ""} for code, title in titles.items()]


def pairs(titles: Mapping[Any, str], words: Words) -> list[tuple[str, str]]:
    """As a list to choose from takes them."""
    return [(str(code), words.text(title)) for code, title in titles.items()]


def _proposal(one: Proposal, week: Week, words: Words) -> Mapping[str, Any]:
    content = one.content
    return {
        "task": one.task_id, "ground_lost": one.ground_lost,
        "said": words.text(
            "{incidents} incidents within {days} days", incidents=content.incidents, days=content.window_days
        ),
        "categories": ", ".join(CODE_WORDS[code.value][words.language] for code in content.categories),
        "earlier": "" if content.week == week.code else words.text("from week {week}", week=int(content.week[-2:])),
    }  # fmt: skip
