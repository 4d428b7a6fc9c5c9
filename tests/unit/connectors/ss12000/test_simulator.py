import json
import time
from datetime import UTC, datetime

import httpx
import pytest

from connectors.ss12000.simulator import build_simulator
from hub.errors import ConfigError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import (
    ALVA,
    make_absence,
    make_attendance,
    make_event,
    make_id,
    make_person,
    write_dataset,
)

SPAN = {"startTime.onOrAfter": "2025-05-01T00:00:00+02:00", "startTime.onOrBefore": "2025-05-31T00:00:00+02:00"}
PERSONS = [make_person(f"person {number}", ALVA) for number in range(5)]
EVENTS = [
    make_event(f"event {day}", f"2025-05-{day:02d}T09:00:00+02:00", make_attendance(f"a {day}", "person 0", unexcused=day))
    for day in (6, 7, 8)
]


@pytest.fixture
def dataset(tmp_path):
    absences = [make_absence("x", "person 0", "2025-05-06T08:00:00+02:00", "2025-05-06T12:00:00+02:00")]
    write_dataset(tmp_path, persons=PERSONS, events=EVENTS, absences=absences)
    return tmp_path


def open_client(dataset, prefix="/v2.0", **options):
    app = build_simulator(dataset, options)
    return httpx.Client(base_url=f"http://school{prefix}", transport=InProcess(app), headers={"Authorization": "Bearer jwt"})


def refusal(response):
    assert set(response.json()) == {"code", "message"}
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("prefix", ["", "/v2", "/v2.0"])
def test_lists_and_single_entities_are_served_under_every_prefix(dataset, prefix):
    with open_client(dataset, prefix) as client:
        assert len(client.get("/persons").json()["data"]) == 5
        assert client.get(f"/persons/{make_id('person 0')}").json()["civicNo"]["value"] == ALVA


@pytest.mark.parametrize("header", [None, "Basic x", "Bearer ", "Bearer other"])
def test_without_the_right_bearer_nothing_is_told(dataset, header):
    with open_client(dataset, token="jwt") as client:
        assert client.get("/persons").status_code == 200
        client.headers.pop("Authorization")
        headers = {"Authorization": header} if header else {}
        assert refusal(client.get("/persons", headers=headers)) == (401, "unauthorised")


def test_pages_follow_each_other_until_the_token_is_null(dataset):
    with open_client(dataset, page_size=2) as client:
        page = client.get("/persons", params={"limit": 4}).json()
        seen = page["data"]
        while page["pageToken"] is not None:
            page = client.get("/persons", params={"pageToken": page["pageToken"], "limit": 1}).json()
            seen += page["data"]
    assert sorted(row["id"] for row in seen) == sorted(row["id"] for row in PERSONS)


def test_a_token_keeps_the_question_and_combines_with_nothing_but_what_is_required(dataset):
    with open_client(dataset, page_size=1) as client:
        first = client.get("/calendarEvents", params=SPAN | {"expand": "attendance"}).json()
        token = {"pageToken": first["pageToken"]}
        alone = client.get("/calendarEvents", params=token).json()
        assert client.get("/calendarEvents", params=token | SPAN).json() == alone
        assert alone["data"][0]["_embedded"]["attendance"][0]["invalidAbsenceMinutes"] == 7
        for extra in ({"expand": "attendance"}, SPAN | {"startTime.onOrAfter": "2025-05-02T00:00:00+02:00"}):
            assert refusal(client.get("/calendarEvents", params=token | extra)) == (400, "page_token_combined")
        assert refusal(client.get("/persons", params=token)) == (400, "bad_page_token")


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("calendarEvents", {}, "missing_parameter"),
        ("calendarEvents", {"startTime.onOrAfter": SPAN["startTime.onOrAfter"]}, "missing_parameter"),
        ("calendarEvents", SPAN | {"startTime.onOrAfter": "yesterday"}, "bad_parameter"),
        ("calendarEvents", SPAN | {"student": make_id("person 0")}, "unsupported_filter"),
        ("persons", {"limit": "0"}, "bad_parameter"),
        ("persons", {"limit": "many"}, "bad_parameter"),
        ("persons", {"pageToken": "never given"}, "bad_page_token"),
        ("persons", {"expand": "duties"}, "unsupported_filter"),
        ("persons/x", {"limit": "1"}, "bad_parameter"),
    ],
)
def test_a_question_the_document_does_not_allow_is_refused(dataset, path, params, code):
    with open_client(dataset) as client:
        assert refusal(client.get(path, params=params)) == (400, code)


@pytest.mark.parametrize("path", ["pupils", "persons/nobody", ""])
def test_what_does_not_exist_is_not_found(dataset, path):
    with open_client(dataset) as client:
        assert refusal(client.get(path)) == (404, "not_found")


def test_events_are_those_of_the_span_with_only_the_expansions_asked_for(dataset):
    with open_client(dataset) as client:
        span = SPAN | {"startTime.onOrAfter": EVENTS[1]["startTime"], "startTime.onOrBefore": EVENTS[1]["startTime"]}
        (bare,) = client.get("/calendarEvents", params=span).json()["data"]
        (full,) = client.get("/calendarEvents", params=span | {"expand": ["activity", "attendance"]}).json()["data"]
    assert bare == {name: value for name, value in EVENTS[1].items() if name != "_embedded"}
    assert set(full["_embedded"]) == {"activity", "attendance"}
    assert full["_embedded"]["attendance"] == EVENTS[1]["_embedded"]["attendance"]


