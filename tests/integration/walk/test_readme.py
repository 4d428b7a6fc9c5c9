"""What the README tells a new user to do, from an empty home folder: each command as it stands there, with its outcome."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import platformdirs
import pytest

from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.clock import STOCKHOLM
from hub.errors import ConfigError
from tests.support import missing
from tests.unit.registry.support import make_identifier

_PATIENCE_SECONDS = 120.0
_PROCESSES = ("broker", "statutory", "registry", "worker", "deliver", "web", "connect-observations")


class Newcomer:
    """Somebody with an empty home folder, who types `hub …` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "up.log"
        with ExitStack() as stack:  # all held at once, so that none is handed out twice
            listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
            broker, controller, registry, web = (str(listener.getsockname()[1]) for listener in listeners)
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",
            "XDG_CACHE_HOME": str(Path(platformdirs.user_cache_dir("hub")).parent),  # Kafka is fetched once for a machine
            "HUB_BROKER__PORT": broker,
            "HUB_BROKER__CONTROLLER_PORT": controller,
            "HUB_REGISTRY__PORT": registry,
            "HUB_WEB__PORT": web,
            "HUB_METRICS__PORTS": json.dumps(dict.fromkeys(_PROCESSES, 0)),
        }

    def hub(self, line: str, given: str = "") -> str:
        done = subprocess.run(
            ["hub", *line.split()],
            cwd=self.folder,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"hub {line}: {done.stdout}{done.stderr}"
        assert not given or given.strip() not in done.stdout + done.stderr
        return done.stdout

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                ["hub", "up", "--home", "./norrkoping"], cwd=self.folder, env=self.environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def until(self, look: Callable[[], Any]) -> Any:
        """What `look` finds, once it finds something."""
        deadline, pause = time.monotonic() + _PATIENCE_SECONDS, threading.Event()
        while not (found := look()):
            assert time.monotonic() < deadline, self.log.read_text()
            pause.wait(0.5)
        return found


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    try:
        find_java("")
        find_jars("")
    except ConfigError as error:
        if error.code not in {"jars_unreachable", "no_java", "old_java"}:
            raise
        missing(f"an embedded Kafka: {error}")
    newcomer = Newcomer(tmp_path)
    newcomer.hub("init ./norrkoping")
    file = tmp_path / "norrkoping" / "hub.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("poll_seconds = 60", "poll_seconds = 2"), encoding="utf-8")
    process = newcomer.start()
    try:
        newcomer.until(lambda: process.poll() is not None or "Running." in newcomer.log.read_text())
        assert process.poll() is None, newcomer.log.read_text()
        yield newcomer
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=60) == 0, newcomer.log.read_text()
        finally:
            process.kill()  # its children end with it (hub.process)


def _observations(person: str) -> str:
    """Three observations on two days of the last week."""
    today = datetime.now(STOCKHOLM).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=None)
    rows = [
        f"obs-{days}{hour};{person};recruitment;Hageby;{today - timedelta(days=days, hours=hour)};fältare"
        for days, hour in ((3, 0), (3, 1), (5, 0))
    ]
    return "\n".join(["id;person;concern;area;observed_at;observer", *rows, ""])


@pytest.mark.kafka
def test_from_consent_to_task_to_withdrawal(newcomer: Newcomer, report: Callable[[str], None]) -> None:
    hub, began = newcomer.hub, time.monotonic()
    home, person = "--home ./norrkoping", make_identifier(born="20140304")
    today = datetime.now(STOCKHOLM).date()
    span = f"--from {today - timedelta(days=30)} --to {today + timedelta(days=300)} --includes-earlier"
    who = "--agency leisure-norrkoping --recipient outreach --kind risk_event --signed guardian_1 --signed guardian_2"
    assert "in_force" in hub(f"consent grant -c sspf {who} {span} {home}", given=person)

    inbox = newcomer.folder / "norrkoping" / "inbox" / "observations"
    (inbox / "week.csv").write_text(_observations(person), encoding="utf-8")
    # Until delivery has read every consent that there is, a task stands in the list without its content.
    (task,) = newcomer.until(lambda: [one for one in json.loads(hub(f"tasks --json {home}")) if not one["withheld"]])
    assert (task["team"], task["rule"], task["state"]) == ("outreach", "repeated-observations", "received")
    assert task["task_id"][:8] in hub(f"tasks --team outreach {home}")
    seen = time.monotonic() - began

    with httpx.Client(follow_redirects=True) as browser:
        page = browser.get(hub(f"web-login --team outreach {home}").strip())
    assert page.status_code == 200
    assert task["task_id"] in page.text

    assert "withdrawn" in hub(f"consent withdraw --by guardian_1 {home}", given=person)
    newcomer.until(lambda: json.loads(hub(f"consent erasure-status --json {home}"))["open"] == 0)
    assert "1 withdrawals, 0 not complete" in hub(f"consent erasure-status {home}")
    newcomer.until(lambda: json.loads(hub(f"tasks --json {home}")) == [])
    (closed,) = json.loads(hub(f"tasks --all --json {home}"))
    assert (closed["task_id"], closed["state"]) == (task["task_id"], "cancelled")
    kept = "".join(path.read_text(encoding="utf-8") for path in (newcomer.folder / "norrkoping" / "data" / "logs").glob("*.log"))
    assert person not in kept
    report(
        f"the task stood in the inbox {seen:.0f} s after the consent, everything was erased after {time.monotonic() - began:.0f} s"
    )
