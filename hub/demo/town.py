"""A fictive town: 300 youths, their consents in every state, eight school weeks of facts, EST weeks, a calendar.

Everything follows from one seed. Facts are laid out around the thresholds that `hub.demo.expected` repeats, under every
state of consent. No person here exists: the numbers come from the published test series (birth numbers 980–999).
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from stdnum import luhn

from hub.demo.facts import AREAS, START, STOCKHOLM, EstRow, Gathering, Lesson, Town, Youth
from hub.demo.profiles import PROFILES, Layout

__all__ = ["CONSENT_PLAN", "build_town", "spelling"]

FIRST_DAY = date(2025, 3, 17)
LAST_DAY = date(2025, 5, 22)
HOLIDAYS = {date(2025, 4, 14) + timedelta(days=day) for day in range(8)} | {date(2025, 5, 1)}
LESSON_STARTS = (time(8, 20), time(12, 40))
CLASSES = 12
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
_SCHOOLS_NAMESPACE = uuid.UUID("0f6f7a0e-5d0c-4a38-9f3e-0a5f43a5b5c1")

# With four incidents of the weekly report each: just within seven days of the start, and just not.
_GATHERINGS = (
    Gathering("marknad", "Klockaretorpet", datetime(2025, 5, 16, 18, 0, tzinfo=STOCKHOLM)),
    Gathering("konsert", "City", datetime(2025, 5, 15, 20, 0, tzinfo=STOCKHOLM)),
)

CONSENT_PLAN = (
    ("sspf", 100), ("sspf_sig", 32), ("none", 82), ("late", 20), ("waiting", 16), ("expired", 14), ("withdrawn", 12),
    ("suspended", 10), ("withdraws", 8), ("protected", 6),
)  # fmt: skip


def _lessons() -> Iterator[Lesson]:
    day = FIRST_DAY
    while day <= LAST_DAY:
        if day.weekday() < 5 and day not in HOLIDAYS:
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


def spelling(number: str, index: int) -> str:
    """Sources spell the same number differently; one youth must still get one reference."""
    dashed = f"{number[2:8]}-{number[8:]}"
    return (number, dashed, f"{number[:8]}-{number[8:]}")[index % 3]


def build_town(seed: int = 20250519, youths: int = 300) -> Town:
    """The same town for the same seed."""
    lessons = list(_lessons())
    lay = Layout(seed, lessons)
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
    return Town(START, people, lessons, _est_rows(lay.chance), list(_GATHERINGS))


def _est_rows(chance: random.Random) -> list[EstRow]:
    rows: list[EstRow] = []
    for week in range(12, 21):
        for area in AREAS:
            rows.extend(
                EstRow(f"2025-W{week:02d}", area, category, chance.randint(0, 3))
                for category in ("disorder", "vandalism", "theft")
            )
    # The last whole week, around the threshold: theft is no ground for presence.
    last = {"Hageby": (4, 2, 9), "Klockaretorpet": (3, 1, 9), "Marielund": (5, 0, 0), "City": (3, 1, 12), "Navestad": (2, 3, 1)}
    rows = [row for row in rows if row.week != "2025-W20"]
    for area, counts in last.items():
        rows += [EstRow("2025-W20", area, c, n) for c, n in zip(("disorder", "vandalism", "theft"), counts, strict=True)]
    return rows
