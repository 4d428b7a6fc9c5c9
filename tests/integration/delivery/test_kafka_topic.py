"""The kafka_topic sink on the real broker: what its simulator's broker is a likeness of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka import KafkaAdminClient

from connectors.kafka_topic.config import KafkaTopicConfig
from connectors.kafka_topic.record import record_headers, record_value
from connectors.kafka_topic.sink import KafkaTopicSink
from hub.contract.models import TaskState
from hub.errors import RetriableError
from hub.kafka import Reader
from tests.support import drop_topics
from tests.unit.connectors.make import make_context, make_errand

pytestmark = pytest.mark.kafka

TOPIC = "prevention.tasks"


def make_sink(servers: str, topic: str = TOPIC, seconds: float = 20) -> KafkaTopicSink:
    words = {"bootstrap_servers": servers.split(","), "topic": topic, "security": "plaintext", "timeout_seconds": seconds}
    return KafkaTopicSink(KafkaTopicConfig.model_validate(words), make_context())


@pytest.fixture
def servers(kafka: str) -> Iterator[str]:
    """The session's Kafka, with the receiver's topic on it for as long as the test runs."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 3, "replication_factor": 1}})
        admin.wait_for_topics([TOPIC])
    yield kafka
    drop_topics(kafka, TOPIC)


def test_each_word_is_a_record_and_a_repeat_after_a_crash_is_the_same_one_again(servers) -> None:
    words = [make_errand(), make_errand(), make_errand(state=TaskState.RECALLED)]
    for word in words:
        with closing(make_sink(servers)) as sink:
            sink.deliver(word)
    with closing(Reader(servers, [TOPIC], None, "test")) as reader:
        records = []
        while len(records) < len(words):
            records += reader.poll(5.0, 100)
    assert [(record.value, list(record.headers)) for record in records] == [
        (record_value(word), record_headers(word, "/hub/delivery")) for word in words
    ]
    assert len({(record.partition, record.key) for record in records}) == 1, "all of a task stays in order"


def test_a_topic_that_is_not_there_is_neither_made_nor_taken_for_delivered(servers) -> None:
    with closing(make_sink(servers, "prevention.elsewhere", 2)) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "unreachable"
