"""Rows → records. Pure. A cell's text never leaves: codes, instants and identities only (OSL 26)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.place_words import CATEGORIES, CONFIGURED_AREA, plain
from hub.connector import Gazetteer, Observation, PersonRecord, Place, PlaceRecord, Removal, Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import InfoKind, PlaceCategory, PlaceKind, RiskConcern
from hub.errors import RejectedError

__all__ = ["map_est", "map_observation", "of_anybody", "of_others", "retracted_place"]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_ROW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
_NUMBER_IN_ID = re.compile(r"(?<![0-9A-Za-z])(?:\d{2})?\d{6}[-+]?(?:\d{4}|[A-Za-z]\d{3}|TF\d\d)(?![0-9A-Za-z])")
_WEEK = re.compile(r"(\d{4})-?[WV](\d{1,2})", re.IGNORECASE)
_COUNT = re.compile(r"\d{1,6}", re.ASCII)
_MOST_INCIDENTS = 100_000
_LONGEST_PERSON = 64
_LONGEST_AREA = 64
_TOLERANCE = timedelta(days=1)
_WEEK_TOLERANCE = timedelta(days=8)
_NOON = time(12)
_FIRST_YEAR = 2000  # an older time is a slip of the pen

_CONCERNS = {concern.value: concern for concern in RiskConcern} | {
    "kriminell miljö": RiskConcern.CRIMINAL_ENVIRONMENT,
    "rekrytering": RiskConcern.RECRUITMENT,
    "droger": RiskConcern.SUBSTANCE_USE,
    "våldsutsatthet": RiskConcern.VIOLENCE_EXPOSURE,
    "avvikning": RiskConcern.RUNAWAY,
    "konflikt": RiskConcern.CONFLICT,
    "annan oro": RiskConcern.OTHER_WORRY,
}

_RETRACTED = {"": False, "no": False, "nej": False, "false": False, "0": False} | dict.fromkeys(
    ("yes", "ja", "true", "1", "x"), True
)


def map_observation(fields: Mapping[str, str], gazetteer: Gazetteer, now: datetime) -> PersonRecord | Unmapped:
    """One observation of one youth, or Unmapped:

    `no_row_id`, `telling_row_id` (an id made of a person's number), `no_person`, `unknown_concern`, `bad_time`,
    `bad_retracted`, `future_time`. An area that is not configured is left out: it could be somebody's home.
    """
    row_id, person, area = fields["id"], fields["person"], fields.get("area", "")
    concern = _CONCERNS.get(plain(fields["concern"]))
    observed_at = _instant(fields["observed_at"])
    retracted = _RETRACTED.get(plain(fields.get("retracted", "")))
    reason = _refused_id(row_id, now)
    if reason is None and not 0 < len(person) <= _LONGEST_PERSON:
        reason = "no_person"
    if reason is None and concern is None:
        reason = "unknown_concern"
    if reason is None and observed_at is None:
        reason = "bad_time"
    if reason is None and retracted is None:
        reason = "bad_retracted"
    digest = hashlib.sha256(f"observation\x00{row_id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    if reason is not None or concern is None or observed_at is None or retracted is None:
        # An id that is missing or made of somebody's number names no record.
        name = "" if _refused_id(row_id, now) else digest
        return Unmapped(reason or "malformed_row", intentional=False, source_id=name)
    if observed_at > now + _TOLERANCE:
        return Unmapped("future_time", intentional=False, source_id=digest)
    code = gazetteer.area_code(area, observed_at) if 0 < len(area) <= _LONGEST_AREA else ""
    body = Observation(concern=concern, area=code if CONFIGURED_AREA.match(code) else None)
    return PersonRecord(InfoKind.RISK_EVENT, person, digest, observed_at, body, retracted=retracted)


def map_est(fields: Mapping[str, str], gazetteer: Gazetteer, now: datetime) -> PlaceRecord | Unmapped:
    """One weekly row, at noon on the week's Sunday in Sweden: at no time do two weeks of a place lie within seven days.

    Its identity is week, area and category. Unmapped: `bad_week`, `future_time`, `unknown_area` (any text but an area of
    areas.yaml could name somebody's home, and would be the key of the event), `unknown_category`, `bad_count`.
    """
    week = _week_end(fields["week"])
    area = fields["area"]
    category = CATEGORIES.get(plain(fields["category"]))
    if week is None:
        return Unmapped("bad_week", intentional=False)
    label, occurred_at = week
    if occurred_at > now + _WEEK_TOLERANCE:
        return Unmapped("future_time", intentional=False)
    code = gazetteer.area_code(area, occurred_at) if 0 < len(area) <= _LONGEST_AREA else ""
    if not CONFIGURED_AREA.match(code):
        return Unmapped("unknown_area", intentional=False)
    if category is None:
        return Unmapped("unknown_category", intentional=False)
    if not _COUNT.fullmatch(fields["incidents"]) or int(fields["incidents"]) > _MOST_INCIDENTS:
        return Unmapped("bad_count", intentional=False)
    body = Place(kind=PlaceKind.EST_REPORT, category=category, incidents=int(fields["incidents"]))
    return PlaceRecord(f"{label}/{code}/{category.value}", code, occurred_at, body)


def of_others(record: PersonRecord) -> Removal:
    """Takes back what was told under the record's id of anybody else: it was corrected whom the observation is about."""
    return replace(of_anybody(record.source_id), but_of=record.person_id)


def of_anybody(source_id: str) -> Removal:
    """Takes back what was told under the id, whoever it was told of."""
    body = Observation(concern=RiskConcern.OTHER_WORRY, area=None)  # of a retraction nobody reads it
    return Removal(InfoKind.RISK_EVENT, (source_id,), body)


def retracted_place(source_id: str) -> PlaceRecord:
    """The retraction of a weekly row, from its identity alone. Raises ValueError when it is none of ours."""
    label, area, category, *_ = source_id.split("/")
    week = _week_end(label)
    if week is None:
        raise ValueError("not the identity of a weekly row")
    body = Place(kind=PlaceKind.EST_REPORT, category=PlaceCategory(category), incidents=0)
    return PlaceRecord(source_id, area, week[1], body, retracted=True)


def _refused_id(row_id: str, now: datetime) -> str | None:
    if not _ROW_ID.fullmatch(row_id):
        return "no_row_id"
    today = now.astimezone(STOCKHOLM).date()
    return "telling_row_id" if any(_is_somebody(found, today) for found in _NUMBER_IN_ID.findall(row_id)) else None


def _is_somebody(text: str, today: date) -> bool:
    try:
        canonical_identifier(text, today=today)
    except RejectedError:
        return False
    return True


def _instant(text: str) -> datetime | None:
    """Swedish time unless it has a zone; a date alone is its noon."""
    try:
        instant = (
            datetime.combine(date.fromisoformat(text), _NOON) if len(text) == len("2025-05-12") else datetime.fromisoformat(text)
        )
        utc = (instant if instant.tzinfo else instant.replace(tzinfo=STOCKHOLM)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year >= _FIRST_YEAR else None


def _week_end(text: str) -> tuple[str, datetime] | None:
    """The week as 2025-W20, and noon of its Sunday in UTC."""
    match = _WEEK.fullmatch(text.strip())
    if match is None or int(match[1]) < _FIRST_YEAR:
        return None
    try:
        sunday = date.fromisocalendar(int(match[1]), int(match[2]), 7)
        noon = datetime.combine(sunday, _NOON, STOCKHOLM).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{int(match[1]):04d}-W{int(match[2]):02d}", noon
