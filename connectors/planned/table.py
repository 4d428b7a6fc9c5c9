"""CSV → planned events. Pure. One event a row; a row that is gone later, or says so, is cancelled."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta

from connectors.place_words import plain
from connectors.planned.plan import Planned, Window, instant, name_of
from hub.connector import Unmapped

__all__ = ["read_table"]

_COLUMNS = {
    "id": ("id", "löpnummer", "händelseid"),
    "area": ("area", "område", "plats"),
    "starts": ("starts", "start", "börjar"),
    "ends": ("ends", "end", "slut", "slutar"),
    "category": ("category", "kategori"),
    "status": ("status",),
}
_NEEDED = {"id", "area", "starts"}
_CANCELLED = frozenset({"cancelled", "canceled", "inställt", "inställd"})
_STANDING = frozenset({"", "confirmed", "tentative", "planerat", "planerad", "bekräftat", "bekräftad"})
_LONGEST_ROW = 8192
_LONGEST_ID = 200
_LONGEST_EVENT = timedelta(days=92)
_YEARS = range(1900, 3000)


def read_table(content: bytes, window: Window) -> list[Planned | Unmapped] | Unmapped:
    """What the table plans within the window, or why it is refused whole: `not_utf8`, `unknown_columns`, `too_many_events`.

    A row alone: `malformed_row`, `no_row_id`, `duplicate_row_id`, `bad_time`, `unknown_status`.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return Unmapped("not_utf8", intentional=False)
    rows = [line for line in lines if line.strip(" \t;,")]
    delimiter = ";" if rows and ";" in rows[0] else ","
    names = _names(_split(rows[0], delimiter) if rows else None)
    if names is None:
        return Unmapped("unknown_columns", intentional=False)
    if len(rows) - 1 > 4 * window.most:
        return Unmapped("too_many_events", intentional=False)
    found: list[Planned | Unmapped] = []
    seen: set[str] = set()
    for row in rows[1:]:
        planned = _row(_split(row, delimiter), names)
        if isinstance(planned, Planned) and planned.source_id in seen:
            planned = Unmapped("duplicate_row_id", intentional=False, source_id=planned.source_id)
        elif isinstance(planned, Planned):
            seen.add(planned.source_id)
            if not window.holds(planned.starts, planned.ends):
                continue
        found.append(planned)
    return found if len(found) <= window.most else Unmapped("too_many_events", intentional=False)


def _names(titles: list[str] | None) -> list[str | None] | None:
    meanings = {title: name for name, known in _COLUMNS.items() for title in known}
    names = [meanings.get(plain(title).replace("_", "").replace("-", "").replace(" ", "")) for title in titles or ()]
    known = [name for name in names if name is not None]
    return names if len(known) == len(set(known)) and set(known) >= _NEEDED else None


def _split(row: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([row[:_LONGEST_ROW]], delimiter=delimiter, strict=True), []) if len(row) <= _LONGEST_ROW else None
    except csv.Error:
        return None


def _row(values: list[str] | None, names: list[str | None]) -> Planned | Unmapped:
    if values is None or len(values) != len(names):
        return Unmapped("malformed_row", intentional=False)
    fields = {name: value.strip() for name, value in zip(names, values, strict=True) if name is not None}
    if not 0 < len(fields["id"]) <= _LONGEST_ID:
        return Unmapped("no_row_id", intentional=False)
    name, status = name_of(fields["id"]), plain(fields.get("status", ""))
    times = _times(fields["starts"], fields.get("ends", ""))
    if times is None:
        return Unmapped("bad_time", intentional=False, source_id=name)
    if status not in _CANCELLED | _STANDING:
        return Unmapped("unknown_status", intentional=False, source_id=name)
    return Planned(name, *times, fields["area"], (fields.get("category", ""),), status in _CANCELLED)


def _times(starts: str, ends: str) -> tuple[datetime, datetime] | None:
    """A day alone is meant whole, as the beginning and as the end."""
    try:
        first, last = _read(starts), _read(ends or starts)
        begin = instant(first)
        end = instant(last) if isinstance(last, datetime) else instant(last + timedelta(days=1))
    except (ValueError, OverflowError):
        return None
    sound = begin.year in _YEARS and end.year in _YEARS and timedelta() <= end - begin <= _LONGEST_EVENT
    return (begin, end) if sound else None


def _read(text: str) -> date | datetime:
    return date.fromisoformat(text) if len(text) == len("2025-04-30") else datetime.fromisoformat(text)
