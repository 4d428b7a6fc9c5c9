import json
import uuid
from datetime import UTC, datetime, timedelta

from hub.connector import SourceContext
from hub.testing import MemoryPlaces

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
META = {"created": "2025-03-01T08:00:00+01:00", "modified": "2025-03-01T08:00:00+01:00"}


def make_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def make_number(birth_date, birth_number):
    """Twelve positions with the right check digit; `birth_number` from the published series."""
    assert 980 <= birth_number <= 999
    short = f"{birth_date[2:]}{birth_number}"
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(short))
    return f"{birth_date}{birth_number}{-total % 10}"


def make_person(name, number=None, **changed):
    person = {"id": make_id(name), "meta": META, "givenName": "Elev", "familyName": "Exempel", "securityMarking": "Ingen"}
    if number is not None:
        person["civicNo"] = {"value": number, "nationality": "SE"}
    return person | changed


def make_attendance(name, student, *, unexcused=0, excused=0, reported=True, **changed):
    return {
        "id": make_id(name),
        "meta": META,
        "calendarEvent": {"id": make_id("lesson")},
        "student": {"id": make_id(student)},
        "isReported": reported,
        "attendanceMinutes": 60 - unexcused - excused,
        "validAbsenceMinutes": excused,
        "invalidAbsenceMinutes": unexcused,
        "otherAttendanceMinutes": 0,
    } | changed


def make_event(name, start, *attendance, minutes=60, **changed):
    """A lesson; `start` is a local text such as 2025-05-06T09:00:00+02:00."""
    end = (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()
    event = {"id": make_id(name), "meta": META, "activity": {"id": make_id("activity")}, "startTime": start, "endTime": end}
    return event | {"_embedded": {"attendance": list(attendance)}} | changed


def make_absence(name, student, start, end, **changed):
    absence = {"id": make_id(name), "meta": META, "startTime": start, "endTime": end, "type": "Anmäld frånvaro"}
    return absence | {"student": {"id": make_id(student)}} | changed


def make_context(now=NOW, observed=None, token="jwt"):
    def observe(operation, status):
        if observed is not None:
            observed.append((operation, status))

    return SourceContext(now=lambda: now, secret=lambda _name: token, gazetteer=MemoryPlaces(), observe_request=observe)


def write_dataset(folder, *, persons, events, absences=()):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("persons", persons), ("calendarEvents", events), ("absences", absences), ("activities", [ACTIVITY])):
        (folder / f"{name}.json").write_text(json.dumps(list(rows)), encoding="utf-8")


ACTIVITY = {
    "id": make_id("activity"),
    "meta": META,
    "displayName": "Svenska 8A",
    "calendarEventsRequired": True,
    "startDate": "2025-01-08",
    "groups": [{"id": make_id("group")}],
    "organisation": {"id": make_id("school")},
}

# Published test numbers only: birth numbers 980-999.
ALVA, BO, CLEO, DAG = (make_number(f"201001{day:02d}", 979 + day) for day in range(1, 5))
