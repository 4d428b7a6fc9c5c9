"""The hub as a wheel, in an environment and a folder of its own, where the clone cannot be imported."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from hub.broker.jars import find_jars
from hub.broker.java import find_java
from hub.errors import ConfigError
from tests.support import missing

ROOT = Path(__file__).resolve().parents[3]
_PROCESSES = {"broker", "statutory", "registry", "worker", "deliver", "web", "connect-observations"}
_READY_SECONDS = 150.0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


@dataclass(frozen=True)
class Installed:
    """An environment that has the wheel, the dependencies of this one, and no clone."""

    bin: Path
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTHON"))}
        return {**kept, "PATH": f"{self.bin}{os.pathsep}{os.defpath}", **more}

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / words[0], *words[1:]],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def said(self, *words: str, **more: str) -> str:
        done = self.run(*words, **more)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder / "venv")
    installed = Installed(folder / "venv" / "bin", folder)
    installed.said("pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel))
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    # A path named by a .pth file is searched, but its own .pth files, an editable clone's among them, are not read.
    (site / "dependencies.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}) + "\n")
    return installed


def test_the_wheel_carries_everything_that_the_hub_reads_at_run_time(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    moved = {"schemas/": "hub/_data/schemas/", "deploy/broker/": "hub/_data/broker/"}
    wanted = {name for name in tracked if name.startswith(("hub/", "connectors/"))}
    for prefix, place in moved.items():
        wanted |= {place + name.removeprefix(prefix) for name in tracked if name.startswith(prefix)}
    wanted = {name for name in wanted if not (ROOT / name).is_symlink() and _is_there(name, moved)}
    assert wanted - names == set()
    for kind in (
        ".avsc",
        "hub.toml",
        "kafka-jars.lock",
        "kafka-classes.list.gz",
        "migrations/env.py",
        ".html",
        ".po",
        ".css",
        "polls/2025-05-09T172721Z.json",
    ):
        assert any(name.endswith(kind) for name in names), kind
    assert not {name for name in names if name.startswith(("tests/", "deploy/", "schemas/"))}


def _is_there(name: str, moved: dict[str, str]) -> bool:
    """Whether a tracked file still stands in the working tree (one may be deleted and not yet committed)."""
    for prefix, place in moved.items():
        if name.startswith(place):
            name = prefix + name.removeprefix(place)
    return (ROOT / name).exists()


def test_the_metadata_name_the_licence_and_the_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    text = archive.read(metadata).decode()
    assert "License-Expression: EUPL-1.2" in text
    assert "Requires-Python: >=3.11" in text
    entry_points = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert "hub = hub.__main__:main" in entry_points


def test_the_installed_hub_is_the_wheel_and_not_the_clone(installed: Installed) -> None:
    for package in ("hub", "connectors"):
        where = installed.said("python", "-c", f"import {package}; print({package}.__file__)").strip()
        assert Path(where).is_relative_to(installed.folder)


def test_commands_that_read_shipped_files_work_from_another_folder(installed: Installed) -> None:
    assert "consent first" in installed.said("hub", "--help")
    listed = {one["name"] for one in json.loads(installed.said("hub", "connectors", "list", "--json"))}
    assert listed >= {"ss12000", "sdk", "polisen", "observations"}
    assert json.loads(installed.said("hub", "schemas", "check", "--json")) == {"faults": []}
    home = installed.folder / "looked-at"
    written = json.loads(installed.said("hub", "init", str(home), "--json"))["written"]
    assert {"hub.toml", "teams.yaml", "areas.yaml", "agencies.yaml", "rules/absence-alone.yaml"} <= set(written)
    assert json.loads(installed.said("hub", "tasks", "--home", str(home), "--json")) == []
    assert "/sign-in?code=" in installed.said("hub", "web-login", "--home", str(home))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:  # all held at once, so that none is handed out twice
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]


def _ports() -> dict[str, str]:
    """Ports of its own, as an operator would set them from the environment."""
    broker, controller, registry, web = map(str, _free_ports(4))
    return {
        "HUB_BROKER__PORT": broker,
        "HUB_BROKER__CONTROLLER_PORT": controller,
        "HUB_REGISTRY__PORT": registry,
        "HUB_WEB__PORT": web,
        "HUB_METRICS__PORTS": json.dumps(dict.fromkeys(_PROCESSES, 0)),
    }


@pytest.fixture
def running(installed: Installed, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, dict[str, str]]]:
    """`hub up` of a fresh installation, from the wheel; ended with the test, whatever it did."""
    try:
        find_java("")
        find_jars("")
    except ConfigError as error:
        if error.code not in {"jars_unreachable", "no_java", "old_java"}:
            raise
        missing(f"an embedded Kafka: {error}")
    home, ports = tmp_path / "home", _ports()
    installed.said("hub", "init", str(home))
    with (tmp_path / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [installed.bin / "hub", "up", "--home", str(home)],
            cwd=installed.folder,
            env=installed.environment(**ports),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    yield process, home, ports
    if process.poll() is None:
        process.kill()  # its children end with it (hub.process)
        process.wait(timeout=30)


def _until(done: Callable[[], bool], log: Path) -> None:
    deadline, pause = time.monotonic() + _READY_SECONDS, threading.Event()
    while not done():
        assert time.monotonic() < deadline, log.read_text()
        pause.wait(0.5)


@pytest.mark.kafka
def test_hub_up_from_the_wheel_runs_every_process_and_ctrl_c_leaves_nothing(
    installed: Installed,
    running: tuple[subprocess.Popen[bytes], Path, dict[str, str]],
    tmp_path: Path,
    report: Callable[[str], None],
) -> None:
    process, home, ports = running
    log, began = tmp_path / "up.log", time.monotonic()

    def everything_is_up() -> bool:
        assert process.poll() is None, log.read_text()
        return "Running." in log.read_text()

    _until(everything_is_up, log)
    ready = time.monotonic() - began
    status = json.loads(installed.said("hub", "status", "--home", str(home), "--json", **ports))
    assert {one["name"] for one in status["processes"]} == _PROCESSES
    assert status["kafka_error"] is None
    second = installed.run("hub", "up", "--home", str(home), **ports)
    assert second.returncode == 2, "a second `hub up` of the same installation must be refused"
    family = psutil.Process(process.pid).children(recursive=True)
    assert any("java" in one.name() for one in family)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(timeout=60) == 0, log.read_text()
    stopped = time.monotonic() - began
    assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert list((home / "data" / "run").glob("*.json")) == []
    assert "did not stop in time" not in log.read_text()
    report(f"{len(_PROCESSES)} processes answered after {ready:.0f} s and had stopped {stopped:.1f} s after SIGINT")
