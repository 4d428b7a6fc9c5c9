"""Rows of the police feed to place events. Pure.

Only codes leave: name, summary, url and gps (a municipality's or county's centre, not the place) are never copied. They
count in the row's fingerprint, so that an edit of a text is a revision although the coded fields are the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from connectors.polisen.categories import category_of
from connectors.shallow import parse_shallow
from hub.connector import Gazetteer, Place, PlaceRecord, Unmapped
from hub.contract.models import PlaceKind

__all__ = ["fingerprint", "map_row", "parse_feed", "parse_row", "parse_time"]

_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:(Z)|([+-])(\d{2}):?(\d{2}))?\s*", re.ASCII
)


def parse_feed(content: bytes) -> list[Any] | Unmapped:
    """The rows of one answer, or why there are none.

    An empty body and text that is not JSON do occur in the real feed. They mean "nothing learnt": the rows of the missed
    poll stand in the next ones too, which hold the latest 500 events.
    """
    if not content.strip():
        return Unmapped("empty_body", intentional=False)
    try:
        rows = parse_shallow(content)
    except ValueError:
        return Unmapped("not_json", intentional=False)
    return rows if isinstance(rows, list) else Unmapped("not_an_array", intentional=False)


def parse_row(content: bytes) -> Any:
    """The row whose form `map_row` kept with what it could not map."""
    return parse_shallow(content)


def map_row(row: Any, gazetteer: Gazetteer) -> PlaceRecord | Unmapped:
    """One row to one place event; a row that lacks id, time or place is `Unmapped` and does not stop the others."""
    content = json.dumps(row, sort_keys=True).encode("ascii")
    if not isinstance(row, dict):
        return Unmapped("malformed_row", intentional=False, content=content)
    number, location = row.get("id"), row.get("location")
    place = location.get("name") if isinstance(location, dict) else None
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).strip():
        return Unmapped("malformed_row", intentional=False, content=content)
    if not isinstance(place, str) or not place.strip():
        return Unmapped("no_place", intentional=False, content=content)
    occurred_at = parse_time(row.get("datetime"))
    if occurred_at is None:
        return Unmapped("bad_time", intentional=False, content=content)
    return PlaceRecord(
        source_id=str(number).strip(),
        area=gazetteer.area_code(place.strip(), occurred_at),
        occurred_at=occurred_at,
        body=Place(kind=PlaceKind.POLICE_EVENT, category=category_of(row.get("type"))),
        fingerprint=fingerprint(row),
    )


def fingerprint(row: dict[str, Any]) -> str:
    """Digest of the whole row, the same whatever order its fields come in."""
    canonical = json.dumps(row, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def parse_time(text: Any) -> datetime | None:
    """The UTC instant of the feed's `datetime` ("2025-05-06 9:13:34 +02:00": the hour often lacks its zero), or None.

    Without an offset it is Stockholm time.
    """
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) for part in match.groups()[:5])
    second, zulu, sign, hours, minutes = match.groups()[5:]
    try:
        local = datetime(year, month, day, hour, minute, int(second or 0), tzinfo=_STOCKHOLM)
        if zulu:
            local = local.replace(tzinfo=UTC)
        elif sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            local = local.replace(tzinfo=timezone(-offset if sign == "-" else offset))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
