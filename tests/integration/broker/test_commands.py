from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from hub.commands.topics import app
from hub.kafka_admin import broker_answers
from hub.process import SUPERVISOR_VARIABLE, read_announcements
from tests.command_line import CliRunner
from tests.support import drop_topics, make_settings

BROKER = "import typer; from hub.commands.broker import broker; typer.run(broker)"
TOPIC = "hub.place-events.v1"


def wait_for(condition, seconds: float = 60.0) -> None:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def installation(kafka, tmp_path):
    ports = {"port": free_port(), "controller_port": free_port(), "heap_megabytes": 192}
    return make_settings(tmp_path / "home", broker=ports)


def hub_broker(settings, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BROKER, "--home", str(settings.home)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})


def test_hub_broker_runs_until_it_is_asked_to_stop_and_leaves_nothing(installation):
    with hub_broker(installation) as process:
        wait_for(lambda: read_announcements(installation))
        [entry] = read_announcements(installation)
        assert (entry.name, entry.pid) == ("broker", process.pid)
        assert broker_answers(installation.bootstrap_servers)
        children = psutil.Process(process.pid).children(recursive=True)
        assert [child.name() for child in children] == ["java"]
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - begun < 8
        told = process.stderr.read()
    assert "Kafka answers on" in told
    assert not any(child.is_running() for child in children)
    assert read_announcements(installation) == []


def test_hub_broker_ends_when_its_supervisor_is_killed(installation):
    supervisor = (
        "import os, subprocess, sys, time\n"
        f"os.environ[{SUPERVISOR_VARIABLE!r}] = str(os.getpid())\n"
        f"child = subprocess.Popen([sys.executable, '-c', {BROKER!r}, '--home', sys.argv[1]], start_new_session=True)\n"
        "child.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", supervisor, str(installation.home)], stderr=subprocess.DEVNULL) as parent:
        wait_for(lambda: read_announcements(installation))
        family = psutil.Process(parent.pid).children(recursive=True)
        assert {"java"} < {child.name() for child in family}
        parent.kill()
    gone, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []
    assert len(gone) == len(family)


def test_topics_are_applied_checked_and_refused_from_the_command_line(fresh_kafka, tmp_path):
    kafka = {"bootstrap_servers": fresh_kafka, "partitions": 4}
    home = make_settings(tmp_path / "home", kafka=kafka).home
    runner = CliRunner()
    assert runner.invoke(app, ["check", "--home", str(home)]).exit_code == 0
    drop_topics(fresh_kafka, TOPIC)
    missing = runner.invoke(app, ["check", "--home", str(home), "--json"])
    assert (missing.exit_code, json.loads(missing.output)) == (1, {"differences": [f"{TOPIC}: missing"]})
    applied = runner.invoke(app, ["apply", "--home", str(home), "--json"])
    assert (applied.exit_code, json.loads(applied.output)) == (0, {"changes": [f"{TOPIC}: created with 3 partitions"]})
    assert "Nothing to change" in runner.invoke(app, ["apply", "--home", str(home)]).output
    make_settings(home, kafka={**kafka, "partitions": 5})
    refused = runner.invoke(app, ["apply", "--home", str(home)])
    assert refused.exit_code == 1
    assert "has 4 partitions, should have 5" in str(refused.exception)
