from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.contract.cloudevents import cloud_event_headers, cloud_event_id, cloud_event_type
from hub.contract.models import PlaceEvent
from hub.contract.topics import CATALOGUE, SCHOOL_ABSENCES, TASKS_SIG
from hub.errors import ContractError

AT = datetime(2025, 5, 12, 10, 15, 30, 250_999, tzinfo=timezone(timedelta(hours=2)))
SOURCE = "/norrkoping/connectors/ss12000"
ID = f"e{'7' * 40}:1"


def headers(**changes) -> dict[str, str]:
    arguments = {"topic": SCHOOL_ABSENCES, "event_id": ID, "source": SOURCE, "time": AT, **changes}
    return {name: value.decode("ascii") for name, value in cloud_event_headers(**arguments)}


def test_headers_are_those_of_binary_mode() -> None:
    found = headers()
    trace = found.pop("traceparent")
    assert found == {
        "ce_specversion": "1.0",
        "ce_id": ID,
        "ce_source": SOURCE,
        "ce_type": "hub.school-absence.v1",
        "ce_time": "2025-05-12T08:15:30.250Z",
        "content-type": "application/avro",
    }
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", trace)


def test_every_trace_is_new_and_none_is_all_noughts() -> None:
    traces = {headers()["traceparent"] for _ in range(200)}
    assert len(traces) == 200
    assert all(int(part, 16) for trace in traces for part in trace.split("-")[1:3])


@pytest.mark.parametrize("topic", CATALOGUE.values(), ids=lambda topic: topic.name)
def test_a_type_names_the_record_and_the_major_version(topic) -> None:
    assert re.fullmatch(r"hub\.[a-z]+(-[a-z]+)*\.v\d", cloud_event_type(topic))


def test_the_type_of_a_dead_letter_is_its_own() -> None:
    assert cloud_event_type(CATALOGUE[f"{TASKS_SIG.name}.dlq"]) == "hub.dead-letter.v1"


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": ""},
        {"event_id": "a b"},
        {"event_id": "åäö"},
        {"event_id": "20100101-9802"},
        {"event_id": "x" * 129},
        {"source": "norrkoping"},
        {"source": "https://host/path"},
        {"source": "/norrkoping/20100101"},
        {"source": "/a//b"},
        {"time": AT.replace(tzinfo=None)},
    ],
)
def test_a_header_of_another_form_is_refused_and_not_repeated(changes) -> None:
    with pytest.raises(ContractError) as refusal:
        headers(**changes)
    assert refusal.value.code == "invalid_message"
    assert "20100101" not in str(refusal.value)


def test_a_repeat_has_the_same_id_and_a_correction_another() -> None:
    event = PlaceEvent(
        area="0581-city",
        event_id="e" + "a" * 40,
        revision=1,
        retracted=False,
        agency="police-public",
        connector="polisen",
        occurred_at=datetime(2025, 5, 12, tzinfo=UTC),
        ends_at=None,
        recorded_at=datetime(2025, 5, 12, tzinfo=UTC),
        kind="police_event",
        category="fire",
        incidents=1,
    )
    assert cloud_event_id(event) == cloud_event_id(event.model_copy())
    assert cloud_event_id(event) != cloud_event_id(event.model_copy(update={"revision": 2}))
    assert headers(event_id=cloud_event_id(event))["ce_id"] == f"e{'a' * 40}:1"
