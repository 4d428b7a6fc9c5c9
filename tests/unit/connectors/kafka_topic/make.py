"""Settings of a broker on this machine."""

from __future__ import annotations

from connectors.kafka_topic.config import KafkaTopicConfig


def make_config(port: int = 1, **changes) -> KafkaTopicConfig:
    given = {
        "bootstrap_servers": [f"127.0.0.1:{port}"],
        "topic": "prevention.tasks",
        "security": "plaintext",
        "timeout_seconds": 3.0,
    }
    return KafkaTopicConfig.model_validate(given | changes)
