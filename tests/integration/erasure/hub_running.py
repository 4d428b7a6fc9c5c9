"""An installation with its own broker and every process of a withdrawal, on this machine's clock and with short bounds."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hub.bootstrap import build_registry, build_worklist
from hub.broker.configuration import broker_config
from hub.broker.launcher import EmbeddedBroker
from hub.clock import SystemClock
from hub.installation import initialise
from hub.kafka import apply_topics
from hub.registry.granting import GrantRequest
from hub.settings import Settings, load_settings
from tests.support import make_settings

__all__ = ["Running", "free_ports", "make_consent_of", "short_bounds"]

LEISURE = "leisure-norrkoping"


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def short_bounds(retention_seconds: float) -> dict[str, Any]:
    """Sections of settings under which what is erased leaves the disks within a minute or two."""
    broker, controller, registry = free_ports(3)
    return {
        "kafka": {"partitions": 2, "retention_days": retention_seconds / 86_400, "short_retention": True},
        "broker": {"port": broker, "controller_port": controller, "heap_megabytes": 256, "check_seconds": 1.0},
        "registry": {"port": registry},
        "erasure": {
            "compaction_hours": 4 / 3600,
            "compaction_lag_minutes": 0,
            "segment_hours": 4 / 3600,
            "look_minutes": 2 / 60,
            "backup_days": 0,
            "former_data_days": 0,
        },
        "connectors": {
            "observations": {
                "agency": LEISURE,
                "poll_seconds": 1,
                "directory_poll_seconds": 0.5,
                "source": {"folder": "inbox/observations", "settle_seconds": 0.5},
            }
        },
    }


def make_consent_of(person: str, **changes: Any) -> GrantRequest:
    """SSPF with the leisure services, signed by both guardians, from sixty days ago on."""
    today = datetime.now(UTC).date()
    values = {
        "identifier": person,
        "cooperation": "sspf",
        "agencies": (LEISURE,),
        "recipients": ("outreach", "sspf"),
        "kinds": ("risk_event",),
        "valid_from": str(today - timedelta(days=60)),
        "valid_to": str(today + timedelta(days=60)),
        "signed": ("guardian_1", "guardian_2"),
        "area": "0581-hageby",
        "includes_earlier": True,
    }
    return GrantRequest.model_validate({**values, **changes})


class Running:
    """`processes` are started as an operator would; `close` ends all that this made, and the broker last."""

    def __init__(self, home: Path, sections: dict[str, Any]) -> None:
        self.settings: Settings = self._made(home, sections)
        self.home = home
        self.broker = EmbeddedBroker(broker_config(self.settings))
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.opened = None

    @staticmethod
    def _made(home: Path, sections: dict[str, Any]) -> Settings:
        make_settings(home, **sections)
        initialise(home)
        return load_settings(home)

    def start(self, *commands: Sequence[str]) -> Running:
        self.broker.start(timeout_seconds=90)
        apply_topics(self.settings)
        for command in commands:
            self.launch(command)
        self.opened = build_registry(self.settings, SystemClock())
        self.registry = self.opened.registry
        self.worklist = build_worklist(self.settings, SystemClock())
        return self

    def launch(self, command: Sequence[str], further: Mapping[str, str] = MappingProxyType({})) -> subprocess.Popen[bytes]:
        name = "-".join(command)
        log = self.home / "data" / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HUB_HOME": str(self.home), **further}
        with log.open("ab") as stream:
            child = subprocess.Popen([sys.executable, "-m", "hub", *command], env=environment, stdout=stream, stderr=stream)
        self.children[name] = child
        return child

    def until(self, met: Callable[[], object], what: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not met():
            for name, child in self.children.items():
                assert child.poll() is None, f"{name} ended with {child.returncode}: {self.log(name)}"
            assert time.monotonic() < deadline, f"{what} did not happen: " + "; ".join(
                f"{n}: {self.log(n)}" for n in self.children
            )
            time.sleep(0.25)  # each look takes time from what it waits for

    def log(self, name: str) -> str:
        return (self.home / "data" / "logs" / f"{name}.log").read_text(encoding="utf-8")[-1500:]

    def stop_processes(self) -> None:
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            child.wait(timeout=60)
        self.children.clear()

    def close(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
                child.wait()
        if self.opened is not None:
            self.opened.close()
            self.worklist._engine.dispose()
        self.broker.stop()
