"""Two installations that differ in one thing: whether a named person has given her consent. All else is the same in both."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.clock import SystemClock
from hub.contract.codec import Codec
from hub.contract.topics import RISK_EVENTS
from hub.installation import initialise
from hub.kafka_admin import end_offsets
from hub.process import SUPERVISOR_VARIABLE, read_announcements
from hub.registry.granting import read_grant
from hub.registry.opening import open_registry
from hub.settings import load_settings
from hub.status import read_metrics
from tests.unit.registry.support import make_identifier

NAMED, SOMEBODY, ANOTHER = (make_identifier(number) for number in (1, 2, 3))
CONNECTOR = "connect-observations"
_PATIENCE_SECONDS = 120.0
_HEADER = "id;person;concern;area;observed_at;observer"


class World:
    """An installation with two consents, a registry and a connector, each a process of its own.

    `consents`: whether the named person's is one of the two; the other way round it is somebody's of whom nothing is ever told.
    """

    def __init__(self, home: Path, kafka: str, *, consents: bool) -> None:
        self.home, self.kafka = home, kafka
        initialise(home)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        self.environment = {
            **os.environ,
            "HUB_HOME": str(home),
            "HUB_KAFKA__BOOTSTRAP_SERVERS": kafka,
            "HUB_KAFKA__PARTITIONS": "4",
            "HUB_REGISTRY__PORT": str(port),
            "HUB_METRICS__PORTS": json.dumps({"registry": 0, CONNECTOR: 0}),
            SUPERVISOR_VARIABLE: str(os.getpid()),
        }
        toml = home / "hub.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("poll_seconds = 60", "poll_seconds = 1"), encoding="utf-8")
        self.settings = load_settings(home)
        self._grant(NAMED if consents else ANOTHER, SOMEBODY)
        self._processes: list[subprocess.Popen[bytes]] = []

    def _grant(self, *persons: str) -> None:
        now = datetime.now(UTC)
        opened = open_registry(self.settings, SystemClock(), Codec.load())
        try:
            for person in persons:
                opened.registry.grant(
                    read_grant(
                        {
                            "identifier": person,
                            "cooperation": "sspf",
                            "agencies": ("leisure-norrkoping",),
                            "recipients": ("outreach",),
                            "kinds": ("risk_event",),
                            "valid_from": now - timedelta(days=60),
                            "valid_to": now + timedelta(days=100),
                            "required": ("guardian_1",),
                            "signed": ("guardian_1",),
                            "includes_earlier": True,
                        }
                    )
                )
        finally:
            opened.close()

    def start(self, *words: str) -> None:
        log = (self.home / f"{words[0]}.log").open("wb")
        command = [sys.executable, "-m", "hub", *words]
        self._processes.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))
        log.close()

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            process.wait(30)

    def hub(self, *words: str) -> str:
        """What a command says, on both streams, with its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        return f"{done.stdout}\n{done.stderr}\n{done.returncode}"

    def until(self, met: Callable[[], Any], what: str) -> None:
        deadline, pause = time.monotonic() + _PATIENCE_SECONDS, threading.Event()
        while not met():
            log = "".join(each.read_text()[-1500:] for each in self.home.glob("*.log"))
            assert time.monotonic() < deadline, f"{what}: {log}"
            assert all(process.poll() is None for process in self._processes), log
            pause.wait(0.2)

    def feed(self, name: str, *rows: str) -> None:
        """Put a file into the connector's inbox that counts as settled."""
        folder = self.home / "inbox" / "observations"
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f".{name}"
        fresh.write_text("\n".join((_HEADER, *rows)) + "\n", encoding="utf-8")
        os.utime(fresh, (time.time() - 3600,) * 2)
        fresh.rename(folder / name)

    @property
    def handled(self) -> int:
        """Sound records about persons that the connector has read."""
        found = {dict(pairs)["outcome"]: int(value) for pairs, value in self.metrics().get("hub_connector_records", {}).items()}
        return found.get("handled", 0)

    def metrics(self, *, exact: bool = False) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        entries = [entry for entry in read_announcements(self.settings) if entry.name == CONNECTOR]
        return read_metrics(entries[0], exact=exact) if entries else {}

    def page(self) -> str:
        """The connector's metrics as anybody reads them."""
        (entry,) = [entry for entry in read_announcements(self.settings) if entry.name == CONNECTOR]
        with urllib.request.urlopen(entry.metrics, timeout=5) as answer:
            return str(answer.read().decode())

    def published(self) -> int:
        """Observations on the bus: what no operator is shown."""
        return sum(end_offsets(self.kafka, [RISK_EVENTS.name]).values())


def row(number: str, at: datetime, person: str = NAMED, concern: str = "recruitment") -> str:
    return f"{number};{person};{concern};Hageby;{at:%Y-%m-%dT%H:%M};fältare"
