"""A fictive town: 300 youths, their consents in every state, eight school weeks of facts, EST weeks.

Everything follows from one seed. Facts are laid out around the thresholds that `hub.demo.expected` repeats: exactly at, one
below, just too old, of the wrong kind, and under every state of consent. No person here exists: the numbers come from the
published test series (birth numbers 980–999).
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stdnum import luhn

__all__ = ["AREAS", "START", "AbsenceFact", "EstRow", "Lesson", "NoticeFact", "ObservationFact", "Town", "Youth", "build_town"]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
START = datetime(2025, 5, 19, 7, 30, tzinfo=STOCKHOLM)
FIRST_DAY = date(2025, 3, 17)
LAST_DAY = date(2025, 5, 16)
HOLIDAYS = {date(2025, 4, 14) + timedelta(days=day) for day in range(8)} | {date(2025, 5, 1)}
LESSON_STARTS = (time(8, 20), time(9, 40), time(11, 0), time(13, 0))
LESSON_MINUTES = 60
CLASS_SIZE = 25
CLASSES = 12
AREAS = ("Hageby", "Klockaretorpet", "Marielund", "City", "Navestad")
_FIRST = (
    "Alva",
    "Bilal",
    "Cleo",
    "Dag",
    "Elin",
    "Farah",
    "Gustaf",
    "Hana",
    "Iris",
    "Jamal",
    "Kajsa",
    "Liam",
    "Maryam",
    "Nils",
    "Olivia",
)
_LAST = ("Almgren", "Barre", "Cederlund", "Dahlqvist", "Ekwall", "Fors", "Granath", "Hadzic", "Isling", "Jarlsund")
_CATEGORIES = ("suspicion_not_responsible", "suspicion_responsible", "narcotics", "police_act_12")
_CONCERNS = ("criminal_environment", "recruitment", "substance_use", "violence_exposure", "runaway", "conflict", "other_worry")
_SCHOOLS_NAMESPACE = uuid.UUID("0f6f7a0e-5d0c-4a38-9f3e-0a5f43a5b5c1")

CONSENT_PLAN = (
    ("sspf", 100), ("sspf_sig", 32), ("none", 82), ("late", 20), ("waiting", 16), ("expired", 14), ("withdrawn", 12),
    ("suspended", 10), ("withdraws", 8), ("protected", 6),
)  # fmt: skip


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


@dataclass(slots=True)
class Town:
    start: datetime
    youths: list[Youth]
    lessons: list[Lesson]
    est_rows: list[EstRow]


class _Layout:
    """Lays facts out for one youth after another, from one source of chance."""

    def __init__(self, seed: int, lessons: list[Lesson]) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a scenario, not a secret
        self._by_class: dict[int, list[Lesson]] = {}
        for lesson in lessons:
            self._by_class.setdefault(lesson.class_number, []).append(lesson)

    def identity(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def absent(self, youth: Youth, minutes: int, first_day: int, last_day: int, *, excused: bool = False) -> None:
        """Exactly `minutes` of absence between `first_day` and `last_day` days before the start, in lessons not yet used."""
        used = {fact.lesson.lesson_id for fact in youth.absences}
        earliest, latest = START - timedelta(days=first_day), START - timedelta(days=last_day)
        free = [
            lesson
            for lesson in self._by_class[youth.class_number]
            if earliest < lesson.start < latest and lesson.lesson_id not in used and not lesson.cancelled
        ]
        self.chance.shuffle(free)
        while minutes > 0:
            part = min(minutes, LESSON_MINUTES)
            youth.absences.append(AbsenceFact(free.pop(), part, excused))
            minutes -= part

    def _moment(self, days_ago: int) -> datetime:
        day = (START - timedelta(days=days_ago)).date()
        return datetime.combine(day, time(self.chance.randint(12, 22), self.chance.randint(0, 59)), STOCKHOLM)

    def noticed(self, youth: Youth, category: str, days_ago: int) -> None:
        moment = self._moment(days_ago)
        youth.notices.append(NoticeFact(self.identity(), category, moment, self.chance.choice(AREAS), self.chance.random() < 0.3))

    def observed(self, youth: Youth, days_ago: int) -> None:
        row = f"obs-{self.chance.getrandbits(40):010x}"
        concern = self.chance.choice(_CONCERNS)
        youth.observations.append(ObservationFact(row, concern, self._moment(days_ago), self.chance.choice(AREAS)))


def _quiet(lay: _Layout, youth: Youth) -> None:
    lay.absent(youth, lay.chance.choice((20, 45, 60, 90)), 27, 1)
    lay.absent(youth, lay.chance.choice((60, 120, 240)), 60, 1, excused=True)


def _absence(minutes: int) -> Callable[[_Layout, Youth], None]:
    def layout(lay: _Layout, youth: Youth) -> None:
        lay.absent(youth, minutes, 27, 1)
        lay.absent(youth, 120, 27, 1, excused=True)

    return layout


def _absence_long_ago(lay: _Layout, youth: Youth) -> None:
    lay.absent(youth, 900, 55, 34)
    lay.absent(youth, 60, 27, 1)


def _absence_and_notice(minutes: int, category: str, days_ago: int) -> Callable[[_Layout, Youth], None]:
    def layout(lay: _Layout, youth: Youth) -> None:
        lay.absent(youth, minutes, 27, 1)
        lay.noticed(youth, category, days_ago)

    return layout


def _notices(*days_ago: int, odd: str | None = None) -> Callable[[_Layout, Youth], None]:
    def layout(lay: _Layout, youth: Youth) -> None:
        for index, days in enumerate(days_ago):
            category = odd if odd is not None and index == 0 else lay.chance.choice(_CATEGORIES)
            lay.noticed(youth, category, days)

    return layout


def _observations(*days_ago: int) -> Callable[[_Layout, Youth], None]:
    def layout(lay: _Layout, youth: Youth) -> None:
        for days in days_ago:
            lay.observed(youth, days)

    return layout


def _everything(lay: _Layout, youth: Youth) -> None:
    lay.absent(youth, 540, 27, 1)
    for days in (3, 15, 40):
        lay.noticed(youth, lay.chance.choice(_CATEGORIES), days)
    for days in (2, 9, 17):
        lay.observed(youth, days)


PROFILES: dict[str, Callable[[_Layout, Youth], None]] = {
    "quiet": _quiet,
    "absence_exactly": _absence(480),
    "absence_one_minute_short": _absence(479),
    "absence_well_over": _absence(700),
    "absence_long_ago": _absence_long_ago,
    "both_exactly": _absence_and_notice(180, "narcotics", 12),
    "both_one_minute_short": _absence_and_notice(179, "narcotics", 12),
    "both_other_category": _absence_and_notice(300, "violence_victim", 8),
    "both_notice_too_old": _absence_and_notice(300, "public_disorder", 33),
    "three_notices": _notices(2, 20, 50),
    "two_notices": _notices(4, 30),
    "three_notices_one_too_old": _notices(2, 20, 60),
    "three_notices_one_other": _notices(5, 18, 33, odd="lob"),
    "three_observations": _observations(3, 8, 19),
    "three_observations_one_day": _observations(6, 6, 6),
    "two_observations": _observations(1, 4),
    "observations_long_ago": _observations(4, 24, 26),
    "everything": _everything,
}


def _lessons() -> Iterator[Lesson]:
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5 and day not in HOLIDAYS:  # noqa: PLR2004 - Monday to Friday
            for number in range(CLASSES):
                for slot, start in enumerate(LESSON_STARTS):
                    name = f"{number}/{day.isoformat()}/{slot}"
                    cancelled = (day.toordinal() + number * 7 + slot) % 41 == 0
                    identity = str(uuid.uuid5(_SCHOOLS_NAMESPACE, name))
                    yield Lesson(identity, number, datetime.combine(day, start, STOCKHOLM), cancelled)
        day += timedelta(days=1)


def _test_number(chance: random.Random, taken: set[str]) -> tuple[str, date]:
    """A personnummer of the published test series for somebody of 12 to 17 years."""
    while True:
        born = date(2008, 1, 1) + timedelta(days=chance.randrange(5 * 365))
        digits = f"{born:%y%m%d}{chance.randint(980, 999)}"
        number = f"{born:%Y%m%d}{digits[6:]}{luhn.calc_check_digit(digits)}"
        if number not in taken:
            taken.add(number)
            return number, born


def _spelling(number: str, index: int) -> str:
    """Sources spell the same number differently; one youth must still get one reference."""
    dashed = f"{number[2:8]}-{number[8:]}"
    return (number, dashed, f"{number[:8]}-{number[8:]}")[index % 3]


def build_town(seed: int = 20250519, youths: int = 300) -> Town:
    """The same town for the same seed."""
    lessons = list(_lessons())
    lay = _Layout(seed, lessons)
    plan = [state for state, share in CONSENT_PLAN for _ in range(share)]
    plan = [plan[index * len(plan) // youths] for index in range(youths)]
    names = list(PROFILES)
    taken: set[str] = set()
    people = []
    for number, state in enumerate(plan):
        person_id, born = _test_number(lay.chance, taken)
        youth = Youth(
            number=number,
            person_id=person_id,
            person_uuid=lay.identity(),
            name=f"{lay.chance.choice(_FIRST)} {lay.chance.choice(_LAST)}son-{number:03d}",
            born=born,
            class_number=number % CLASSES,
            area=AREAS[number % len(AREAS)],
            consent=state,
            profile=names[number % len(names)] if state != "withdraws" else "everything",
        )
        PROFILES[youth.profile](lay, youth)
        people.append(youth)
    return Town(START, people, lessons, _est_rows(lay.chance))


def _est_rows(chance: random.Random) -> list[EstRow]:
    rows = []
    for week in range(12, 21):
        for area in AREAS:
            for category in ("disorder", "vandalism", "theft"):
                rows.append(EstRow(f"2025-W{week:02d}", area, category, chance.randint(0, 3)))
    # The last whole week, around the threshold: theft is no ground for presence.
    last = {"Hageby": (4, 2, 9), "Klockaretorpet": (3, 1, 9), "Marielund": (5, 0, 0), "City": (0, 0, 12), "Navestad": (2, 3, 1)}
    rows = [row for row in rows if row.week != "2025-W20"]
    for area, counts in last.items():
        rows += [EstRow("2025-W20", area, c, n) for c, n in zip(("disorder", "vandalism", "theft"), counts, strict=True)]
    return rows
