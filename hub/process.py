"""What every process of the hub does the same way: logs, metrics on loopback, an entry in `data/run`, a clean stop."""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from prometheus_client import CollectorRegistry, start_http_server

from hub.errors import ConfigError
from hub.exposition import build_metrics_app, make_token
from hub.in_use import used
from hub.logs import configure_logs
from hub.metrics import PROCESS_UP
from hub.settings import Settings
from hub.stopping import FATAL_EXIT_CODE, stops_in_time

__all__ = [
    "SUPERVISOR_VARIABLE",
    "Announcement",
    "announced",
    "end_with_supervisor",
    "process_frame",
    "read_announcements",
    "supervised_by_me",
]

SUPERVISOR_VARIABLE = "HUB_SUPERVISOR_PID"
_STARTED_VARIABLE = "HUB_SUPERVISOR_STARTED"
_SAME_START_SECONDS = 1.0  # it is told from the wall clock, which may have been set a little since


@dataclass(frozen=True, slots=True)
class Announcement:
    """A running process: its name (`connect-ss12000`), pid, start (Unix seconds) and where its metrics are.

    With `token` they are exact (`hub.exposition`); without, as everybody may see them.
    """

    name: str
    pid: int
    started: float
    metrics: str
    token: str = field(default="", repr=False)


def supervised_by_me() -> dict[str, str]:
    """What a child's environment must hold for it to end with this process; the start tells a later bearer of the same pid."""
    me = psutil.Process()
    return {SUPERVISOR_VARIABLE: str(me.pid), _STARTED_VARIABLE: str(me.create_time())}


def end_with_supervisor(interval_seconds: float = 1.0, grace_seconds: float = 10.0) -> None:
    """End this process when the supervisor that started it is gone, so that nothing is left running.

    SIGTERM first; what has not stopped after `grace_seconds` (its broker is gone too) leaves without committing.
    """
    supervisor = int(os.environ.get(SUPERVISOR_VARIABLE, "0"))
    if not supervisor or (os.getppid() != supervisor and _lives(supervisor)):
        return  # nobody supervises us, or only somebody further up: its own child would have it as its parent

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == supervisor:
            pause.wait(interval_seconds)
        os.kill(os.getpid(), signal.SIGTERM)
        pause.wait(grace_seconds)
        os._exit(FATAL_EXIT_CODE)

    threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


def _lives(supervisor: int) -> bool:
    """Whether that process still runs: not a zombie, which nobody has waited for, nor a later process of the same pid."""
    try:
        found = psutil.Process(supervisor)
        started = float(os.environ.get(_STARTED_VARIABLE, found.create_time()))
        return found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - started) < _SAME_START_SECONDS
    except psutil.NoSuchProcess:
        return False


def _write(folder: Path, entry: Announcement) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{entry.name}.json"
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(json.dumps(asdict(entry)))
    temporary.replace(path)
    return path


@contextmanager
def announced(settings: Settings, name: str, started: float) -> Iterator[Announcement]:
    """Serve `/metrics` and announce the process for as long as the block runs; ends with its supervisor.

    Raises ConfigError when `/metrics` cannot be served where the settings say.
    """
    end_with_supervisor()
    token = make_token()
    with _metrics_served(settings, name, token) as port:
        entry = Announcement(name, os.getpid(), started, f"http://{settings.metrics.host}:{port}/metrics", token)
        path = _write(settings.run, entry)
        PROCESS_UP.labels(process=name).set(started)
        try:
            yield entry
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _metrics_served(settings: Settings, name: str, token: str) -> Iterator[int]:
    host, port = settings.metrics.host, settings.metrics.ports.get(name, 0)
    try:
        server, thread = start_http_server(port, addr=host, registry=CollectorRegistry())
    except OSError as error:
        raise ConfigError(_not_served(name, host, port, error), code="cannot_listen") from error
    try:
        server.set_app(build_metrics_app(token))
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _not_served(name: str, host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        setting = f"`{name}` under [metrics.ports] in hub.toml"
        return f"/metrics cannot be served: port {port} on {host} is taken. Stop what uses it (`hub status`), or set {setting}"
    return f"/metrics cannot be served on {host} port {port} ({error.strerror}). Check [metrics] in hub.toml"


@contextmanager
def process_frame(settings: Settings, name: str, *, started: float) -> Iterator[threading.Event]:
    """The frame of a process; the yielded event is set on SIGTERM or SIGINT, and ten seconds later the process is gone.

    Main thread only. Raises ConfigError while a restore is at work.
    """
    with used(settings.home):
        configure_logs(name)
        stop = threading.Event()
        with stops_in_time(stop), announced(settings, name, started):
            yield stop


def read_announcements(settings: Settings) -> list[Announcement]:
    """The processes that are alive now; entries of dead ones are passed over."""
    found = []
    for path in sorted(settings.run.glob("*.json")):
        try:
            entry = Announcement(**json.loads(path.read_text(encoding="utf-8")))
            os.kill(entry.pid, 0)
        except (OSError, ValueError, TypeError):
            continue
        found.append(entry)
    return found
