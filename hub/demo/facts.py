"""What a fictive town is made of: lessons, absences, notices, observations, weekly place reports, planned gatherings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

__all__ = [
    "AREAS",
    "LESSON_MINUTES",
    "START",
    "STOCKHOLM",
    "AbsenceFact",
    "EstRow",
    "Gathering",
    "Lesson",
    "NoticeFact",
    "ObservationFact",
    "Town",
    "Youth",
]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
START = datetime(2025, 5, 23, 7, 30, tzinfo=STOCKHOLM)
"""A Friday: both 28 and 29 days before lie school days, so that a window is seen to be neither longer nor shorter."""
LESSON_MINUTES = 80
AREAS = ("Hageby", "Klockaretorpet", "Marielund", "City", "Navestad")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson of one class; `cancelled` ones never count."""

    lesson_id: str
    class_number: int
    start: datetime
    cancelled: bool


@dataclass(frozen=True, slots=True)
class AbsenceFact:
    """Absence from one lesson, in minutes."""

    lesson: Lesson
    minutes: int
    excused: bool


@dataclass(frozen=True, slots=True)
class NoticeFact:
    message_id: str
    category: str
    at: datetime
    area: str
    may_tell_youth: bool


@dataclass(frozen=True, slots=True)
class ObservationFact:
    row_id: str
    concern: str
    at: datetime
    area: str


@dataclass(slots=True)
class Youth:
    """One person. `consent` is one of CONSENT_PLAN's states; `profile` names how the facts were laid out."""

    number: int
    person_id: str = field(repr=False)
    person_uuid: str = field(repr=False)
    name: str = field(repr=False)
    born: date = field(repr=False)
    class_number: int = 0
    area: str = ""
    consent: str = "none"
    profile: str = "quiet"
    absences: list[AbsenceFact] = field(default_factory=list, repr=False)
    notices: list[NoticeFact] = field(default_factory=list, repr=False)
    observations: list[ObservationFact] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class EstRow:
    """One row of the weekly place report: ISO week, area, category, incidents."""

    week: str
    area: str
    category: str
    incidents: int


@dataclass(frozen=True, slots=True)
class Gathering:
    """One row of the town's calendar of what draws many people."""

    row_id: str
    area: str
    at: datetime


@dataclass(slots=True)
class Town:
    start: datetime
    youths: list[Youth]
    lessons: list[Lesson]
    est_rows: list[EstRow]
    gatherings: list[Gathering] = field(default_factory=list)
