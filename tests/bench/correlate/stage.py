"""An embedded broker on its core, and a folder, for one leg."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from tests.bench.correlate import cores

__all__ = ["Stage", "stage"]

_HEAP_MEGABYTES = 768


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a leg plays: the broker's `host:port`, and a folder that is deleted behind it."""

    broker: str
    folder: Path


@contextmanager
def stage() -> Iterator[Stage]:
    """A new broker with nothing in it; harness and broker share a core while it lasts."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name, cores.on_broker_core():
        folder = Path(name)
        broker = EmbeddedBroker(BrokerConfig(folder=folder / "broker", heap_megabytes=_HEAP_MEGABYTES))
        broker.start(timeout_seconds=90)
        try:
            yield Stage(broker.bootstrap_servers, folder)
        finally:
            broker.stop()
