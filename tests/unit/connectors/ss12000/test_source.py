from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ss12000 import connector
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.simulator import build_simulator
from connectors.ss12000.source import Ss12000Source
from hub.connector import PersonRecord, Unmapped
from hub.errors import ConfigError, RetriableError
from hub.testing import SourceSuite
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import (
    ALVA,
    BO,
    NOW,
    make_absence,
    make_attendance,
    make_context,
    make_event,
    make_person,
    write_dataset,
)

PERSONS = [make_person("alva", ALVA), make_person("bo", BO), make_person("marked", "", securityMarking="Sekretessmarkering")]
EVENTS = [
    make_event(
        "one", "2025-03-18T09:00:00+01:00", make_attendance("one-a", "alva", unexcused=60), make_attendance("one-b", "bo")
    ),
    make_event(
        "two", "2025-05-06T09:00:00+02:00", make_attendance("two-a", "alva", excused=20), make_attendance("two-m", "marked")
    ),
    make_event("off", "2025-05-07T09:00:00+02:00", make_attendance("off-a", "alva", unexcused=60), cancelled=True),
]
ABSENCES = [
    make_absence("covered", "alva", "2025-05-06T08:00:00+02:00", "2025-05-06T12:00:00+02:00"),
    make_absence("alone", "bo", "2025-05-08T08:00:00+02:00", "2025-05-08T10:00:00+02:00"),
]


def make_source(app, now=NOW, observed=None, **config):
    transport = InProcess(app) if not isinstance(app, httpx.BaseTransport) else app
    settings = Ss12000Config(**{"base_url": "https://school.example/v2.0", "since": "2025-03-17", "page_size": 2} | config)
    return Ss12000Source(settings, make_context(now, observed), transport=transport, sleep=lambda _seconds: None)


@pytest.fixture
def dataset(tmp_path):
    write_dataset(tmp_path / "school", persons=PERSONS, events=EVENTS, absences=ABSENCES)
    return tmp_path / "school"


def told(batches):
    """What is not a retraction: (person, kind, minutes)."""
    records = [record for batch in batches for record in batch.records if isinstance(record, PersonRecord)]
    return sorted((one.person_id, one.body.kind.value, one.body.minutes) for one in records if not one.retracted)


def keep(pulled, batches):
    """Append one by one: what came before a failure stays."""
    for batch in pulled:
        batches.append(batch)


class TestSuite(SourceSuite):
    connector = connector
    config = {"base_url": "{url}/v2", "since": "2025-03-17", "page_size": 2, "window_days": 14}  # noqa: RUF012 - the suite's own form
    secrets = {"token": "jwt"}  # noqa: RUF012 - as above

    def make_dataset(self, folder):
        write_dataset(folder, persons=PERSONS, events=EVENTS, absences=ABSENCES)


def test_all_absence_since_the_beginning_is_told_once(dataset):
    observed = []
    batches = list(make_source(build_simulator(dataset, {}), observed=observed).batches(None))
    assert told(batches) == [(ALVA, "excused", 20), (ALVA, "unexcused", 60), (BO, "excused", 120)]
    reasons = [record.reason for batch in batches for record in batch.records if isinstance(record, Unmapped)]
    assert sorted(reasons) == ["cancelled_lesson", "protected"]
    assert {operation for operation, status in observed if status == 200} == {"persons", "calendarEvents", "absences"}


def test_the_cursor_moves_with_each_finished_window_and_holds_an_instant_only(dataset):
    batches = list(make_source(build_simulator(dataset, {}), window_days=28).batches(None))
    cursors = [batch.cursor for batch in batches]
    assert cursors[0] == {}
    assert {tuple(cursor) for cursor in cursors} == {(), ("through",)}
    moved = [cursor["through"] for cursor in cursors if cursor]
    assert moved == sorted(moved)
    assert moved[-1] == NOW.isoformat()


