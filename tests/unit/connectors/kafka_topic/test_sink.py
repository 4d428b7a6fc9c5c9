from __future__ import annotations

import base64
import json
from contextlib import closing, contextmanager

import httpx
import pytest
from pydantic import ValidationError

from connectors.kafka_topic.config import KafkaTopicConfig
from connectors.kafka_topic.record import key_of, record_headers, record_value
from connectors.kafka_topic.simulator import build_simulator, served_topic
from connectors.kafka_topic.sink import KafkaTopicSink
from hub.contract.models import TaskState
from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.testing import served
from hub.testing.serving import Watched, refusing
from tests.unit.connectors.make import make_context, make_errand


def make_config(port: int = 1, **changes) -> KafkaTopicConfig:
    given = {
        "bootstrap_servers": [f"127.0.0.1:{port}"],
        "topic": "prevention.tasks",
        "security": "plaintext",
        "timeout_seconds": 0.5,
    }
    return KafkaTopicConfig.model_validate(given | changes)


def make_sink(port: int, observed=None, **changes) -> KafkaTopicSink:
    return KafkaTopicSink(make_config(port, **changes), make_context(observed=observed))


@contextmanager
def topic(tmp_path):
    """A reader, its address, and the port of the broker before it."""
    reader = Watched(build_simulator(tmp_path, {}))
    with served(reader) as url, served_topic(url) as port:
        yield reader, url, port


def told(url: str, what: str) -> list[dict]:
    return httpx.get(f"{url}/simulator/{what}", trust_env=False).json()


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


def test_a_crash_between_the_brokers_answer_and_our_record_has_one_effect(tmp_path) -> None:
    """The topic has it twice, under one `ce_id`: whoever takes an id once has the task once."""
    with topic(tmp_path) as (_, url, port):
        for _ in range(2):
            with closing(make_sink(port)) as sink:
                sink.deliver(make_errand())
        records, taken = told(url, "records"), told(url, "received")
    assert [record["headers"]["ce_id"] for record in records] == [make_errand().identity] * 2
    assert len({json.dumps(record, sort_keys=True) for record in records}) == 1
    assert base64.b64decode(records[0]["value"]) == record_value(make_errand())
    assert [(one["task_id"], one["state"]) for one in taken] == [(make_errand().task_id, "requested")]


def test_one_sink_hands_over_many_on_one_connection(tmp_path) -> None:
    observed: list[tuple[str, int]] = []
    with topic(tmp_path) as (_, url, port), closing(make_sink(port, observed)) as sink:
        for number in range(1, 6):
            sink.deliver(make_errand(number))
        assert [one["task_id"] for one in told(url, "received")] == [make_errand(number).task_id for number in range(1, 6)]
    assert observed == [("produce", 200)] * 5


@pytest.mark.parametrize(
    ("status", "error", "code", "counted"),
    [
        (401, ConfigError, "not_permitted", 29),
        (422, RejectedError, "refused_record", 87),
        (503, InDoubtError, "not_acknowledged", None),
    ],
)
def test_what_the_broker_says_names_its_reaction(tmp_path, status: int, error, code: str, counted: int | None) -> None:
    observed: list[tuple[str, int]] = []
    with topic(tmp_path) as (reader, url, port), closing(make_sink(port, observed)) as sink:
        reader.fault = refusing(status)
        with pytest.raises(error) as raised:
            sink.deliver(make_errand())
        assert raised.value.code == code
        assert counted is None or observed == [("produce", counted)]
        reader.fault = None
        sink.deliver(make_errand())
        assert len(told(url, "received")) == 1


def test_nobody_at_the_port_is_tried_again_later() -> None:
    with closing(make_sink(1)) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "unreachable"


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "hub.consents.v1"},
        {"topic": "a topic"},
        {"bootstrap_servers": ["kafka.example.se:9092"]},
        {"bootstrap_servers": []},
        {"security": "sasl_ssl"},
        {"security": "ssl", "username": "hub"},
        {"source": "no/path"},
    ],
)
def test_a_setting_that_would_do_harm_is_refused(change) -> None:
    with pytest.raises(ValidationError):
        make_config(**change)


def test_a_broker_elsewhere_is_spoken_to_encrypted() -> None:
    words = {"bootstrap_servers": ["kafka.example.se:9093", "[2001:db8::1]:9093"], "topic": "prevention.tasks"}
    assert KafkaTopicConfig.model_validate(words).security == "ssl"
    signed_in = KafkaTopicConfig.model_validate(words | {"security": "sasl_ssl", "username": "hub"})
    assert signed_in.sasl_mechanism == "SCRAM-SHA-512"
