"""The ss12000 connector pulls from its simulator through Prism: both keep to SS12000:2020's own OpenAPI document."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.simulator import build_simulator
from connectors.ss12000.source import Ss12000Source
from connectors.ss12000.webhook import Ss12000Waker
from hub.connector import PersonRecord, Removal
from hub.testing import served
from tests.contract.prism.conftest import Judged
from tests.unit.connectors.ss12000.make import (
    ALVA,
    BO,
    make_absence,
    make_attendance,
    make_context,
    make_event,
    make_id,
    make_person,
    write_dataset,
)

pytestmark = [pytest.mark.node, pytest.mark.shared]

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
LATER = {"created": "2025-05-05T10:00:00+02:00", "modified": "2025-05-20T10:00:00+02:00"}
FIRST_POLL = {"persons", "calendarEvents", "absences"}
USED = FIRST_POLL | {"attendances", "calendarEvents/{id}", "deletedEntities", "aggregatedAttendance"}
USED |= {"subscriptions", "subscriptions/{id}"}


@pytest.fixture
def dataset(tmp_path):
    guardian = {"person": {"id": make_id("guardian"), "securityMarking": "Ingen"}, "relationType": "Vårdnadshavare"}
    persons = [
        make_person("alva", ALVA, birthDate="2010-01-01", responsibles=[guardian]),
        make_person("bo", BO),
        make_person("guardian"),
        make_person("marked", securityMarking="Skyddad folkbokföring"),
    ]
    events = [
        make_event(
            f"event {day}",
            f"2025-05-{day:02d}T09:00:00+02:00",
            make_attendance(
                f"a {day}",
                "alva",
                unexcused=60,
                reportedTimestamp=f"2025-05-{day:02d}T10:00:00+02:00",
                calendarEvent={"id": make_id(f"event {day}")},
            ),
            make_attendance(f"b {day}", "bo", excused=20),
            make_attendance(f"c {day}", "marked", reported=False),
            cancelled=day == 9,
            teachingLengthStudent=55,
        )
        for day in range(5, 17)
    ]
    absences = [
        make_absence("one", "alva", "2025-05-13T08:00:00+02:00", "2025-05-13T12:00:00+02:00"),
        make_absence("two", "bo", "2025-05-18T08:00:00+02:00", "2025-05-19T06:00:00+02:00", type="Beviljad ledighet"),
    ]
    corrected = make_attendance("a 5", "alva", unexcused=10, calendarEvent={"id": make_id("event 5")}, meta=LATER)
    events[0]["_embedded"]["attendance"].append(corrected)
    write_dataset(tmp_path, persons=persons, events=events, absences=absences)
    deleted = [{"entity": "Attendance", "id": make_id(f"b {day}"), "deletedAt": LATER["modified"]} for day in (5, 6, 7)]
    (tmp_path / "deletedEntities.json").write_text(json.dumps(deleted), encoding="utf-8")
    return tmp_path


def operation_of(_method, path):
    operation, _, key = path.removeprefix("/").partition("/")
    return f"{operation}/{{id}}" if key else operation


def test_the_connector_pulls_through_prism_without_one_violation(dataset, specification, prism_before, report):
    judged = Judged(lambda _method, path: path.removeprefix("/"))
    with (
        served(build_simulator(dataset, {"page_size": 2, "now": lambda: NOW})) as upstream,
        prism_before(specification("ss12000_2_1_0.yaml"), upstream) as url,
    ):
        config = Ss12000Config(base_url=url, since="2025-04-28", attempts=1)
        source = Ss12000Source(config, make_context(NOW), transport=judged)
        records = [record for batch in source.batches(None) for record in batch.records]
        source.close()
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []
    assert set(judged.requests) == FIRST_POLL
    assert judged.requests["calendarEvents"] > judged.requests["absences"], "no page was followed"
    told = [one for one in records if isinstance(one, PersonRecord) and not one.retracted]
    assert sum(one.body.minutes for one in told if one.body.kind == "unexcused") == 11 * 60


def test_every_call_that_the_connector_ever_makes_goes_through_prism(dataset, specification, prism_before, report):
    judged, now = Judged(operation_of), NOW
    with (
        served(build_simulator(dataset, {"page_size": 2, "now": lambda: now})) as upstream,
        prism_before(specification("ss12000_2_1_0.yaml"), upstream) as url,
    ):
        given = {"base_url": url, "since": "2025-04-28", "attempts": 1, "overlap_days": 1}
        first = list(closing_batches(given, now, judged))
        now += timedelta(days=2)
        second = list(closing_batches(given, now, judged, first[-1].cursor))
        keep_subscribed_for_a_week(url, now, judged)
        sums = list(closing_batches(given | {"reading": "sums", "since": "2025-05-15"}, now, judged))
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []
    assert set(judged.requests) == USED
    assert min(judged.requests.values()) > 0
    told = [one for batch in second for one in batch.records if isinstance(one, PersonRecord) and not one.retracted]
    assert 10 in {one.body.minutes for one in told}
    removals = [aside for batch in second for aside in batch.asides if isinstance(aside, Removal)]
    assert sum(not one.but_of for one in removals) == 3 * 2, "both facts of each attendance that was deleted"
    assert sum(bool(one.but_of) for one in removals) == 2, "and of the changed one, of everybody else"
    assert any(isinstance(one, PersonRecord) and one.source_id.startswith("sums:") for batch in sums for one in batch.records)


def keep_subscribed_for_a_week(url, now, judged):
    config = Ss12000Config(
        base_url=url, since="2025-04-28", attempts=1, webhook={"public_url": "https://hub.example", "listen_port": 0}
    )
    for moment in (now, now, now + timedelta(days=7)):
        waker = Ss12000Waker(config, config.webhook, make_context(moment), transport=judged)
        waker.keep_subscribed("a" * 40)
        waker.close()
    client = Ss12000Client(config, make_context(now), transport=judged)
    (row,) = (row for page in client.subscriptions() for row in page)
    client.unsubscribe(row["id"])
    client.close()


def closing_batches(given, now, judged, cursor=None):
    source = Ss12000Source(Ss12000Config(**given), make_context(now), transport=judged)
    yield from source.batches(cursor)
    source.close()


def test_the_simulators_refusals_and_single_entities_are_the_documents_too(dataset, specification, prism_before, report):
    judged = Judged(lambda _method, path: path.split("/")[1])
    with (
        served(build_simulator(dataset, {"now": lambda: NOW})) as upstream,
        prism_before(specification("ss12000_2_1_0.yaml"), upstream) as url,
        httpx.Client(base_url=url, transport=judged, headers={"Authorization": "Bearer jwt"}) as client,
    ):
        for path in (f"/persons/{make_id('alva')}", f"/calendarEvents/{make_id('event 5')}", f"/absences/{make_id('one')}"):
            assert client.get(path).status_code == 200
        for path in ("/activities", "/groups", "/organisations", f"/activities/{make_id('activity')}"):
            assert client.get(path).status_code == 200
        assert client.get("/persons", params={"pageToken": "never given"}).json()["code"] == "bad_page_token"
        assert client.get("/persons", params={"pageToken": "never given"}).status_code == 400
    report(f"requests per operation {dict(judged.requests)}, objections {len(judged.objections)}")
    assert judged.objections == []


def test_a_server_that_breaks_the_document_is_found_out(dataset, specification, prism_before):
    broken = (dataset / "persons.json").read_text(encoding="utf-8").replace('"Ingen"', '"Kanske"')
    (dataset / "persons.json").write_text(broken, encoding="utf-8")
    judged = Judged()
    with (
        served(build_simulator(dataset, {})) as upstream,
        prism_before(specification("ss12000_2_1_0.yaml"), upstream) as url,
        httpx.Client(base_url=url, transport=judged, headers={"Authorization": "Bearer jwt"}) as client,
    ):
        client.get("/persons")
    assert judged.objections
