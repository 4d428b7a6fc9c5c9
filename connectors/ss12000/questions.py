"""Query parameters and page tokens of the simulator, by the standard's document.

"pageToken … kan inte kombineras med andra filter men väl med `limit`" – but `/calendarEvents` declares two parameters as
required on every call. Both hold at once only in this reading, which is ours: beside a token and `limit`, exactly the
required ones may be repeated, unchanged.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from connectors.ss12000.dataset import Version
from connectors.ss12000.instants import parse_day, parse_instant

__all__ = ["Question", "Refusal", "make_token", "read_question"]

Params = list[tuple[str, str]]
_REQUIRED = {
    "calendarEvents": frozenset({"startTime.onOrAfter", "startTime.onOrBefore"}),
    "aggregatedAttendance": frozenset({"startDate", "endDate"}),
}
_EXPANSIONS = {
    "calendarEvents": frozenset({"activity", "attendance"}),
    "persons": frozenset(),
}
_META = frozenset({"meta.created.before", "meta.created.after", "meta.modified.before", "meta.modified.after"})
_SPAN = frozenset({"startTime.onOrAfter", "startTime.onOrBefore", "endTime.onOrAfter", "endTime.onOrBefore"})
_FILTERS = {
    "calendarEvents": _META | _SPAN | {"activity"},
    "absences": _META | _SPAN | {"student", "type"},
    "attendances": _META,
    "aggregatedAttendance": frozenset({"startDate", "endDate"}),
    "deletedEntities": frozenset({"after", "entities"}),
}
_COMPARISONS: dict[str, Callable[[datetime, datetime], bool]] = {
    "onOrAfter": lambda value, bound: value >= bound,
    "onOrBefore": lambda value, bound: value <= bound,
    "after": lambda value, bound: value > bound,
    "before": lambda value, bound: value <= bound,
}


class Refusal(Exception):  # noqa: N818 - an answer of the simulated server, not a fault of ours
    """An error of the standard: status, and `{code, message}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Question:
    """One list to serve from `offset`, as it stood at `as_of`: later pages of a list do not shift under its reader."""

    operation: str
    filters: tuple[tuple[str, str], ...]
    as_of: datetime
    offset: int = 0
    limit: int | None = None

    @property
    def expand(self) -> frozenset[str]:
        return frozenset(value for name, value in self.filters if name == "expand")

    def admits(self, version: Version) -> bool:
        """Whether a version passes every filter."""
        return all(_admits(self.operation, name, value, version) for name, value in self.filters if name != "expand")


def read_question(operation: str, params: Params, *, now: datetime, single: bool = False) -> Question:
    """Check the parameters of one call. Raises Refusal 400 for what the document does not allow or this server cannot do."""
    limits = [value for name, value in params if name == "limit"]
    tokens = [value for name, value in params if name == "pageToken"]
    filters = tuple((name, value) for name, value in params if name not in {"limit", "pageToken"})
    if len(limits) > 1 or len(tokens) > 1 or (single and (limits or tokens)):
        raise Refusal(400, "bad_parameter", "limit and pageToken are given at most once, and to lists only")
    if limits and not (limits[0].isascii() and limits[0].isdigit() and int(limits[0][:9]) > 0):
        raise Refusal(400, "bad_parameter", "limit is a number of at least 1")
    limit = int(limits[0][:9]) if limits else None
    if tokens:
        return _continued(operation, tokens[0], filters, limit)
    _check_filters(operation, filters, single=single)
    return Question(operation, filters, now, limit=limit)


def make_token(question: Question, offset: int) -> str:
    """An opaque token for the page at `offset` of the same list."""
    content = [question.operation, question.filters, question.as_of.isoformat(), offset]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _continued(operation: str, token: str, repeated: tuple[tuple[str, str], ...], limit: int | None) -> Question:
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        asked, filters, as_of, offset = content
        question = Question(
            asked, tuple((name, value) for name, value in filters), datetime.fromisoformat(as_of), int(offset), limit
        )
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Refusal(400, "bad_page_token", "this server gave no such pageToken") from None
    if question.operation != operation or question.offset < 0:
        raise Refusal(400, "bad_page_token", "this server gave no such pageToken")
    required = _REQUIRED.get(operation, frozenset())
    if any(pair not in question.filters or pair[0] not in required for pair in repeated):
        raise Refusal(400, "page_token_combined", "pageToken cannot be combined with other filters than limit")
    return question


def _check_filters(operation: str, filters: tuple[tuple[str, str], ...], *, single: bool) -> None:
    required = frozenset() if single else _REQUIRED.get(operation, frozenset())
    missing = sorted(required - {name for name, _ in filters})
    if missing:
        raise Refusal(400, "missing_parameter", f"{missing[0]} is required")
    for name, value in filters:
        if name == "expand" and value in _EXPANSIONS.get(operation, frozenset()):
            continue
        if single or name not in _FILTERS.get(operation, _META):
            raise Refusal(400, "unsupported_filter", "this server does not offer one of the filters")
        if name in _META | _SPAN | {"after"} and parse_instant(value) is None:
            raise Refusal(400, "bad_parameter", f"{name} is not an RFC 3339 instant")
        if name in {"startDate", "endDate"} and parse_day(value) is None:
            raise Refusal(400, "bad_parameter", f"{name} is not a date")


def _admits(operation: str, name: str, value: str, version: Version) -> bool:
    if name in _SPAN or name in _META:
        field, _, rule = name.rpartition(".")
        if operation == "absences" and rule == "onOrAfter":
            rule = "after"  # so the document says there: "Exkluderande"
        meta = version.row.get("meta", {})
        told = {
            "startTime": version.start,
            "endTime": version.end,
            "meta.created": parse_instant(meta.get("created")),
            "meta.modified": version.known_at if operation == "attendances" else parse_instant(meta.get("modified")),
        }[field]
        bound = parse_instant(value)
        return told is not None and bound is not None and _COMPARISONS[rule](told, bound)
    told_value = version.row.get(name)
    return value == (told_value.get("id") if isinstance(told_value, dict) else told_value)
