"""Runs the hub's processes on one machine: starts them in order, restarts what dies, stops everything, leaves nothing.

Each child is a session of its own, so that Ctrl-C reaches the supervisor alone and the stop is orderly; a child that
loses its supervisor ends itself (`hub.process`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.process import supervised_by_me

__all__ = ["SETTINGS_EXIT", "Child", "Supervisor", "hub_command"]

SETTINGS_EXIT = 2
"""The exit code of a process that asks for another setting (`hub.cli`): started again, it would say the same."""

_GRACE_SECONDS = 20.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_SETTINGS_PAUSE = 60.0  # time for somebody to put it right
_LAST = "broker"
_FULL_BYTES = 2**20  # with less than this, neither Kafka nor a database can go on, nor a log tell why
_STEADY_SECONDS = 60.0  # a child that ran this long starts again with the short pause


def hub_command(*words: str) -> list[str]:
    """The command line of one `hub` process in this very environment."""
    # -P: what lies in the present folder is not taken for a module.
    return [sys.executable, "-P", "-m", "hub", *words]


@dataclass
class Child:
    """One supervised process. `restarts` counts the deaths that nobody asked for; `ended` is the last one's exit code until
    it is started again; `told` what it last said of its settings.
    """

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    ended: int | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    due: float = field(default=0.0)
    told: str = ""

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process is not None and self.process.poll() is None else None


class Supervisor:
    """Keeps children alive. Call `tend` at least once a second; not thread-safe, and the thread that starts must stay.

    `notice(name, text)` is told of each death and restart; `free_bytes` tells how much room there is for a folder's files.
    """

    def __init__(
        self,
        logs: Path,
        environment: Mapping[str, str],
        notice: Callable[[str, str], None],
        *,
        grace_seconds: float = _GRACE_SECONDS,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._free_bytes = free_bytes
        self._logs = logs
        self._grace_seconds = grace_seconds
        # Many small threaded processes on one machine: glibc's arena per thread would cost each of them tens of megabytes.
        frugal = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
        self._environment = {**frugal, **os.environ, **environment, **supervised_by_me()}
        self._notice = notice
        self.children: dict[str, Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start one more child; stop goes in the reverse order."""
        child = Child(name, command)
        self.children[name] = child
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        with (self._logs / f"{child.name}.log").open("ab") as log:
            child.process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
                child.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, start_new_session=True
            )
        child.started = time.monotonic()
        child.ended = None

    def tend(self) -> None:
        """Start again what has died, after a pause that doubles while it keeps dying."""
        now = time.monotonic()
        for child in self.children.values():
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process.returncode, now)
            elif child.process is None and now >= child.due:
                self._spawn(child)

    def _bury(self, child: Child, code: int, now: float) -> None:
        child.process = None
        child.restarts += 1
        child.ended = code
        if code == SETTINGS_EXIT:
            child.due, said = now + _SETTINGS_PAUSE, self.last_words(child.name)
            if said != child.told:
                child.told = said
                self._notice(child.name, f"asks for another setting: {said}")
            return
        child.told = ""
        child.pause = _FIRST_PAUSE if now - child.started > _STEADY_SECONDS else min(child.pause * 2, _LONGEST_PAUSE)
        child.due = now + child.pause
        self._notice(child.name, f"ended ({_ending(code)}{self._full()}), starts again in {child.pause:.0f} s")

    def _full(self) -> str:
        """A full disk by name, for then the child's log, which lies on it, cannot tell."""
        return f"; no space left on the disk of {self._logs}" if self._free_bytes(self._logs) < _FULL_BYTES else ""

    def stop(self) -> list[str]:
        """Ask everyone to end, last started first, then make them. Returns the names that had to be killed."""
        stubborn = []
        children = list(self.children.values())[::-1]
        # The embedded broker goes last: the others still commit while they stop.
        for group in ([child for child in children if child.name != _LAST], [child for child in children if child.name == _LAST]):
            running = [child for child in group if child.process is not None and child.process.poll() is None]
            for child in running:
                _signal(child, signal.SIGTERM)
            deadline = time.monotonic() + self._grace_seconds
            for child in running:
                if not _wait(child, max(0.0, deadline - time.monotonic())):
                    stubborn.append(child.name)
                    _signal(child, signal.SIGKILL)
                    _wait(child, self._grace_seconds)
        return stubborn

    def last_words(self, name: str) -> str:
        """What a child that asked for another setting said, for a person."""
        return self.log_tail(name, 1).removeprefix("hub: ")

    def log_tail(self, name: str, lines: int = 15) -> str:
        """The end of a child's log, for an error message."""
        path = self._logs / f"{name}.log"
        if not path.exists():
            return ""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if child.process is not None:
            os.killpg(child.process.pid, number)


def _wait(child: Child, seconds: float) -> bool:
    try:
        if child.process is not None:
            child.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
