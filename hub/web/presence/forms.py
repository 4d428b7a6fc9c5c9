"""What the forms of presence say: as text, as it was typed, and what is wrong with each field, by a code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from starlette.requests import Request

from hub.clock import STOCKHOLM, stockholm_date
from hub.errors import RejectedError
from hub.presence.agreements import Agreement, Terms
from hub.presence.codes import Ground, NotDone, Note
from hub.presence.plan import LONGEST, Asked, Visit, window
from hub.presence.planned import PlannedEvent
from hub.presence.reports import Report
from hub.web.forms import field, fields

__all__ = ["OUTCOMES", "ReportForm", "TermsForm", "VisitForm"]

OUTCOMES: Final = ("done", "not_done")
_REPORT_FIELDS: Final = {
    "not_begun": "outcome", "bad_day": "day", "bad_minutes": "hours", "bad_adults": "adults", "bad_youths": "youths",
}  # fmt: skip
_LONGEST: Final = 2000


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=None, second=0, microsecond=0)


def _number(text: str) -> int:
    """A whole number as people type it; -1 for anything else, which is never permitted."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


def _minutes(text: str) -> int:
    """Hours with a decimal comma or point as minutes; -1 for anything else."""
    whole, _, part = text.replace(",", ".").partition(".")
    if not (whole or "0").isdecimal() or not (part or "0").isdecimal() or len(whole) > 3 or len(part) > 2 or not whole + part:
        return -1
    return int(whole or "0") * 60 + round(float(f"0.{part or 0}") * 60)


@dataclass(frozen=True, slots=True)
class VisitForm:
    """A presence to plan."""

    area: str = ""
    day: str = ""
    starts: str = ""
    ends: str = ""
    ground: str = ""
    who: str = ""
    task: str = ""
    event: str = ""

    @classmethod
    def of_event(cls, event: PlannedEvent) -> VisitForm:
        """For a planned event, as far as that says it itself: its hours where they are a presence's, else the day alone."""
        there, until = event.starts_at.astimezone(STOCKHOLM), (event.ends_at or event.starts_at).astimezone(STOCKHOLM)
        hours = ("", "") if not timedelta(0) < until - there <= LONGEST else (f"{there:%H:%M}", f"{until:%H:%M}")
        return cls(event.area, there.date().isoformat(), *hours, Ground.PLANNED_EVENT.value, "team", event=event.event_id)

    @classmethod
    def of_request(cls, request: Request) -> VisitForm:
        """As it was sent."""
        return cls(**{name: field(request, name).strip()[:64] for name in cls.__dataclass_fields__})

    def wrong(self, areas: Collection[str], goers: Collection[str]) -> dict[str, str]:
        """All of it at once."""
        wrong = {}
        if self.area not in areas:
            wrong["area"] = "no_area"
        if _date(self.day) is None:
            wrong["day"] = "no_day"
        if _time(self.starts) is None or _time(self.ends) is None:
            wrong["starts"] = "no_times"
        if self.ground not in set(Ground):
            wrong["ground"] = "no_ground"
        if self.who not in goers:
            wrong["who"] = "no_who"
        return wrong

    def asked(self) -> Asked:
        """What a form says in which nothing is wrong. Raises RejectedError `bad_window`."""
        day, starts, ends = _date(self.day), _time(self.starts), _time(self.ends)
        assert day is not None, "a form is asked what is wrong first"
        assert starts is not None, "a form is asked what is wrong first"
        assert ends is not None, "a form is asked what is wrong first"
        first, last = window(day, starts, ends)
        return Asked(self.area, first, last, Ground(self.ground), self.who, self.task or None, self.event or None)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """How it went."""

    outcome: str = ""
    day: str = ""
    hours: str = ""
    adults: str = ""
    youths: str = ""
    note: str = ""
    reason: str = ""

    @classmethod
    def of_visit(cls, visit: Visit) -> ReportForm:
        """As far as the plan says it itself."""
        hours = (visit.ends_at - visit.starts_at).total_seconds() / 3600
        return cls(
            day=stockholm_date(visit.starts_at).isoformat(), hours=f"{hours:.2f}".rstrip("0").rstrip(".").replace(".", ",")
        )

    @classmethod
    def of_request(cls, request: Request) -> ReportForm:
        """As it was sent."""
        return cls(**{name: field(request, name).strip()[:32] for name in cls.__dataclass_fields__})

    def report(self) -> Report:
        """Raises RejectedError; `field_of` says of which field."""
        day = _date(self.day)
        if self.outcome not in OUTCOMES:
            raise RejectedError("outcome: choose one", code="no_outcome")
        if day is None:
            raise RejectedError("day: give it", code="no_day")
        if self.outcome == "not_done":
            if self.reason not in set(NotDone):
                raise RejectedError("reason: choose one", code="no_reason")
            return Report(day, reason=NotDone(self.reason))
        note = Note(self.note) if self.note in set(Note) else None
        return Report(day, minutes=_minutes(self.hours), adults=_number(self.adults), youths=_number(self.youths), note=note)

    @staticmethod
    def field_of(code: str) -> str:
        """The field that a refusal is about; empty when it is about none."""
        return {**_REPORT_FIELDS, "no_outcome": "outcome", "no_day": "day", "no_reason": "reason"}.get(code, "")


@dataclass(frozen=True, slots=True)
class TermsForm:
    """An agreement's terms. `more` are activities that stand in no list yet, with commas between."""

    association: str = ""
    activities: tuple[str, ...] = ()
    more: str = ""
    areas: tuple[str, ...] = ()
    times: str = ""
    goal: str = ""
    municipality_does: str = ""
    association_does: str = ""
    valid_from: str = ""
    valid_until: str = ""

    @classmethod
    def of_agreement(cls, agreement: Agreement) -> TermsForm:
        """As it is now."""
        terms = agreement.terms
        return cls(
            association=terms.association, activities=terms.activities, areas=terms.areas, times=terms.times, goal=terms.goal,
            municipality_does=terms.municipality_does, association_does=terms.association_does,
            valid_from=terms.valid_from.isoformat(), valid_until=terms.valid_until.isoformat(),
        )  # fmt: skip

    @classmethod
    def of_request(cls, request: Request) -> TermsForm:
        """As it was sent."""
        lists = ("activities", "areas")
        texts = {name: field(request, name).strip()[:_LONGEST] for name in cls.__dataclass_fields__ if name not in lists}
        chosen: Mapping[str, list[str]] = fields(request)
        return cls(**texts, activities=tuple(chosen.get("activities", ())), areas=tuple(chosen.get("areas", ())))

    def wrong(self, areas: Collection[str]) -> dict[str, str]:
        """All of it at once."""
        dates = {name: "no_date" for name in ("valid_from", "valid_until") if _date(getattr(self, name)) is None}
        return dates | {name: code for name, code in self.terms().wrong(areas).items() if name not in dates}

    def terms(self) -> Terms:
        """What it says; a date that is none is the first that there is, and `wrong` says so."""
        more = [part.strip() for part in self.more.split(",")]
        return Terms(
            association=self.association, activities=tuple(dict.fromkeys(filter(None, (*self.activities, *more)))),
            areas=tuple(dict.fromkeys(self.areas)), times=self.times, goal=self.goal,
            municipality_does=self.municipality_does, association_does=self.association_does,
            valid_from=_date(self.valid_from) or date.min, valid_until=_date(self.valid_until) or date.min,
        )  # fmt: skip
