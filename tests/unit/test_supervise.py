"""The supervisor: starts again what dies, stops everything, and what will not stop is ended."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.supervise import Supervisor

_SLEEPER = "import threading; print('ready', flush=True); threading.Event().wait()"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + _SLEEPER


class Told(list[tuple[str, str]]):
    def __call__(self, name: str, text: str) -> None:
        self.append((name, text))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def supervisor(tmp_path: Path, told: Told) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "logs", {"HUB_HOME": "here"}, told, grace_seconds=1.0)
    yield supervisor
    supervisor.stop()


def _until(done: Callable[[], object], each: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        each()
        time.sleep(0.02)  # polling another process, with a bound


def _ready(supervisor: Supervisor, name: str) -> Callable[[], bool]:
    return lambda: "ready" in supervisor.log_tail(name)


def test_a_child_that_dies_is_started_again_and_counted(supervisor: Supervisor, told: Told) -> None:
    child = supervisor.start("worker", [sys.executable, "-c", _SLEEPER])
    first = child.pid
    assert child.process is not None
    child.process.send_signal(signal.SIGKILL)
    _until(lambda: child.pid not in (None, first), supervisor.tend)
    assert child.restarts == 1
    assert told[0][0] == "worker"
    assert "SIGKILL" in told[0][1]


def test_a_child_that_keeps_dying_waits_longer_each_time(supervisor: Supervisor) -> None:
    child = supervisor.start("worker", [sys.executable, "-c", "raise SystemExit(1)"])
    _until(lambda: child.restarts == 2, supervisor.tend)
    assert child.pause > 1.0


def test_a_child_that_asks_for_another_setting_is_told_of_once_and_not_started_again_at_once(
    supervisor: Supervisor, told: Told
) -> None:
    says = "import sys; print('before'); sys.stderr.write('hub: the port is taken\\n'); raise SystemExit(2)"
    child = supervisor.start("web", [sys.executable, "-c", says])
    _until(lambda: child.ended == 2, supervisor.tend)
    assert told == [("web", "asks for another setting: the port is taken")]
    assert supervisor.last_words("web") == "the port is taken"
    assert child.due > time.monotonic() + 30
    child.due = 0.0
    supervisor.tend()
    _until(lambda: child.restarts == 2, supervisor.tend)
    assert len(told) == 1


def test_stopping_ends_every_child_and_names_those_that_had_to_be_killed(supervisor: Supervisor) -> None:
    supervisor.start("broker", [sys.executable, "-c", _SLEEPER])
    supervisor.start("obstinate", [sys.executable, "-c", _STUBBORN])
    _until(_ready(supervisor, "broker"))
    _until(_ready(supervisor, "obstinate"))
    assert supervisor.stop() == ["obstinate"]
    assert all(child.pid is None for child in supervisor.children.values())


@pytest.mark.parametrize(("free", "named"), [(0, True), (2**20 - 1, True), (2**30, False)])
def test_a_full_disk_is_named_with_the_death_it_brings(tmp_path: Path, told: Told, free: int, named: bool) -> None:
    supervisor = Supervisor(tmp_path / "logs", {}, told, free_bytes=lambda _folder: free)
    supervisor.start("one", [sys.executable, "-c", "raise SystemExit(70)"])
    _until(lambda: told, supervisor.tend)
    supervisor.stop()
    assert (f"no space left on the disk of {tmp_path / 'logs'}" in told[0][1]) is named


def test_children_get_the_environment_and_the_supervisors_pid(supervisor: Supervisor) -> None:
    supervisor.start("one", [sys.executable, "-c", "import os; print(os.environ['HUB_HOME'], os.environ['HUB_SUPERVISOR_PID'])"])
    _until(lambda: "here" in supervisor.log_tail("one"))
