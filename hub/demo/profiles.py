"""How one youth's facts are laid out around the thresholds: exactly at, one below, too old, of the wrong kind."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta

from hub.demo.facts import AREAS, LESSON_MINUTES, START, STOCKHOLM, AbsenceFact, Lesson, NoticeFact, ObservationFact, Youth

__all__ = ["PROFILES", "Layout"]

_CATEGORIES = ("suspicion_not_responsible", "suspicion_responsible", "narcotics", "police_act_12")
_CONCERNS = ("criminal_environment", "recruitment", "substance_use", "violence_exposure", "runaway", "conflict", "other_worry")


class Layout:
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


def _quiet(lay: Layout, youth: Youth) -> None:
    lay.absent(youth, lay.chance.choice((20, 45, 60, 90)), 27, 1)
    lay.absent(youth, lay.chance.choice((60, 120, 240)), 60, 1, excused=True)


def _absence(minutes: int) -> Callable[[Layout, Youth], None]:
    def layout(lay: Layout, youth: Youth) -> None:
        lay.absent(youth, minutes, 27, 1)
        lay.absent(youth, 120, 27, 1, excused=True)

    return layout


def _from_oldest_day(lay: Layout, youth: Youth, minutes: int) -> None:
    """Enough only together with the very first lesson that a window of four weeks holds at the start."""
    lay.absent(youth, LESSON_MINUTES, 28, 27)
    lay.absent(youth, minutes - LESSON_MINUTES, 27, 1)


def _from_a_day_too_old(lay: Layout, youth: Youth, minutes: int) -> None:
    """Enough only together with a lesson of the day before that."""
    lay.absent(youth, LESSON_MINUTES, 29, 28)
    lay.absent(youth, minutes - LESSON_MINUTES, 27, 1)


def _absence_exactly(lay: Layout, youth: Youth) -> None:
    _from_oldest_day(lay, youth, 480)
    lay.absent(youth, 120, 27, 1, excused=True)


def _both_from_oldest_day(lay: Layout, youth: Youth) -> None:
    _from_oldest_day(lay, youth, 180)
    lay.noticed(youth, "narcotics", 12)


def _absence_a_day_too_old(lay: Layout, youth: Youth) -> None:
    _from_a_day_too_old(lay, youth, 480)


def _both_absence_a_day_too_old(lay: Layout, youth: Youth) -> None:
    _from_a_day_too_old(lay, youth, 180)
    lay.noticed(youth, "narcotics", 12)


def _absence_long_ago(lay: Layout, youth: Youth) -> None:
    lay.absent(youth, 900, 55, 34)
    lay.absent(youth, 60, 27, 1)


def _absence_and_notice(minutes: int, category: str, days_ago: int) -> Callable[[Layout, Youth], None]:
    def layout(lay: Layout, youth: Youth) -> None:
        lay.absent(youth, minutes, 27, 1)
        lay.noticed(youth, category, days_ago)

    return layout


def _notices(*days_ago: int, odd: str | None = None) -> Callable[[Layout, Youth], None]:
    def layout(lay: Layout, youth: Youth) -> None:
        for index, days in enumerate(days_ago):
            category = odd if odd is not None and index == 0 else lay.chance.choice(_CATEGORIES)
            lay.noticed(youth, category, days)

    return layout


def _observations(*days_ago: int) -> Callable[[Layout, Youth], None]:
    def layout(lay: Layout, youth: Youth) -> None:
        for days in days_ago:
            lay.observed(youth, days)

    return layout


def _everything(lay: Layout, youth: Youth) -> None:
    lay.absent(youth, 540, 27, 1)
    for days in (3, 15, 40):
        lay.noticed(youth, lay.chance.choice(_CATEGORIES), days)
    for days in (2, 9, 17):
        lay.observed(youth, days)


# "N days ago" is the afternoon or evening of that calendar day: between N - 1 and N times 24 hours before the start, so that
# a window of N days just holds it and one of N - 1 just does not.
PROFILES: dict[str, Callable[[Layout, Youth], None]] = {
    "quiet": _quiet,
    "absence_exactly": _absence_exactly,
    "absence_one_minute_short": _absence(479),
    "absence_well_over": _absence(700),
    "absence_a_day_too_old": _absence_a_day_too_old,
    "absence_long_ago": _absence_long_ago,
    "both_exactly": _absence_and_notice(180, "narcotics", 28),
    "both_from_oldest_day": _both_from_oldest_day,
    "both_absence_a_day_too_old": _both_absence_a_day_too_old,
    "both_one_minute_short": _absence_and_notice(179, "narcotics", 12),
    "both_other_category": _absence_and_notice(300, "violence_victim", 8),
    "both_notice_too_old": _absence_and_notice(300, "public_disorder", 29),
    "three_notices": _notices(2, 20, 56),
    "two_notices": _notices(4, 30),
    "three_notices_one_too_old": _notices(2, 20, 57),
    "three_notices_one_other": _notices(5, 18, 33, odd="lob"),
    "three_observations_two_days": _observations(5, 5, 21),
    "three_observations_one_day": _observations(6, 6, 6, 22),
    "two_observations": _observations(1, 4),
    "three_observations_one_too_old": _observations(4, 8, 22),
    "everything": _everything,
}
