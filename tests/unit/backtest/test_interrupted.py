"""Ctrl-C, which reaches every process of a terminal, ends a replay and all of its processes without a word of theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import tenacity


def until(met: Callable[[], bool], what: str, seconds: float) -> None:
    for attempt in tenacity.Retrying(stop=tenacity.stop_after_delay(seconds), wait=tenacity.wait_fixed(0.02), reraise=True):
        with attempt:
            assert met(), what


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_processes_that_are_only_starting_end_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.backtest.interrupted", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True) as run:
        try:
            until(lambda: any(tmp_path.iterdir()), "a process of the replay", seconds=60)
            os.killpg(run.pid, signal.SIGINT)
            said, _ = run.communicate(timeout=60)
        finally:
            run.kill()
    assert (said, run.returncode) == ("interrupted\n", 130)
    until(lambda: not any(alive(int(one.name)) for one in tmp_path.iterdir()), "no process is left", seconds=10)
