"""A school that keeps its own books: who was absent from what, and what has changed since. Imports nothing of the hub.

`facts` is what must stand on the bus for whoever has a reference: worked out here, from the school's rows, by the rules that
DOMAIN §5 and the connector's README state in words.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SCHOOL_DAY_MINUTES = 360


class Fact(NamedTuple):
    """One absence: whose (by number), kind, minutes, when."""

    number: str
    kind: str
    minutes: int
    at: datetime


@dataclass
class Pupil:
    key: str
    number: str
    marking: str = "Ingen"


@dataclass
class Mark:
    key: str
    pupil: Pupil
    reported: bool
    valid: int
    invalid: int
    modified: datetime


@dataclass
class Lesson:
    key: str
    start: datetime
    minutes: int
    marks: list[Mark]
    modified: datetime
    cancelled: bool = False

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.minutes)


@dataclass
class Leave:
    key: str
    pupil: Pupil
    start: datetime
    end: datetime
    modified: datetime


@dataclass
class School:
    """Rows as they stand now, and what was deleted when: (kind as EndPointsEnum names it, id, instant)."""

    chance: random.Random
    now: datetime
    pupils: list[Pupil] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    deleted: list[tuple[str, str, datetime]] = field(default_factory=list)

    def key(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def teach(self, day: date, lessons: int, size: int) -> None:
        """A day of lessons of an hour, from eight, each with some of the pupils."""
        for number in range(lessons):
            start = datetime.combine(day, time(8 + number), STOCKHOLM)
            marks = [self._mark(pupil, start) for pupil in self.chance.sample(self.pupils, size)]
            self.lessons.append(Lesson(self.key(), start, 60, marks, start))

    def _mark(self, pupil: Pupil, at: datetime) -> Mark:
        valid, invalid = self.chance.choice([(0, 0), (0, 0), (0, 60), (0, 15), (60, 0), (20, 10)])
        return Mark(self.key(), pupil, self.chance.random() < 0.9, valid, invalid, at + timedelta(minutes=50))

    def report_leave(self, day: date, days: int) -> None:
        """A reported absence, from eight of the first day to four of the last."""
        start, last = datetime.combine(day, time(8), STOCKHOLM), day + timedelta(days=days - 1)
        end = datetime.combine(last, time(16), STOCKHOLM)
        self.leaves.append(Leave(self.key(), self.chance.choice(self.pupils), start, end, start))

    def change_much(self) -> Counter[str]:
        """What teachers and guardians do afterwards, to old rows as to new ones; the answer is how often each was done."""
        done: Counter[str] = Counter()
        marks = [(lesson, mark) for lesson in self.lessons for mark in lesson.marks]
        for number, (lesson, mark) in enumerate(self.chance.sample(marks, 48)):
            what = ("corrected", "excused", "taken back", "reported late", "deleted", "of another")[number % 6]
            done[what] += 1
            mark.modified = self.now
            mark.reported = mark.reported or what == "reported late"
            mark.valid, mark.invalid = {"corrected": (5, 25), "excused": (60, 0), "taken back": (0, 0)}.get(
                what, (mark.valid, mark.invalid)
            )
            if what == "of another":
                marked = [other.pupil for other in lesson.marks]
                mark.pupil = self.chance.choice([pupil for pupil in self.pupils if pupil not in marked])
            if what == "deleted":
                lesson.marks.remove(mark)
                self.deleted.append(("Attendance", mark.key, self.now))
        for lesson in self.chance.sample(self.lessons, 3):
            done["cancelled"] += 1
            lesson.cancelled, lesson.modified = True, self.now
        for number, leave in enumerate(self.chance.sample(self.leaves, 8)):
            what = ("shortened", "withdrawn", "lengthened", "of another")[number % 4]
            done[f"leave {what}"] += 1
            if what == "withdrawn":
                self.leaves.remove(leave)
                self.deleted.append(("Absence", leave.key, self.now))
                continue
            leave.modified = self.now
            if what == "of another":
                leave.pupil = self.chance.choice([pupil for pupil in self.pupils if pupil is not leave.pupil])
            else:
                leave.end = max(leave.start + timedelta(hours=1), leave.end + timedelta(days=1 if what == "lengthened" else -1))
        return done

    def told(self) -> dict[str, Fact]:
        """All that counts now of pupils without protection, by the source's own id of it."""
        found: dict[str, Fact] = {}
        attended: dict[str, list[tuple[datetime, datetime]]] = {}
        for lesson in self.lessons:
            for mark in lesson.marks if not lesson.cancelled else ():
                if mark.reported and lesson.start < self.now:
                    attended.setdefault(mark.pupil.number, []).append((lesson.start, lesson.end))
                    for kind, minutes in (("excused", mark.valid), ("unexcused", mark.invalid)):
                        found[f"{mark.key}:{kind}"] = Fact(mark.pupil.number, kind, minutes, lesson.start)
        for leave in self.leaves:
            for start, end in self._days(leave):
                told = any(a < end and b > start for a, b in attended.get(leave.pupil.number, ()))
                minutes = 0 if told else min(SCHOOL_DAY_MINUTES, (end - start) // timedelta(minutes=1))
                found[f"{leave.key}:{start.date().isoformat()}"] = Fact(leave.pupil.number, "excused", minutes, start)
        allowed = {pupil.number for pupil in self.pupils if pupil.marking == "Ingen"}
        return {key: fact for key, fact in found.items() if fact.minutes and fact.at < self.now and fact.number in allowed}

    def facts(self, numbers: set[str]) -> Counter[Fact]:
        """The same of the pupils with these numbers."""
        return Counter(fact for fact in self.told().values() if fact.number in numbers)

    def _days(self, leave: Leave) -> list[tuple[datetime, datetime]]:
        """The leave by Swedish day, Saturdays and Sundays left out."""
        days, day = [], leave.start.date()
        while (begins := max(leave.start, datetime.combine(day, time(), STOCKHOLM))) < leave.end:
            ends = min(leave.end, datetime.combine(day + timedelta(days=1), time(), STOCKHOLM))
            if day.weekday() < 5:
                days.append((begins, ends))
            day += timedelta(days=1)
        return days
