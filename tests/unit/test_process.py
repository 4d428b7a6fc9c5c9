"""The frame every process runs in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from hub.errors import ConfigError
from hub.process import SUPERVISOR_VARIABLE, announced, read_announcements
from hub.status import read_metrics
from tests.support import make_settings

_CHILD = """
import signal, sys, threading
from hub.process import end_with_supervisor
if sys.argv[1] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_with_supervisor(0.05, 0.2)
print("ready", flush=True)
threading.Event().wait()
"""
_PARENT = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], sys.argv[2]], stdout=subprocess.PIPE, env={**os.environ, sys.argv[3]: str(os.getpid())}
)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def _orphan(kind: str) -> psutil.Process:
    """A child whose supervisor has just been killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, _CHILD, kind, SUPERVISOR_VARIABLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    return child


def test_a_process_ends_with_its_supervisor() -> None:
    _gone, alive = psutil.wait_procs([_orphan("obedient")], timeout=20)
    assert not alive


def test_a_process_that_cannot_stop_ends_with_its_supervisor_all_the_same() -> None:
    _gone, alive = psutil.wait_procs([_orphan("stubborn")], timeout=20)
    assert not alive


def test_a_taken_port_for_metrics_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = make_settings(tmp_path, metrics={"ports": {"worker": port}})
        told = f"port {port} on 127.0.0.1 is taken.*`worker` under .metrics.ports."
        with pytest.raises(ConfigError, match=told), announced(settings, "worker", time.time()):
            pass


@pytest.mark.parametrize("host", ["no such host", "203.0.113.1"])
def test_an_address_for_metrics_that_is_not_this_machines_is_told(tmp_path: Path, host: str) -> None:
    settings = make_settings(tmp_path, metrics={"host": host})
    with pytest.raises(ConfigError, match=r"Check \[metrics\] in hub.toml"), announced(settings, "worker", time.time()):
        pass


def test_a_supervisor_that_died_before_its_child_was_ready_is_noticed() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    late = subprocess.run(
        [sys.executable, "-c", _CHILD, "obedient"],
        env={**os.environ, SUPERVISOR_VARIABLE: str(dead.pid)},
        timeout=30,
        check=False,
    )
    assert late.returncode != 0


def _run_child(**environment: str) -> subprocess.CompletedProcess[bytes]:
    """A child that this process starts, though its environment names another supervisor."""
    program = "from hub.process import end_with_supervisor\nend_with_supervisor(0.05, 0.2)\nimport time; time.sleep(3)"
    return subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment}, timeout=30, check=False)


def test_a_supervisor_that_nobody_has_waited_for_is_dead() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    late = _run_child(**{SUPERVISOR_VARIABLE: str(zombie.pid)})
    zombie.wait()
    assert late.returncode != 0


def test_a_later_process_with_the_supervisors_pid_is_not_taken_for_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as later:
        earlier = psutil.Process(later.pid).create_time() - 60
        late = _run_child(**{SUPERVISOR_VARIABLE: str(later.pid), "HUB_SUPERVISOR_STARTED": str(earlier)})
        later.kill()
    assert late.returncode != 0


def test_a_child_of_somebody_between_does_not_end_while_the_supervisor_lives() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as above:
        started = psutil.Process(above.pid).create_time()
        between = _run_child(**{SUPERVISOR_VARIABLE: str(above.pid), "HUB_SUPERVISOR_STARTED": str(started)})
        above.kill()
    assert between.returncode == 0


def test_a_running_process_can_be_found_and_its_metrics_read(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with announced(settings, "sample", time.time()) as entry:
        assert read_announcements(settings) == [entry]
        assert (("process", "sample"),) in read_metrics(entry)["hub_process_started_seconds"]
    assert read_announcements(settings) == []
