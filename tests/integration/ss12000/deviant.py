"""An SS12000 server as servers in the field are, written from DOMAIN §5 alone; every deviation can be switched on.

It shares no code with the connector or its simulator: what both have wrong alike would else be found right.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .school import Lesson, Mark, School

TOKEN_LIFE = 40
"""Requests for which a token holds where tokens expire."""


@dataclass(frozen=True)
class Deviations:
    """What this server does otherwise than the standard says."""

    prefix: Literal["", "/v2", "/v2.0"] = ""
    errors: Literal["standard", "error", "detail"] = "standard"
    end: Literal["null", "absent", "empty page"] = "null"
    """How a list ends: a null token, none, or a token on the full last page with nothing behind it."""
    offsets: bool = False
    naive: bool = False
    dashed: bool = False
    company: Literal["required", "alone", "everything"] = "required"
    """What must stand beside a page token: the required parameters, nothing, or the whole question."""
    busy: Literal["", "seconds", "date"] = ""
    """Every seventh answer is 429, with one of the two forms of Retry-After."""
    expiring: bool = False
    capitals: bool = False
    sparse: bool = False
    """Nothing is embedded in a lesson in which nobody was marked."""


class Deviant:
    """The server over a school; `requests` counts by operation."""

    def __init__(self, school: School, deviations: Deviations, page: int = 7) -> None:
        self.school = school
        self.requests: Counter[str] = Counter()
        self._deviations = deviations
        self._page = page
        self._asked = 0
        self._token = 0
        self._left = 0
        self._questions: dict[str, list[tuple[str, str]]] = {}

    def app(self) -> Starlette:
        routes = [Route("/token", self._give_token, methods=["POST"]), Route("/{path:path}", self._answer)]
        return Starlette(routes=routes)

    async def _give_token(self, _request: Request) -> Response:
        self.requests["token"] += 1
        self._token += 1
        self._left = TOKEN_LIFE
        return JSONResponse({"access_token": f"t{self._token}", "token_type": "Bearer", "expires_in": 3600})

    async def _answer(self, request: Request) -> Response:
        self._asked += 1
        operation, _, key = request.url.path.removeprefix(f"{self._deviations.prefix}/").partition("/")
        self.requests[operation] += 1
        if not request.url.path.startswith(f"{self._deviations.prefix}/"):
            return self._error(404)
        if not self._admitted(request.headers.get("authorization", "")):
            return self._error(401)
        if self._deviations.busy and self._asked % 7 == 0:
            return self._error(429, self._later())
        return self._list(operation, key, request.query_params.multi_items())

    def _admitted(self, authorization: str) -> bool:
        if not self._deviations.expiring:
            return authorization == "Bearer jwt"
        self._left -= 1
        return authorization == f"Bearer t{self._token}" and self._left > 0

    def _later(self) -> dict[str, str]:
        now = datetime.now().astimezone()
        date = format_datetime(now + timedelta(seconds=1))
        return {"Retry-After": "1" if self._deviations.busy == "seconds" else date, "Date": format_datetime(now)}

    def _error(self, status: int, headers: dict[str, str] | None = None) -> Response:
        body: Any = {"code": "x", "message": "fel"}
        if self._deviations.errors == "error":
            body = {"error": {"code": status}}
        if self._deviations.errors == "detail":
            body = {"detail": {"code": "fel", "reason": "x"}}
        return JSONResponse(body, status, headers)

    def _list(self, operation: str, key: str, params: list[tuple[str, str]]) -> Response:
        given = dict(params)
        offset = 0
        if "pageToken" in given:
            offset = int(given["pageToken"].removeprefix("page-"))
            if (refusal := self._lonely(operation, given)) is not None:
                return refusal
        limit = min(self._page, int(given.get("limit", self._page)))
        try:
            rows = self._rows(operation, key, params)
        except KeyError:
            return self._error(404)
        if key:
            return Response(self._written(rows[0]), media_type="application/json") if rows else self._error(404)
        page, end = rows[offset : offset + limit], offset + limit
        return Response(self._written(self._paged(operation, page, end, len(rows))), media_type="application/json")

    def _lonely(self, operation: str, given: dict[str, str]) -> Response | None:
        """The refusal of a token in the wrong company. What the question was is remembered nowhere: offsets are of all rows."""
        required = {"calendarEvents": {"startTime.onOrAfter", "startTime.onOrBefore"}}.get(operation, set())
        beside = set(given) - {"pageToken", "limit"}
        wanted = self._deviations.company
        if wanted == "everything":
            return None if beside or operation == "persons" else self._error(400)
        if wanted == "alone":
            return self._error(400) if beside else None
        return None if beside == required else self._error(400)

    def _paged(self, operation: str, page: list[Any], end: int, total: int) -> dict[str, Any]:
        data: Any = page
        if operation == "deletedEntities":
            data = {}
            for name, key in page:
                data.setdefault(name, []).append(key)
        last = not page if self._deviations.end == "empty page" else end >= total
        body: dict[str, Any] = {"data": data}
        if not last:
            body["pageToken"] = end if self._deviations.offsets else f"page-{end}"
        elif self._deviations.end != "absent":
            body["pageToken"] = None
        return body

    def _rows(self, operation: str, key: str, params: list[tuple[str, str]]) -> list[Any]:
        if "pageToken" in dict(params) and self._deviations.company != "everything":
            params = self._questions[operation]
        if not key:
            self._questions[operation] = params
        given = dict(params)
        rows: dict[str, Callable[[], Iterable[Any]]] = {
            "persons": self._persons,
            "calendarEvents": lambda: self._events(given, [value for name, value in params if name == "expand"], key),
            "absences": lambda: self._leaves(given),
            "attendances": lambda: self._marks(given),
            "deletedEntities": lambda: self._deleted(given),
            "aggregatedAttendance": lambda: self._sums(given),
        }
        return list(rows[operation]())

    def _persons(self) -> Iterable[dict[str, Any]]:
        for pupil in self.school.pupils:
            number = f"{pupil.number[2:8]}-{pupil.number[8:]}" if self._deviations.dashed else pupil.number
            born = f"{pupil.number[:4]}-{pupil.number[4:6]}-{pupil.number[6:8]}"
            yield {"id": self._id(pupil.key), "civicNo": {"value": number}, "birthDate": born, "securityMarking": pupil.marking}

    def _events(self, given: dict[str, str], expand: list[str], key: str) -> Iterable[dict[str, Any]]:
        for lesson in sorted(self.school.lessons, key=lambda lesson: lesson.start):
            inside = not key and _at(given["startTime.onOrAfter"]) <= lesson.start <= _at(given["startTime.onOrBefore"])
            if lesson.start < self.school.now and (key.lower() == lesson.key or inside) and self._changed(lesson, given):
                yield self._event(lesson, "attendance" in expand)

    def _event(self, lesson: Lesson, expanded: bool) -> dict[str, Any]:
        row = {
            "id": lesson.key,
            "meta": self._meta(lesson.modified),
            "startTime": self._time(lesson.start),
            "endTime": self._time(lesson.end),
            "cancelled": lesson.cancelled,
        }
        marks = [self._mark(lesson, mark) for mark in lesson.marks] if expanded else []
        told = expanded and (marks or not self._deviations.sparse)
        return row | ({"_embedded": {"attendance": marks}} if told else {})

    def _mark(self, lesson: Lesson, mark: Mark) -> dict[str, Any]:
        return {
            "id": mark.key,
            "meta": self._meta(mark.modified),
            "calendarEvent": {"id": self._id(lesson.key)},
            "student": {"id": mark.pupil.key},
            "isReported": mark.reported,
            "validAbsenceMinutes": mark.valid,
            "invalidAbsenceMinutes": mark.invalid,
        }

    def _marks(self, given: dict[str, str]) -> Iterable[dict[str, Any]]:
        return (self._mark(lesson, mark) for lesson in self.school.lessons for mark in lesson.marks if self._changed(mark, given))

    def _leaves(self, given: dict[str, str]) -> Iterable[dict[str, Any]]:
        for leave in self.school.leaves:
            early = "startTime.onOrBefore" in given and leave.start > _at(given["startTime.onOrBefore"])
            late = "endTime.onOrAfter" in given and leave.end <= _at(given["endTime.onOrAfter"])
            if not early and not late and self._changed(leave, given):
                yield {
                    "id": leave.key,
                    "meta": self._meta(leave.modified),
                    "student": {"id": self._id(leave.pupil.key)},
                    "startTime": self._time(leave.start),
                    "endTime": self._time(leave.end),
                    "type": "Anmäld frånvaro",
                }

    def _deleted(self, given: dict[str, str]) -> Iterable[tuple[str, str]]:
        names = {"Attendance": "attendances", "Absence": "absences"}
        return ((names[kind], key) for kind, key, at in self.school.deleted if at > _at(given["after"]))

    def _sums(self, given: dict[str, str]) -> Iterable[dict[str, Any]]:
        """By pupil and lesson, as if each lesson were an activity of its own."""
        for lesson in self.school.lessons:
            if given["startDate"] <= lesson.start.date().isoformat() <= given["endDate"] and not lesson.cancelled:
                for mark in lesson.marks:
                    told = mark.reported and lesson.start < self.school.now
                    yield {
                        "activity": {"id": lesson.key},
                        "student": {"id": mark.pupil.key},
                        "startDate": given["startDate"],
                        "endDate": given["endDate"],
                        "attendanceSum": 0,
                        "invalidAbsenceSum": mark.invalid if told else 0,
                        "validAbsenceSum": mark.valid if told else 0,
                        "offeredSum": lesson.minutes,
                    }

    def _changed(self, row: Any, given: dict[str, str]) -> bool:
        return "meta.modified.after" not in given or row.modified > _at(given["meta.modified.after"])

    def _meta(self, modified: datetime) -> dict[str, str]:
        return {"created": self._time(modified), "modified": self._time(modified)}

    def _time(self, instant: datetime) -> str:
        return (instant.replace(tzinfo=None) if self._deviations.naive else instant).isoformat()

    def _id(self, key: str) -> str:
        return key.upper() if self._deviations.capitals else key

    @staticmethod
    def _written(body: Any) -> bytes:
        return json.dumps(body, ensure_ascii=False).encode()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
