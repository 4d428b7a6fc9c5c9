"""`hub up` and Ctrl-C while Kafka accepts connections and answers nobody: it ends in time, and nothing is left running."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hub.installation import initialise
from tests.integration.runtime.machine import Machine, free_port
from tests.support import make_settings

pytestmark = pytest.mark.kafka
_PATIENCE_SECONDS = 120.0
_BOUND_SECONDS = 15.0  # ten for the processes, the rest for a busy machine


@pytest.fixture
def machine(kafka: str, tmp_path: Path) -> Iterator[Machine]:
    del kafka  # that Kafka can be had here
    made = Machine(tmp_path)
    yield made
    made.close()


def installation(folder: Path, servers: str) -> Path:
    make_settings(
        folder,
        kafka={"bootstrap_servers": servers, "partitions": 4},
        registry={"port": free_port()},
        web={"port": free_port()},
    )
    initialise(folder)
    return folder


@contextlib.contextmanager
def up(home: Path, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    with said.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub", "up", "--home", str(home)], stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        yield process
    finally:
        process.kill()  # its own processes end with it
        process.wait()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)  # polling another process' output, with a bound


@pytest.mark.parametrize("running", [True, False], ids=["when everything runs", "when it still waits for Kafka"])
def test_ctrl_c_ends_everything_in_time(
    machine: Machine, tmp_path: Path, report: Callable[[str], None], *, running: bool
) -> None:
    home, said = installation(tmp_path / "up", machine.settings.bootstrap_servers), tmp_path / "said"
    with contextlib.ExitStack() as frozen:
        if not running:
            frozen.enter_context(machine.frozen())
        with up(home, said) as process:
            moment = "Running." if running else "Waiting for Kafka"
            until(lambda: moment in said.read_text(encoding="utf-8"))
            if running:
                frozen.enter_context(machine.frozen())
            family = psutil.Process(process.pid).children(recursive=True)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
            seconds = time.monotonic() - began
    report(f"ended after {seconds:.1f} s, {len(family)} processes")
    assert seconds < _BOUND_SECONDS
    _gone, alive = psutil.wait_procs(family, timeout=1)
    assert not alive
    assert "did not stop in time" not in said.read_text(encoding="utf-8")
