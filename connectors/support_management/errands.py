"""What the receiver's errand says, and how our own is found among its errands. Pure.

Errand, ExternalTag, Parameter and PageErrand are the API's own names (openapi, version 15.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from connectors.shallow import parse_shallow
from connectors.support_management.config import SupportManagementConfig
from hub.connector import Errand
from hub.contract.models import Priority
from hub.errors import RetriableError

__all__ = ["created_id", "errand_body", "finding", "is_told", "parse_errand", "parse_found", "taken_back_body"]

_TASK = "hubTaskId"
_STATE = "hubTaskState"
_PRIORITIES = {Priority.NORMAL: "MEDIUM", Priority.HIGH: "HIGH"}
_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LONGEST_ID = 128


def errand_body(config: SupportManagementConfig, errand: Errand) -> dict[str, Any]:
    """A new errand: that a team has a task and by when it must answer; nothing of whom it is about or why."""
    until = errand.respond_by.astimezone(_STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    where = f" Öppna navet: {config.hub_url}" if config.hub_url else ""
    body: dict[str, Any] = {
        "title": "Ny uppgift i navet",
        "description": f"En uppgift väntar i navet. Svara senast {until}. Vem den gäller läses bara där.{where}",
        "priority": _PRIORITIES[errand.priority],
        "classification": {"category": config.category, "type": config.type},
        "status": config.status_new,
        "channel": config.channel,
        "reporterUserId": config.reporter,
        "externalTags": [_tag(_TASK, errand.task_id)],
        "parameters": [
            _parameter("hubTeam", "Grupp i navet", errand.team),
            _parameter("hubRespondBy", "Svara senast", errand.respond_by.astimezone(UTC).isoformat()),
        ],
    }
    if config.assigned_group:
        body["assignedGroupId"] = config.assigned_group
    return body


def taken_back_body(config: SupportManagementConfig, errand: Errand, found: Mapping[str, Any]) -> dict[str, Any]:
    """What changes of an errand whose task was recalled or cancelled: its status, and the mark that this was told.

    Both in one call, so that the mark never stands without the status. A list that is sent takes the place of the whole list:
    the tags that others have set are sent with it.
    """
    return {"status": config.status_taken_back, "externalTags": [*_tags(found), _tag(_STATE, errand.state.value)]}


def finding(errand: Errand) -> list[tuple[str, str | int | float | bool | None]]:
    """The question for our errand (spring-filter, as the API's document shows it), the oldest first."""
    wanted = f"externalTags.key:'{_TASK}' and externalTags.value:'{errand.task_id}'"
    return [("filter", wanted), ("page", 0), ("size", 20), ("sort", "created,asc")]


def parse_found(content: bytes, errand: Errand) -> Mapping[str, Any] | None:
    """The oldest errand with our tag, or None. Raises RetriableError `unreadable_answer` for what is no PageErrand.

    The filter asks for a key and for a value, not for a tag that has both: whether it is ours is seen here.
    """
    rows = _parsed(content).get("content", [])
    if not isinstance(rows, list):
        raise _unreadable()
    ours = [row for row in rows if isinstance(row, dict) and _has(row, _TASK, errand.task_id) and _id(row.get("id"))]
    return min(ours, key=lambda row: str(row.get("created", "")), default=None)


def parse_errand(content: bytes) -> Mapping[str, Any]:
    """One errand. Raises RetriableError `unreadable_answer` for what is none."""
    errand = _parsed(content)
    if not _id(errand.get("id")):
        raise _unreadable()
    return errand


def is_told(found: Mapping[str, Any], errand: Errand) -> bool:
    """Whether the receiver was told already that the task is recalled, or cancelled."""
    return _has(found, _STATE, errand.state.value)


def created_id(headers: Mapping[str, str]) -> str | None:
    """The id of a new errand: the last part of `Location`. None where the answer does not say."""
    last = urlsplit(headers.get("location", "")).path.rpartition("/")[2]
    return last if _id(last) and quote(last, safe="") == last else None


def _tag(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def _parameter(key: str, shown: str, value: str) -> dict[str, Any]:
    return {"key": key, "displayName": shown, "values": [value]}


def _tags(row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tags = row.get("externalTags")
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []


def _has(row: Mapping[str, Any], key: str, value: str) -> bool:
    return any((tag.get("key"), tag.get("value")) == (key, value) for tag in _tags(row))


def _id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isascii() and value.isprintable()


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        answer = parse_shallow(content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _unreadable()
    return answer


def _unreadable() -> RetriableError:
    return RetriableError("support management: an answer that is not of the API's shape", code="unreadable_answer")
