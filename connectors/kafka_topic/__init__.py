"""Word of a task on a topic of the receiver's own Kafka, for readers who take an id once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.kafka_topic.config import KafkaTopicConfig
from hub.connector import Connector, Sink, SinkContext, Trial

__all__ = ["connector"]


# What a process does not use it does not import.
def _build_sink(config: KafkaTopicConfig, context: SinkContext) -> Sink:
    from connectors.kafka_topic.sink import KafkaTopicSink  # noqa: PLC0415

    return KafkaTopicSink(config, context)


def _build_simulator(dataset: Path, options: Mapping[str, Any]) -> Any:
    from connectors.kafka_topic.simulator import build_simulator  # noqa: PLC0415

    return build_simulator(dataset, options)


def _front(url: str) -> AbstractContextManager[int]:
    from connectors.kafka_topic.simulator import served_topic  # noqa: PLC0415

    return served_topic(url)


connector = Connector(
    name="kafka_topic",
    title="Ett ämne (topic) i mottagarens egen Kafka",
    config=KafkaTopicConfig,
    build_sink=_build_sink,
    build_simulator=_build_simulator,
    trial=Trial(
        config={
            "bootstrap_servers": ["{host}:{port}"],
            "topic": "prevention.tasks",
            "security": "plaintext",
            "timeout_seconds": 1.0,
        },
        now=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
        front=_front,
    ),
)
