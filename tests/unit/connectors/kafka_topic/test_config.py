from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.kafka_topic.config import KafkaTopicConfig
from tests.unit.connectors.kafka_topic.make import make_config


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
