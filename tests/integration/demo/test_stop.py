"""Stopping the demo, at whatever moment: nothing is left running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.kafka
_PATIENCE_SECONDS = 120.0


@pytest.mark.parametrize(
    "moment", [pytest.param("Registering the consents", marks=pytest.mark.chaos), "Reading eight school weeks"]
)
def test_ctrl_c_leaves_nothing_running(tmp_path: Path, moment: str) -> None:
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-m", "hub", "demo", "--once", "--folder", str(tmp_path / "demo")],
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        _until(lambda: moment in (tmp_path / "said").read_text(encoding="utf-8") or demo.poll() is not None)
        family = psutil.Process(demo.pid).children(recursive=True)
        assert family, (tmp_path / "said").read_text(encoding="utf-8")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 1
    finally:
        with contextlib.suppress(ProcessLookupError):
            demo.kill()
        demo.wait()
    gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert len(gone) == len(family)


# Whoever runs the tests under nohup ignores hangups, and so would the demo.
_HEARS_HANGUPS = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-m", "hub", "demo"])
"""


@pytest.mark.chaos
def test_ctrl_c_leaves_nothing_running_and_ends_in_time_when_kafka_answers_nobody(
    tmp_path: Path, report: Callable[[str], None]
) -> None:
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-m", "hub", "demo", "--once", "--folder", str(tmp_path / "demo")],
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    moment = "Reading eight school weeks"
    try:
        _until(lambda: moment in (tmp_path / "said").read_text(encoding="utf-8") or demo.poll() is not None)
        family = psutil.Process(demo.pid).children(recursive=True)
        (java,) = [process for process in family if process.name() == "java"]
        java.suspend()
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=60) == 1
        report(f"ended {time.monotonic() - began:.1f} s after Ctrl-C")
        assert time.monotonic() - began < 40  # ten for the processes, eight for the broker, the rest for a busy machine
    finally:
        with contextlib.suppress(ProcessLookupError):
            demo.kill()
        demo.wait()
    _gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert "had to be ended" not in (tmp_path / "said").read_text(encoding="utf-8")


def test_a_closed_terminal_leaves_neither_processes_nor_files(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-c", _HEARS_HANGUPS], env=os.environ | {"TMPDIR": str(tmp_path / "temporary")},
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        _until(lambda: "Creating the topics" in (tmp_path / "said").read_text(encoding="utf-8") or demo.poll() is not None)
        family = psutil.Process(demo.pid).children(recursive=True)
        assert family, (tmp_path / "said").read_text(encoding="utf-8")
        demo.send_signal(signal.SIGHUP)
        demo.wait(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            demo.kill()
        demo.wait()
    _gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert not list((tmp_path / "temporary").glob("hub-demo-*"))


@pytest.mark.chaos
def test_a_killed_demo_takes_its_processes_with_it(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-m", "hub", "demo", "--once", "--folder", str(tmp_path / "demo")],
            stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        _until(lambda: "Starting 5 connectors" in (tmp_path / "said").read_text(encoding="utf-8") or demo.poll() is not None)
        family = psutil.Process(demo.pid).children(recursive=True)
        assert len(family) > 5
    finally:
        demo.kill()
        demo.wait()
    _gone, alive = psutil.wait_procs(family, timeout=45)
    assert not alive, [process.name() for process in alive]


def _until(done: Callable[[], bool], pause_seconds: float = 0.2) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(pause_seconds)  # polling another process' output, with a bound