def test_absences_are_filtered_by_span_student_and_type(dataset):
    with open_client(dataset) as client:

        def count(**params):
            return len(client.get("/absences", params=params).json()["data"])

        assert count() == 1
        assert count(**{"endTime.onOrAfter": "2025-05-06T12:00:00+02:00"}) == 0  # exclusive there, says the document
        assert count(**{"endTime.onOrAfter": "2025-05-06T11:59:59+02:00"}) == 1
        assert count(student=make_id("person 1")) == 0
        assert count(type="Anmäld frånvaro", student=make_id("person 0")) == 1
        assert count(**{"meta.modified.after": "2025-04-01T00:00:00+02:00"}) == 0


def test_nothing_dated_later_than_the_clock_is_revealed(tmp_path):
    corrected = {"created": "2025-05-06T10:00:00+02:00", "modified": "2025-05-07T10:00:00+02:00"}
    event = make_event(
        "event",
        "2025-05-06T09:00:00+02:00",
        make_attendance("a", "person 0", unexcused=60),
        make_attendance("a", "person 0", unexcused=10, meta=corrected),
        make_attendance("late", "person 1", unexcused=60, reportedTimestamp="2025-05-06T12:00:00+02:00"),
    )
    write_dataset(tmp_path, persons=PERSONS, events=[event])
    now = datetime(2025, 5, 6, 6, 59, tzinfo=UTC)

    def minutes():
        rows = client.get("/calendarEvents", params=SPAN | {"expand": "attendance"}).json()["data"]
        return [[one["invalidAbsenceMinutes"] for one in row["_embedded"]["attendance"]] for row in rows]

    with open_client(tmp_path, now=lambda: now) as client:
        assert minutes() == []
        now = datetime(2025, 5, 6, 7, tzinfo=UTC)
        assert minutes() == [[60]]
        now = datetime(2025, 5, 6, 10, tzinfo=UTC)
        assert minutes() == [[60, 60]]
        now = datetime(2025, 5, 7, 8, tzinfo=UTC)
        assert minutes() == [[10, 60]]


def test_a_dataset_may_have_one_entity_per_line(tmp_path):
    write_dataset(tmp_path, persons=PERSONS, events=[])
    (tmp_path / "calendarEvents.jsonl").write_text("\n".join(json.dumps(event) for event in EVENTS), encoding="utf-8")
    with open_client(tmp_path) as client:
        assert len(client.get("/calendarEvents", params=SPAN).json()["data"]) == 3


@pytest.mark.parametrize("content", ["", "{", "[{}]", '[{"id": "x"}]', "[7]"])
def test_a_dataset_that_cannot_be_served_stops_at_once(dataset, content):
    (dataset / "persons.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        build_simulator(dataset, {})
    assert "persons.json" in str(caught.value)


@pytest.mark.parametrize("options", [{"now": "today"}, {"token": 1}, {"page_size": 0}])
def test_a_wrong_option_stops_at_once(dataset, options):
    with pytest.raises(ConfigError):
        build_simulator(dataset, options)


def test_eight_school_weeks_of_a_town_are_served_quickly(tmp_path):
    marks = [make_attendance(str(number), f"person {number % 5}") for number in range(25)]
    events = [
        make_event(f"{number}", f"2025-05-{1 + number % 30:02d}T{8 + number % 6:02d}:00:00+02:00", *marks)
        for number in range(2_000)
    ]
    write_dataset(tmp_path, persons=PERSONS, events=events)
    started = time.process_time()
    with open_client(tmp_path, page_size=1_000) as client:
        page = client.get("/calendarEvents", params=SPAN | {"expand": "attendance"})
        page = client.get("/calendarEvents", params={"pageToken": page.json()["pageToken"]})
    assert page.json()["pageToken"] is None
    assert time.process_time() - started < 20  # seconds of CPU, generous: about 2 in practice


def test_changed_attendance_sums_and_deletions_are_served(tmp_path):
    corrected = {"created": "2025-05-06T10:00:00+02:00", "modified": "2025-05-07T10:00:00+02:00"}
    event = make_event(
        "event",
        "2025-05-06T09:00:00+02:00",
        make_attendance("a", "person 0", unexcused=60),
        make_attendance("a", "person 0", unexcused=10, meta=corrected),
        make_attendance("b", "person 1", excused=60),
    )
    write_dataset(tmp_path, persons=PERSONS, events=[event])
    gone = [{"entity": "Attendance", "id": make_id("b"), "deletedAt": "2025-05-08T10:00:00+02:00"}]
    (tmp_path / "deletedEntities.json").write_text(json.dumps(gone), encoding="utf-8")
    now = datetime(2025, 5, 7, 9, tzinfo=UTC)
    days = {"startDate": "2025-05-06", "endDate": "2025-05-06"}
    after = {"meta.modified.after": "2025-05-06T18:00:00+02:00"}
    with open_client(tmp_path, now=lambda: now) as client:
        assert [one["invalidAbsenceMinutes"] for one in client.get("/attendances", params=after).json()["data"]] == [10]
        rows = client.get("/aggregatedAttendance", params=days).json()["data"]
        assert sorted((one["invalidAbsenceSum"], one["validAbsenceSum"], one["offeredSum"]) for one in rows) == [
            (0, 60, 60),
            (10, 0, 60),
        ]
        assert client.get("/deletedEntities").json()["data"] == {}
        now = datetime(2025, 5, 8, 9, tzinfo=UTC)
        assert client.get("/deletedEntities", params={"entities": "Attendance"}).json()["data"] == {"attendances": [make_id("b")]}
        assert client.get("/deletedEntities", params={"entities": "Absence"}).json()["data"] == {}
        assert client.get(f"/attendances/{make_id('b')}").status_code == 404
        assert len(client.get("/aggregatedAttendance", params=days).json()["data"]) == 1
        assert refusal(client.get("/aggregatedAttendance")) == (400, "missing_parameter")
        assert refusal(client.get("/aggregatedAttendance", params=days | {"endDate": "x"})) == (400, "bad_parameter")
