"""Generated youths: a school year each, seeded. Absences dominate, some are corrected or come late, few have notices or observations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from hub.backtest.history import YouthHistory
from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    InfoKind,
    PoliceCategory,
    PoliceNotice,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
    Scope,
)  # fmt: skip

FIRST_DAY = date(2024, 8, 19)
LAST_DAY = date(2025, 6, 13)
BEGIN = datetime(2024, 8, 1, tzinfo=UTC)
END = datetime(2025, 6, 14, tzinfo=UTC)
SCHOOLS = tuple(f"school-{letter}" for letter in "abcdefghijkl")
AREAS = ("0581-hageby", "0581-klockaretorpet", "0581-marielund", "0581-city", "0581-navestad", None)
_DAYS = tuple(
    day for number in range((LAST_DAY - FIRST_DAY).days + 1) if (day := FIRST_DAY + timedelta(days=number)).weekday() < 5
)
_NOTICES, _OBSERVATIONS = tuple(PoliceCategory), tuple(RiskConcern)


def make_histories(events: int, youths: int, seed: int = 1) -> Iterator[YouthHistory]:
    """So many youths with so many events in all, one at a time."""
    for number in range(youths):
        mine = events // youths + (number < events % youths)
        yield _youth(random.Random(f"{seed}/{number}"), number, mine)


def _youth(chance: random.Random, number: int, events: int) -> YouthHistory:
    ref = f"y{number:032x}"
    school = SCHOOLS[min(int(chance.expovariate(0.35)), len(SCHOOLS) - 1)]
    notices = min(events, chance.choices((0, 1, 3, 8), (80, 12, 6, 2))[0])
    observations = min(events - notices, chance.choices((0, 2, 5), (85, 10, 5))[0])
    absences = tuple(_absences(chance, ref, school, events - notices - observations))
    return YouthHistory(
        youth_ref=ref,
        consents=(_consent(chance, ref, school),),
        absences=absences,
        notices=tuple(_notice(chance, ref, one) for one in range(notices)),
        observations=tuple(_observation(chance, ref, one) for one in range(observations)),
    )


def _consent(chance: random.Random, ref: str, school: str) -> ConsentRecord:
    scope = Scope(
        scope_id=f"00000000-0000-4000-8000-{chance.getrandbits(48):012x}",
        cooperation=Cooperation.SSPF,
        agencies=(school, "police", "leisure"),
        recipients=("outreach", "sspf"),
        kinds=tuple(InfoKind),
        valid_from=BEGIN,
        valid_to=BEGIN + timedelta(days=730),
    )
    return ConsentRecord(
        youth_ref=ref, version=1, status=ConsentStatus.IN_FORCE, age_years=chance.randint(12, 17), age_valid_until=None,
        area=chance.choice(AREAS), legal_basis="consent", scopes=(scope,), recorded_at=BEGIN,
    )  # fmt: skip


def _absences(chance: random.Random, ref: str, school: str, count: int) -> Iterator[SchoolAbsence]:
    """Days chosen at random, one to six lessons of each; one in fifty is corrected later, one in ten is told a week late."""
    unexcused, made = chance.choice((0.05, 0.1, 0.3)), 0
    while made < count:
        day = chance.choice(_DAYS)
        for hour in chance.sample(range(6), min(chance.randint(1, 6), count - made)):
            begin = datetime(day.year, day.month, day.day, 7 + hour, chance.randint(0, 59), tzinfo=UTC)
            late = timedelta(days=7) if chance.random() < 0.1 else timedelta(hours=1)
            kind = AbsenceKind.UNEXCUSED if chance.random() < unexcused else AbsenceKind.EXCUSED
            for revision, told in ((1, kind), (2, AbsenceKind.EXCUSED))[
                : 2 if made + 1 < count and chance.random() < 0.02 else 1
            ]:
                yield SchoolAbsence(
                    **_common(ref, f"{made if revision == 1 else made - 1:x}", (school, "ss12000"), begin, begin + late * revision),
                    kind=told, minutes=60, offered_minutes=60,
                ).model_copy(update={"revision": revision})  # fmt: skip
                made += 1
            if made >= count:
                return


def _notice(chance: random.Random, ref: str, number: int) -> PoliceNotice:
    at = _evening(chance)
    common = _common(ref, f"a{number:x}{'0' * 6}", ("police", "sdk"), at, at + timedelta(days=2))
    return PoliceNotice(**common, category=chance.choice(_NOTICES), area=None, may_tell_youth=False)


def _observation(chance: random.Random, ref: str, number: int) -> RiskEvent:
    at = _evening(chance)
    common = _common(ref, f"b{number:x}{'0' * 6}", ("leisure", "observations"), at, at + timedelta(hours=2))
    return RiskEvent(**common, concern=chance.choice(_OBSERVATIONS), area=None)


def _evening(chance: random.Random) -> datetime:
    day = FIRST_DAY + timedelta(days=chance.randrange((LAST_DAY - FIRST_DAY).days))
    return datetime(day.year, day.month, day.day, 17 + chance.randint(0, 4), chance.randint(0, 59), tzinfo=UTC)


def _common(ref: str, number: str, teller: tuple[str, str], occurred: datetime, recorded: datetime) -> dict[str, object]:
    agency, connector = teller
    return {
        "youth_ref": ref, "event_id": f"e{number:0>40}", "revision": 1, "retracted": False, "agency": agency,
        "connector": connector, "occurred_at": occurred, "recorded_at": recorded,
    }  # fmt: skip
