from __future__ import annotations

import json

from connectors.kafka_topic.record import key_of, record_headers, record_value
from hub.contract.models import TaskState
from tests.unit.connectors.make import make_errand


def test_a_record_says_that_there_is_a_task_and_nothing_of_its_reason() -> None:
    value = json.loads(record_value(make_errand()))
    assert set(value["data"]) == {"task_id", "team", "priority", "respond_by"}
    assert make_errand().function.encode() not in record_value(make_errand())


def test_the_headers_are_those_of_cloudevents_in_binary_mode() -> None:
    headers = dict(record_headers(make_errand(state=TaskState.RECALLED), "/norrkoping/hub"))
    assert headers == {
        "ce_specversion": b"1.0",
        "ce_id": f"{make_errand().task_id}:recalled".encode(),
        "ce_source": b"/norrkoping/hub",
        "ce_type": b"hub.task.recalled.v1",
        "ce_time": b"2025-05-19T05:30:00.000Z",
        "content-type": b"application/json",
    }


def test_all_that_is_told_of_a_task_has_one_key() -> None:
    assert key_of(make_errand()) == key_of(make_errand(state=TaskState.CANCELLED)) != key_of(make_errand(2))
