"""A school with as many attendances as wanted, made while it is asked: `server PORT_FILE COUNT_FILE ATTENDANCES`.

It writes its port to one file and, with every answer, how many attendances it has served to the other.
"""

from __future__ import annotations

import json
import socket
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import uvicorn

from tests.unit.connectors.ss12000.make import make_number

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FIRST_DAY = date(2024, 8, 19)
SCHOOL_DAYS = 190
PUPILS = 3_000
CLASS = 25
_MARK = (
    '{"id":"%s","meta":{"created":"%s","modified":"%s"},"calendarEvent":{"id":"%s"},"student":{"id":"%s"},"isReported":true,'
    '"attendanceMinutes":%d,"validAbsenceMinutes":%d,"invalidAbsenceMinutes":%d,"otherAttendanceMinutes":0}'
)


def pupil_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def personal_number(number: int) -> str:
    """One of the published test numbers."""
    born = date(2009, 1, 1) + timedelta(days=number // 20)
    return make_number(born.strftime("%Y%m%d"), 980 + number % 20)


def absent_minutes(lesson: int, place: int) -> tuple[int, int]:
    """(valid, invalid) minutes: one in ten is excused, one in ten is not."""
    turn = (lesson * 7 + place * 3) % 10
    return (60, 0) if turn == 0 else (0, 60) if turn == 1 else (0, 0)


class BigSchool:
    """`attendances` in lessons of 25, spread over a school year; a page is made when it is asked for."""

    def __init__(self, attendances: int, count: Path) -> None:
        self.lessons = attendances // CLASS
        self.per_day = -(-self.lessons // SCHOOL_DAYS)
        self.days = [day for number in range(400) if (day := FIRST_DAY + timedelta(days=number)).weekday() < 5][:SCHOOL_DAYS]
        self.served = 0
        self._count = count

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        params = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        body = self._body(scope["path"].strip("/"), params)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    def _body(self, operation: str, params: dict[str, str]) -> bytes:
        offset, limit = int(params.get("pageToken", 0)), int(params.get("limit", 100))
        if operation == "persons":
            rows = [self._person(number) for number in range(offset, min(PUPILS, offset + limit))]
            more = offset + limit < PUPILS
        elif operation == "calendarEvents":
            numbers = self._of_span(params["startTime.onOrAfter"], params["startTime.onOrBefore"])
            rows = [self._lesson(number) for number in numbers[offset : offset + limit]]
            more = offset + limit < len(numbers)
            self.served += CLASS * len(rows)
            self._count.write_text(str(self.served))
        else:
            rows, more = [], False
        token = f'"{offset + limit}"' if more else "null"
        return f'{{"data":[{",".join(rows)}],"pageToken":{token}}}'.encode()

    def _of_span(self, start: str, end: str) -> range:
        first, last = datetime.fromisoformat(start), datetime.fromisoformat(end)
        days = [number for number, day in enumerate(self.days) if first <= self._start(day, 0) <= last]
        if not days:
            return range(0)
        return range(days[0] * self.per_day, min(self.lessons, (days[-1] + 1) * self.per_day))

    @staticmethod
    def _start(day: date, hour: int) -> datetime:
        return datetime(day.year, day.month, day.day, 8 + hour, tzinfo=STOCKHOLM)

    def _person(self, number: int) -> str:
        row = {"id": pupil_id(number), "givenName": "Elev", "familyName": "Exempel", "securityMarking": "Ingen"}
        return json.dumps(row | {"civicNo": {"value": personal_number(number), "nationality": "SE"}})

    def _lesson(self, number: int) -> str:
        start = self._start(self.days[number // self.per_day], number % 6)
        at, end, key = start.isoformat(), (start + timedelta(hours=1)).isoformat(), f"00000000-0000-4000-9000-{number:012d}"
        marks = []
        for place in range(CLASS):
            valid, invalid = absent_minutes(number, place)
            mark = f"00000000-0000-4000-a000-{number * CLASS + place:012d}"
            pupil = pupil_id((number * CLASS + place) % PUPILS)
            marks.append(_MARK % (mark, end, end, key, pupil, 60 - valid - invalid, valid, invalid))
        meta = f'"meta":{{"created":"{at}","modified":"{at}"}}'
        embedded = ",".join(marks)
        return (
            f'{{"id":"{key}",{meta},"activity":{{"id":"{pupil_id(0)}"}},"startTime":"{at}","endTime":"{end}","cancelled":false,'
            f'"_embedded":{{"attendance":[{embedded}]}}}}'
        )


def main(port_file: str, count_file: str, attendances: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        school = BigSchool(int(attendances), Path(count_file))
        Path(port_file).write_text(str(listener.getsockname()[1]))
        config = uvicorn.Config(school, log_config=None, access_log=False, ws="none", lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
