"""Test data of the core: one fictive youth, her consent and her events."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.contract.models import (
    AbsenceKind,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    CooperationRecord,
    Course,
    InfoKind,
    PlaceCategory,
    PlaceEvent,
    PlaceKind,
    PoliceCategory,
    PoliceNotice,
    RiskConcern,
    RiskEvent,
    SchoolAbsence,
    Scope,
)

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
YOUTH = "y" + "0" * 31 + "1"
SCHOOL, POLICE, LEISURE = "school-norrkoping", "police-ost", "leisure-norrkoping"
SSPF_SCOPE = "00000000-0000-4000-8000-000000000001"
SIG_SCOPE = "00000000-0000-4000-8000-000000000002"


def ago(days: float = 0, **rest: float) -> datetime:
    """The instant so long before NOW."""
    return NOW - timedelta(days=days, **rest)


def event_id(number: int | str) -> str:
    return "e" + f"{number:0>40}"


def make_scope(**changes: Any) -> Scope:
    values: dict[str, Any] = {
        "scope_id": SSPF_SCOPE,
        "cooperation": Cooperation.SSPF,
        "agencies": (SCHOOL, POLICE, LEISURE),
        "recipients": ("outreach", "sspf"),
        "kinds": tuple(InfoKind),
        "valid_from": ago(200),
        "valid_to": ago(-200),
    }
    return Scope(**(values | changes))


def make_sig_scope(**changes: Any) -> Scope:
    values = {"scope_id": SIG_SCOPE, "cooperation": Cooperation.SIG, "agencies": (POLICE,), "recipients": ("sig",)}
    return make_scope(**(values | changes))


def make_case(*open_now: str, at: datetime = NOW, since: date = date(2025, 5, 5)) -> CooperationRecord:
    """The word of an instant on which cooperations have an open case."""
    courses = tuple(Course(cooperation=Cooperation(one), since=since) for one in open_now)
    return CooperationRecord(youth_ref=YOUTH, recorded_at=at, courses=courses)


def make_consent(*scopes: Scope, **changes: Any) -> ConsentRecord:
    values: dict[str, Any] = {
        "youth_ref": YOUTH,
        "version": 1,
        "status": ConsentStatus.IN_FORCE,
        "age_years": 15,
        "age_valid_until": date(2025, 11, 2),
        "area": "0581-hageby",
        "legal_basis": "consent",
        "scopes": scopes or (make_scope(),),
        "recorded_at": ago(200),
    }
    return ConsentRecord(**(values | changes))


def make_withdrawn(version: int = 2) -> ConsentRecord:
    return ConsentRecord(
        youth_ref=YOUTH,
        version=version,
        status=ConsentStatus.WITHDRAWN,
        age_years=None,
        age_valid_until=None,
        area=None,
        legal_basis="consent",
        scopes=(),
        recorded_at=NOW,
    )


def _common(number: int | str, at: datetime, agency: str, connector: str, changes: dict[str, Any]) -> dict[str, Any]:
    values = {
        "youth_ref": YOUTH,
        "event_id": event_id(number),
        "revision": 1,
        "retracted": False,
        "agency": agency,
        "connector": connector,
        "occurred_at": at,
        "recorded_at": NOW,
    }
    return values | changes


def make_absence(
    number: int | str, at: datetime, minutes: int = 60, kind: AbsenceKind = AbsenceKind.UNEXCUSED, **changes: Any
) -> SchoolAbsence:
    common = _common(number, at, SCHOOL, "ss12000", changes)
    return SchoolAbsence(kind=kind, minutes=minutes, offered_minutes=None, **common)


def make_notice(
    number: int | str,
    at: datetime,
    category: PoliceCategory = PoliceCategory.NARCOTICS,
    *,
    may_tell_youth: bool = False,
    **changes: Any,
) -> PoliceNotice:
    common = _common(number, at, POLICE, "sdk", changes)
    return PoliceNotice(category=category, area=None, may_tell_youth=may_tell_youth, **common)


def make_observation(
    number: int | str, at: datetime, concern: RiskConcern = RiskConcern.RECRUITMENT, **changes: Any
) -> RiskEvent:
    common = _common(number, at, LEISURE, "observations", changes)
    return RiskEvent(concern=concern, area=None, **common)


def make_place_event(
    number: int | str, at: datetime, incidents: int = 1, area: str = "0581-hageby", **changes: Any
) -> PlaceEvent:
    common = _common(number, at, LEISURE, "observations", {})
    common.pop("youth_ref")
    values = common | {
        "area": area,
        "ends_at": None,
        "kind": PlaceKind.EST_REPORT,
        "category": PlaceCategory.DISORDER,
        "incidents": incidents,
    }
    return PlaceEvent(**(values | changes))
