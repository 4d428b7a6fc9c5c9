"""Fixtures of the tests that run against the real broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import Settings
from tests.support import make_settings


@pytest.fixture
def kafka_settings(fresh_kafka: str, tmp_path: Path) -> Settings:
    """An installation whose brokers are the session's Kafka, all topics there and empty."""
    return make_settings(tmp_path / "home", kafka={"bootstrap_servers": fresh_kafka, "partitions": 4})
