import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.simulator import build_simulator
from connectors.ss12000.source import Ss12000Source
from hub.connector import PersonRecord, ProtectedPerson, Removal, Unmapped
from hub.errors import ConfigError, RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import (
    ALVA,
    BO,
    NOW,
    make_absence,
    make_attendance,
    make_context,
    make_event,
    make_id,
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
    assert {tuple(cursor) for cursor in cursors} == {(), ("through", "seen", "newest", "sure", "followed", "followed_sure")}
    assert batches[-1].cursor["newest"] == dict.fromkeys(("lesson", "attendance", "absence"), "2025-03-01T07:00:00+00:00")
    assert {cursor["seen"] for cursor in cursors if cursor} == {NOW.isoformat()}
    moved = [cursor["through"] for cursor in cursors if cursor]
    assert moved == sorted(moved)
    assert moved[-1] == NOW.isoformat()


def test_a_poll_reads_the_overlap_again_and_never_before_the_beginning(dataset):
    server = InProcess(build_simulator(dataset, {}))
    list(make_source(server, overlap_days=7, window_days=92).batches({"through": NOW.isoformat()}))
    list(make_source(server, overlap_days=365, window_days=92).batches({"through": NOW.isoformat()}))
    lessons = [one.url.params for one in server.requests if one.url.path.endswith("calendarEvents")]
    asked = [params["startTime.onOrAfter"] for params in lessons if "meta.modified.after" not in params]
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
    assert {name: batches[-1].cursor[name] for name in ("through", "seen")} == {
        "through": "2025-04-13T22:00:00+00:00",
        "seen": NOW.isoformat(),
    }
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
    assert [len(batch.records) for batch in batches] == [5_000, 5_000, 2_000, 0, 0]


def test_a_foreign_cursor_is_a_configuration_error(dataset):
    with pytest.raises(ConfigError):
        list(make_source(build_simulator(dataset, {})).batches({"etag": "x"}))


def test_no_request_names_a_person(dataset):
    server = InProcess(build_simulator(dataset, {}))
    list(make_source(server).batches(None))
    assert all(number not in str(request.url) for request in server.requests for number in (ALVA, BO))


def correct_behind_the_overlap(folder):
    """A lesson, a reported absence and a second lesson of March, all changed in May; what is deleted stands in a list."""
    later = {"created": "2025-03-18T10:00:00+01:00", "modified": "2025-05-18T10:00:00+02:00"}
    events = [
        make_event(
            "one",
            "2025-03-18T09:00:00+01:00",
            make_attendance("a", "alva", unexcused=60),
            make_attendance("a", "alva", unexcused=15, meta=later, calendarEvent={"id": make_id("one")}),
            make_attendance("gone", "bo", unexcused=60),
        ),
        make_event("off", "2025-03-19T09:00:00+01:00", make_attendance("b", "bo", excused=30)),
        make_event("off", "2025-03-19T09:00:00+01:00", cancelled=True, meta=later),
    ]
    absences = [
        make_absence("long", "alva", "2025-03-25T08:00:00+01:00", "2025-03-27T16:00:00+01:00"),
        make_absence("long", "alva", "2025-03-25T08:00:00+01:00", "2025-03-25T16:00:00+01:00", meta=later),
    ]
    write_dataset(folder, persons=PERSONS, events=events, absences=absences)
    deleted = [{"entity": "Attendance", "id": make_id("gone"), "deletedAt": later["modified"]}]
    (folder / "deletedEntities.json").write_text(json.dumps(deleted), encoding="utf-8")


def test_what_changed_behind_the_overlap_is_read_again_and_deletions_are_told(tmp_path):
    correct_behind_the_overlap(tmp_path)
    now = datetime(2025, 5, 17, 12, tzinfo=UTC)
    server = InProcess(build_simulator(tmp_path, {"now": lambda: now}))
    first = list(make_source(server, now, overlap_days=3).batches(None))
    assert sorted(told(first)) == sorted(
        [(ALVA, "unexcused", 60), (BO, "unexcused", 60), (BO, "excused", 30), *[(ALVA, "excused", 360)] * 3]
    )
    now += timedelta(days=2)
    second = list(make_source(server, now, overlap_days=3).batches(first[-1].cursor))
    assert told(second) == [(ALVA, "excused", 360), (ALVA, "unexcused", 15)]
    records = [record for batch in second for record in batch.records]
    taken_back = {one.source_id for one in records if isinstance(one, PersonRecord) and one.retracted}
    assert f"{make_id('b')}:excused" in taken_back
    removals = [aside for batch in second for aside in batch.asides if isinstance(aside, Removal)]
    gone = {name for removal in removals if not removal.but_of for name in removal.source_ids}
    assert {f"{make_id('long')}:2025-03-{day}" for day in (26, 27)} <= gone
    assert f"{make_id('long')}:2025-03-25" not in gone
    assert {name for name in gone if make_id("long") not in name} == {
        f"{make_id('gone')}:{kind}" for kind in ("unexcused", "excused")
    }
    news = {one.source_id.partition(":")[0] for batch in second if not batch.retold for one in batch.records}
    assert news == {make_id("a"), make_id("long"), ""}  # what the source has changed; the lesson that was cancelled has no name
    third = list(make_source(server, now, overlap_days=3).batches(second[-1].cursor))
    assert {batch.retold for batch in third if batch.records} == {True}
    fourth = list(make_source(server, now, overlap_days=3).batches(third[-1].cursor))
    assert told(fourth) == []


def test_a_server_that_does_not_tell_of_changes_is_read_all_the_same(dataset):
    inner = InProcess(build_simulator(dataset, {}))

    def answer(request):
        refused = "meta.modified.after" in request.url.params or "deletedEntities" in request.url.path
        return httpx.Response(501 if "attendances" in request.url.path else 404) if refused else inner.handle_request(request)

    batches = list(make_source(httpx.MockTransport(answer)).batches({"through": NOW.isoformat()}))
    reasons = [record.reason for batch in batches for record in batch.records if isinstance(record, Unmapped)]
    assert reasons.count("changes_not_offered") == 4
    assert all(not batch.retold for batch in batches if Unmapped("changes_not_offered", intentional=True) in batch.records)
    assert batches[-1].cursor["seen"] == NOW.isoformat()


def test_a_change_list_that_breaks_off_does_not_count_as_read(dataset):
    inner = InProcess(build_simulator(dataset, {}))

    def answer(request):
        return httpx.Response(503) if "attendances" in request.url.path else inner.handle_request(request)

    batches = []
    with pytest.raises(RetriableError):
        keep(make_source(httpx.MockTransport(answer), attempts=1).batches({"through": NOW.isoformat()}), batches)
    earlier = "2025-05-19T05:00:00+00:00"
    batches.clear()
    source = make_source(httpx.MockTransport(answer), attempts=1)
    with pytest.raises(RetriableError):
        keep(source.batches({"through": NOW.isoformat(), "seen": earlier}), batches)
    assert batches[-1].cursor["seen"] == earlier


def test_earlier_facts_are_those_of_whom_is_asked_for_and_no_request_says_who(dataset):
    server = InProcess(build_simulator(dataset, {}))
    source = make_source(server)
    since = datetime(2025, 4, 1, tzinfo=UTC)
    batches = list(source.backfill(lambda person: person == BO, since))
    assert told(batches) == [(BO, "excused", 120)]
    assert not any(key in str(request.url) for request in server.requests for key in (BO, make_id("bo"), "student"))
    half = next(batch.cursor for batch in batches if batch.cursor)
    rest = list(source.backfill(lambda person: person == BO, since, half))
    assert told(rest) == told(batches)
    assert list(rest[-1].cursor) == ["through"]


def test_who_is_marked_is_told_first_and_by_a_marking_of_the_standard_alone(tmp_path):
    persons = [
        make_person("alva", ALVA, securityMarking="Sekretessmarkering"),
        make_person("bo", BO, securityMarking="something new"),
        make_person("marked", securityMarking="Skyddad folkbokföring"),
    ]
    write_dataset(tmp_path, persons=persons, events=EVENTS)
    first, *rest = make_source(build_simulator(tmp_path, {})).batches(None)
    assert list(first.asides) == [ProtectedPerson(ALVA)]
    assert told(rest) == []
