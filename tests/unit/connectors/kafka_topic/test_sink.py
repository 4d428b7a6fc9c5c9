from __future__ import annotations

import base64
import json
from contextlib import closing, contextmanager

import httpx
import psutil
import pytest

from connectors.kafka_topic.record import record_value
from connectors.kafka_topic.simulator import build_simulator, served_topic
from connectors.kafka_topic.sink import KafkaTopicSink
from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.testing import served
from hub.testing.dripping import dripping
from hub.testing.serving import Watched, refusing
from tests.unit.connectors.kafka_topic.make import make_config
from tests.unit.connectors.make import make_context, make_errand


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


def test_a_broker_whose_answer_drips_is_left_in_time_with_nothing_held_open() -> None:
    me = psutil.Process()
    before = me.num_fds()
    with (
        dripping() as drip,
        closing(make_sink(drip.port, timeout_seconds=0.3)) as sink,
        pytest.raises(RetriableError) as raised,
    ):
        sink.deliver(make_errand())
    assert type(raised.value) is RetriableError
    assert drip.waited_out == 0
    assert me.num_fds() <= before
