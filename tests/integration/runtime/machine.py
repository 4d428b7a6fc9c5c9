"""An installation with a broker of its own, which the test may stop, freeze and kill."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.kafka import apply_topics
from hub.runtime.changelogs import changelog_name
from hub.settings import Settings
from tests.integration.runtime.town import Town
from tests.support import make_settings


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


class Machine:
    """The broker's port stays the same over its restarts."""

    def __init__(self, folder: Path, stall_limit_seconds: float = 40.0) -> None:
        self.folder, self._ports = folder, (free_port(), free_port())
        self.broker = self.start("broker")
        self.settings: Settings = make_settings(
            folder / "home",
            kafka={"bootstrap_servers": self.broker.bootstrap_servers, "partitions": 4},
            worker={"stall_limit_seconds": stall_limit_seconds},
        )
        apply_topics(self.settings)
        self.town = Town(self.settings)
        self.log = folder / "worker.log"

    def start(self, name: str) -> EmbeddedBroker:
        port, controller = self._ports
        config = BrokerConfig(folder=self.folder / name, port=port, controller_port=controller, heap_megabytes=256)
        broker = EmbeddedBroker(config)
        broker.start(timeout_seconds=90)
        return broker

    def signal_broker(self, number: signal.Signals) -> None:
        assert self.broker.pid is not None
        os.killpg(self.broker.pid, number)

    def kill_broker(self) -> None:
        self.signal_broker(signal.SIGKILL)
        self.broker.stop()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The broker's sockets stay open, and nobody answers."""
        self.signal_broker(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal_broker(signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """No broker for the length of the block."""
        self.kill_broker()
        try:
            yield
        finally:
            self.broker.start(timeout_seconds=90)

    def changelog_ends(self) -> int:
        """How many records stand on the changelog of the youths."""
        name = changelog_name(self.settings, "youths")
        return self.town.ends(name)[name]

    def close(self) -> None:
        self.town.close()
        self.broker.stop()
