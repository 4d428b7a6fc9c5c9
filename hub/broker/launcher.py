"""Starts and stops a real single-node Apache Kafka as a child process."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from filelock import FileLock, Timeout

from hub.broker.archive import archive_options
from hub.broker.configuration import DATA_FOLDER, META_FILE, BrokerConfig, java_options, render_properties
from hub.broker.jars import class_path, find_jars
from hub.broker.java import find_java, guarded, java_environment
from hub.errors import ConfigError, FatalError
from hub.kafka_admin import broker_answers

__all__ = ["EmbeddedBroker"]

_PROPERTIES = "server.properties"
_LOG = "broker.log"
_FORMAT_LOG = "format.log"
_PID = "broker.pid"
_TAIL_LINES = 25
_FORMAT_SECONDS = 120.0
_PAUSE_SECONDS = 0.05
_STOP_SECONDS = 8.0  # of the twelve that a supervisor grants


class EmbeddedBroker:
    """A real Kafka on loopback, with its data in `config.folder`.

    Guarantee: at most one runs per folder; a start returns only once it answers; when this process ends, by whatever
    signal, the broker ends too (Linux). The thread that calls `start` must live as long as the broker shall.
    """

    def __init__(
        self, config: BrokerConfig, *, sharing: Callable[[Path, Sequence[Path]], Sequence[str]] = archive_options
    ) -> None:
        """`sharing` gives, for a Java and the jars, the options of its class-data archive."""
        self.config = config
        self._sharing = sharing
        self.port = config.port
        self.controller_port = config.controller_port
        self._folder = config.folder
        self._lock = FileLock(config.folder / "broker.lock", thread_local=False)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """`host:port`; the port is known once it has started."""
        return f"{self.config.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of the Java process while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def log(self) -> Path:
        """Where the broker writes what it has to say."""
        return self._folder / _LOG

    def start(self, *, timeout_seconds: float = 300.0, stop: threading.Event | None = None) -> None:
        """Start and wait until it answers; give up early, and quietly, when `stop` is set.

        Raises ConfigError (jars, Java, taken port, folder in use: the text says what to do) or FatalError with the end
        of the broker's log when it died or did not answer in `timeout_seconds` (long, because recovery may be).
        """
        if self.pid is not None:
            return
        stop = stop or threading.Event()
        try:
            jars = find_jars(self.config.jars, stop=stop)
        except FatalError:
            if stop.is_set():
                return
            raise
        java = find_java(self.config.java)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ConfigError(f"another broker runs in {self._folder}: stop it first", code="folder_in_use") from error
        try:
            self._start(java, jars, time.monotonic() + timeout_seconds, stop)
        except BaseException:
            self.stop()
            raise

    def _start(self, java: Path, jars: list[Path], deadline: float, stop: threading.Event) -> None:
        _end_leftover(self._folder)
        self.port = _usable_port(self.config.host, self.config.port, "broker.port")
        self.controller_port = _usable_port(self.config.host, self.config.controller_port, "broker.controller_port")
        (self._folder / "tmp").mkdir(exist_ok=True)
        properties = render_properties(self.config, self.port, self.controller_port)
        (self._folder / _PROPERTIES).write_text(properties, encoding="ascii")
        classes = [*self._sharing(java, jars), "-cp", class_path(jars)]
        if not (self._folder / META_FILE).exists():
            self._format(java, classes)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own jars, checked against the lock
                guarded([str(java), *java_options(self.config.heap_megabytes), *classes, "kafka.Kafka", _PROPERTIES]),
                cwd=self._folder,
                env=java_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (self._folder / _PID).write_text(f"{self._process.pid}\n", encoding="ascii")
        self._wait_until_it_answers(self._process, deadline, stop)

    def _format(self, java: Path, classes: Sequence[str]) -> None:
        data = self._folder / DATA_FOLDER
        if any(not path.name.startswith("__cluster_metadata") for path in data.glob("*-[0-9]*")):
            # Formatting would make a new cluster beside the old one's topics.
            raise ConfigError(f"{data} holds topics but no meta.properties: restore it, or move the folder away", code="damaged")
        shutil.rmtree(data, ignore_errors=True)  # what an interrupted format left
        options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m", "-XX:-UsePerfData", *classes]
        tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", _cluster_id(), "-c", _PROPERTIES]
        path = self._folder / _FORMAT_LOG
        with path.open("wb") as log:
            code = subprocess.run(  # noqa: S603 - our own jars, checked against the lock
                guarded([str(java), *options, *tool]),
                cwd=self._folder,
                env=java_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=_FORMAT_SECONDS,
                check=False,
            ).returncode
        if code != 0:
            raise FatalError(f"Kafka could not format {data} (code {code}):\n{_tail(path)}", code="broker_format")

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes], deadline: float, stop: threading.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=_PAUSE_SECONDS)
                raise FatalError(f"Kafka ended with code {code} while starting:\n{_tail(self.log)}", code="broker_died")
            if broker_answers(self.bootstrap_servers):
                return
            if time.monotonic() > deadline:
                raise FatalError(f"Kafka did not answer in time:\n{_tail(self.log)}", code="broker_slow")

    def check(self) -> None:
        """Raise FatalError with the end of the log when the broker has died since it was started."""
        if self._process is not None and self._process.poll() is not None:
            raise FatalError(f"Kafka ended with code {self._process.returncode}:\n{_tail(self.log)}", code="broker_died")

    def stop(self) -> None:
        """End it: first politely, after eight seconds for certain. Safe to repeat."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)
            (self._folder / _PID).unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _end(process: subprocess.Popen[bytes]) -> None:
    for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)  # its own session: the group is it and its children
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
            return


def _end_leftover(folder: Path) -> None:
    """End a broker that outlived the process that started it (only where the kernel could not do so)."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((folder / _PID).read_text(encoding="ascii")))
        if "java" in process.name() and Path(process.cwd()) == folder.resolve():
            process.kill()
            process.wait(timeout=_STOP_SECONDS)


def _usable_port(host: str, wanted: int, setting: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Kafka does: an old connection is no obstacle
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise ConfigError(
                f"port {wanted} on {host} is taken: set another {setting} in hub.toml", code="port_taken"
            ) from error
        return int(probe.getsockname()[1])


def _cluster_id() -> str:
    text = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return "A" + text[1:]  # a leading dash would be taken for an option


def _tail(path: Path) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:])
    except OSError:
        return "(no log)"
