"""A hundred thousand messages about a thousand fictive youths, one autumn term, from a seed: what is recorded and when it comes.

In four parts of 250 youths, so that they can be gone through side by side. Each youth has a manner (seldom away, away more and
more, known to the police, seen by field workers), consents of her own course, and sources that correct, retract, repeat and
come late as real ones do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

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
)

PARTS, YOUTHS, MESSAGES = 4, 250, 25_000
"""Parts, youths in each, and messages in each."""
FIRST, LAST = date(2026, 8, 17), date(2026, 12, 21)
SWEDEN = ZoneInfo("Europe/Stockholm")
SCHOOLS, POLICE, LEISURE = ("school-north", "school-free"), "police-east", "leisure-south"
LESSONS = ((time(8, 20), 60), (time(9, 40), 80), (time(12, 40), 60), (time(14, 10), 40))
_REFERENCES = uuid.UUID("4a2f3c57-4f5b-4a55-9f0e-3b7d7c0f9a11")


@dataclass(frozen=True)
class Manner:
    """How likely each kind of fact is on a day, at the beginning and at the end of the term."""

    absent: tuple[float, float]
    unexcused: float
    notice: float
    seen: float


MANNERS = (
    Manner((0.42, 0.42), 0.05, 0.0, 0.0),
    Manner((0.42, 0.5), 0.25, 0.01, 0.02),
    Manner((0.38, 0.8), 0.5, 0.01, 0.03),
    Manner((0.38, 0.5), 0.3, 0.07, 0.03),
    Manner((0.38, 0.5), 0.2, 0.02, 0.1),
)


@lru_cache(maxsize=1)
def recording(part: int) -> list[tuple[datetime, Any]]:
    """(when it comes, message), in the order in which they come; consents first of what comes at one instant."""
    found: list[tuple[datetime, Any]] = []
    for number in range(YOUTHS):
        youth = _Youth(part, number)
        found += [(consent.recorded_at, consent) for consent in youth.consents()]
        found += youth.facts()
    found.sort(key=lambda one: (one[0], not isinstance(one[1], ConsentRecord)))
    assert len(found) >= MESSAGES, "the manners give enough"
    return found[:MESSAGES]


class _Youth:
    def __init__(self, part: int, number: int) -> None:
        self._chance = Random(f"youth {part} {number}")
        self._ref = "y" + uuid.uuid5(_REFERENCES, f"{part} {number}").hex
        self._manner = MANNERS[number % len(MANNERS)]
        self._school = SCHOOLS[number % 7 == 0]
        self._known = 0

    def consents(self) -> list[ConsentRecord]:
        """Most for the whole term; some with SIG from the start, later, or never; some narrowed, suspended, or ended."""
        chance = self._chance
        granted = _at(FIRST, time(7)) - timedelta(days=chance.choice([40, 40, 40, -20]), minutes=chance.randrange(300))
        ends = granted + timedelta(days=chance.choice([365, 365, 365, 75]))
        wide = chance.random() < 0.85
        sspf = self._scope(1, Cooperation.SSPF, ("outreach", "sspf"), granted, ends, wide=wide)
        scopes = [sspf] + (
            [self._scope(2, Cooperation.SIG, ("sig",), granted, ends, wide=True)] if chance.random() < 0.25 else []
        )
        records = [self._record(1, granted, scopes)]
        later = granted + timedelta(days=chance.randint(30, 100), minutes=chance.randrange(600))
        match chance.randrange(10):
            case 0:
                records.append(
                    self._record(2, later, [*scopes, self._scope(3, Cooperation.SIG, ("sig",), granted, ends, wide=True)])
                )
            case 1:
                records.append(self._record(2, later, [sspf.model_copy(update={"withdrawn_at": later}), *scopes[1:]]))
            case 2:
                records.append(self._record(2, later, scopes, status=ConsentStatus.SUSPENDED))
                records.append(self._record(3, later + timedelta(days=9), scopes))
            case 3:
                records.append(self._record(2, later, [], status=ConsentStatus.WITHDRAWN))
        return records

    def facts(self) -> Iterator[tuple[datetime, Any]]:
        """What the sources tell, with what they tell again, otherwise, or late."""
        chance, day = self._chance, FIRST
        while day <= LAST:
            through = (day - FIRST) / (LAST - FIRST)
            first, last = self._manner.absent
            if day.weekday() < 5 and chance.random() < first + (last - first) * through:
                for begins, minutes in chance.sample(LESSONS, k=chance.choice([1, 1, 2, 4])):
                    yield from self._told(self._absence(_at(day, begins), minutes))
            if chance.random() < self._manner.notice:
                yield from self._told(self._notice(_at(day, time(chance.randrange(24), chance.randrange(60)))))
            if chance.random() < self._manner.seen:
                yield from self._told(self._seen(_at(day, time(chance.choice([16, 20, 23, 0]), chance.randrange(60)))))
            day += timedelta(days=1)

    def _told(self, event: Any) -> Iterator[tuple[datetime, Any]]:
        chance = self._chance
        comes = event.recorded_at + timedelta(seconds=chance.randrange(1, 90))
        if chance.random() < 0.02:
            comes += timedelta(days=chance.randint(1, 6))
        yield comes, event
        if chance.random() < 0.03:
            yield comes + timedelta(minutes=chance.choice([0, 5, 60 * 24 * 3])), event
        if chance.random() < 0.1:
            again = event.recorded_at + timedelta(hours=chance.choice([1, 24, 24 * 6]), minutes=chance.randrange(60))
            yield again, self._corrected(event, again)

    def _corrected(self, event: Any, at: datetime) -> Any:
        changes: dict[str, Any] = {"revision": 2, "recorded_at": at}
        if self._chance.random() < 0.4:
            changes["retracted"] = True
        elif isinstance(event, SchoolAbsence):
            changes |= self._chance.choice([{"kind": AbsenceKind.EXCUSED}, {"minutes": event.minutes // 2}])
        elif isinstance(event, PoliceNotice):
            changes["category"] = PoliceCategory.OTHER_WORRY
        else:
            changes["occurred_at"] = event.occurred_at - timedelta(days=1)
        return event.model_copy(update=changes)

    def _absence(self, begins: datetime, minutes: int) -> SchoolAbsence:
        kind = AbsenceKind.UNEXCUSED if self._chance.random() < self._manner.unexcused else AbsenceKind.EXCUSED
        missed = minutes if self._chance.random() < 0.8 else minutes // 4
        common = self._common(self._school, "ss12000", begins, timedelta(hours=self._chance.choice([1, 3, 10])))
        return SchoolAbsence(kind=kind, minutes=missed, offered_minutes=minutes, **common)

    def _notice(self, at: datetime) -> PoliceNotice:
        category = self._chance.choice([*PoliceCategory, PoliceCategory.NARCOTICS, PoliceCategory.SUSPICION_RESPONSIBLE])
        told = self._chance.random() < 0.3
        common = self._common(POLICE, "sdk", at, timedelta(days=self._chance.randint(0, 4), hours=2))
        return PoliceNotice(category=category, area=None, may_tell_youth=told, **common)

    def _seen(self, at: datetime) -> RiskEvent:
        concern = self._chance.choice(list(RiskConcern))
        return RiskEvent(concern=concern, area=None, **self._common(LEISURE, "observations", at, timedelta(minutes=30)))

    def _common(self, agency: str, connector: str, occurred: datetime, after: timedelta) -> dict[str, Any]:
        self._known += 1
        return {
            "youth_ref": self._ref, "event_id": "e" + uuid.uuid5(_REFERENCES, f"{self._ref} {self._known}").hex + "0" * 8,
            "revision": 1, "retracted": False, "agency": agency, "connector": connector, "occurred_at": occurred,
            "recorded_at": occurred + after,
        }  # fmt: skip

    def _record(
        self, version: int, at: datetime, scopes: list[Scope], *, status: ConsentStatus = ConsentStatus.IN_FORCE
    ) -> ConsentRecord:
        gone = status is ConsentStatus.WITHDRAWN
        return ConsentRecord(
            youth_ref=self._ref, version=version, status=status, age_years=None if gone else 15,
            age_valid_until=None if gone else date(2026, 11, 2), area=None, legal_basis="consent", scopes=tuple(scopes), recorded_at=at,
        )  # fmt: skip

    def _scope(
        self, number: int, cooperation: Cooperation, recipients: tuple[str, ...], granted: datetime, ends: datetime, *, wide: bool
    ) -> Scope:
        return Scope(
            scope_id=str(uuid.uuid5(_REFERENCES, f"{self._ref} scope {number}")),
            cooperation=cooperation,
            agencies=(*SCHOOLS, POLICE, LEISURE) if wide else SCHOOLS,
            recipients=recipients,
            kinds=tuple(InfoKind) if wide else (InfoKind.SCHOOL_ABSENCE,),
            valid_from=granted,
            valid_to=ends,
        )


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, SWEDEN).astimezone(UTC)