def test_a_poll_reads_the_overlap_again_and_never_before_the_beginning(dataset):
    server = InProcess(build_simulator(dataset, {}))
    list(make_source(server, overlap_days=7, window_days=92).batches({"through": NOW.isoformat()}))
    list(make_source(server, overlap_days=365, window_days=92).batches({"through": NOW.isoformat()}))
    asked = [one.url.params["startTime.onOrAfter"] for one in server.requests if "calendarEvents" in one.url.path]
    assert asked[0] == "2025-05-12T00:00:00+02:00"
    assert asked[-1] == "2025-03-17T00:00:00+01:00"


def test_a_late_correction_is_told_under_the_same_identity(tmp_path):
    later = {"created": "2025-05-06T10:00:00+02:00", "modified": "2025-05-08T10:00:00+02:00"}
    event = make_event(
        "one",
        "2025-05-06T09:00:00+02:00",
        make_attendance("a", "alva", unexcused=60),
        make_attendance("a", "alva", meta=later),
    )
    write_dataset(tmp_path, persons=PERSONS, events=[event])
    now = datetime(2025, 5, 7, 12, tzinfo=UTC)
    app = build_simulator(tmp_path, {"now": lambda: now})
    first = list(make_source(app, now).batches(None))
    now += timedelta(days=2)
    second = list(make_source(app, now).batches(first[-1].cursor))
    (before,) = (one for batch in first for one in batch.records if one.source_id.endswith("unexcused"))
    (after,) = (one for batch in second for one in batch.records if one.source_id.endswith("unexcused"))
    assert before.source_id == after.source_id
    assert (before.body.minutes, before.retracted, after.retracted) == (60, False, True)


def test_a_failure_in_mid_poll_keeps_what_was_told_and_the_cursor_of_the_last_window(dataset):
    inner = InProcess(build_simulator(dataset, {}))

    def answer(request):
        if request.url.path.endswith("calendarEvents") and request.url.params["startTime.onOrAfter"] >= "2025-04":
            return httpx.Response(503)
        return inner.handle_request(request)

    source = make_source(httpx.MockTransport(answer), window_days=14, attempts=1)
    batches = []
    with pytest.raises(RetriableError):
        keep(source.batches(None), batches)
    assert batches[-1].cursor == {"through": "2025-04-13T22:00:00+00:00"}
    rest = list(make_source(build_simulator(dataset, {}), overlap_days=0).batches(batches[-1].cursor))
    assert told([*batches, *rest]) == [(ALVA, "excused", 20), (ALVA, "unexcused", 60), (BO, "excused", 120)]


def test_reported_absence_can_be_left_unread(dataset):
    observed = []
    batches = list(make_source(build_simulator(dataset, {}), observed=observed, read_absences=False).batches(None))
    assert told(batches) == [(ALVA, "excused", 20), (ALVA, "unexcused", 60)]
    assert "absences" not in {operation for operation, _ in observed}


def test_batches_are_bounded_even_when_the_server_ignores_the_limit():
    marks = [make_attendance(str(number), "alva", unexcused=1) for number in range(6_000)]
    pages = {"persons": [make_person("alva", ALVA)], "calendarEvents": [make_event("one", "2025-05-19T06:00:00+02:00", *marks)]}

    def answer(request):
        return httpx.Response(200, json={"data": pages.get(request.url.path.rpartition("/")[2], [])})

    batches = list(make_source(httpx.MockTransport(answer), since="2025-05-19").batches(None))
    assert [len(batch.records) for batch in batches] == [5_000, 5_000, 2_000, 0]


def test_a_foreign_cursor_is_a_configuration_error(dataset):
    with pytest.raises(ConfigError):
        list(make_source(build_simulator(dataset, {})).batches({"etag": "x"}))


def test_no_request_names_a_person(dataset):
    server = InProcess(build_simulator(dataset, {}))
    list(make_source(server).batches(None))
    assert all(number not in str(request.url) for request in server.requests for number in (ALVA, BO))
