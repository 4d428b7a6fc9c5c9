"""Copies one database while it is in use: SQLite by its online backup, PostgreSQL by pg_dump of a matching version."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, text

from hub.database import answering, build_engine, read_url
from hub.errors import ConfigError, RetriableError

__all__ = ["check_copy", "copy_sqlite", "dump", "is_empty", "load", "mark", "restored_from", "unmark"]

_MARK = "unfinished_restore"
_FORMER_MARK = "restored_from"  # of older versions, which left it standing, and in their dumps
_PAGES = 2000


def dump(url: str, target: Path) -> Path:
    """A copy of the database at one instant, in `target` plus `.db` or `.dump`. Raises ConfigError or RetriableError."""
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = target.with_suffix(".db")
        copy_sqlite(Path(parsed.database or ""), file)
        return file
    file = target.with_suffix(".dump")
    options = ["--format=custom", "--no-owner", "--no-privileges", *(f"--exclude-table={name}" for name in (_MARK, _FORMER_MARK))]
    _run([_program("pg_dump", url), *options, "--file", str(file)], parsed)
    file.chmod(0o600)
    return file


def copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: one consistent state, write-ahead log included, while others write."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(source, timeout=30)) as origin, closing(sqlite3.connect(target)) as copy:
            origin.backup(copy, pages=_PAGES, sleep=0.01)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise RetriableError(f"{source} cannot be copied ({type(error).__name__})", code="database") from error


def load(file: Path, url: str, backup: str) -> None:
    """Put a copy where `url` says: a file, or an empty PostgreSQL database, all of it or nothing, with the mark of the backup.

    Raises ConfigError when the database is not empty.
    """
    parsed = read_url(url)
    if parsed.get_backend_name() == "sqlite":
        copy_sqlite(file, Path(parsed.database or ""))
        return
    if not is_empty(url):
        raise ConfigError(
            f"the database {parsed.database} is not empty: make a new one and name it in hub.toml", code="not_empty"
        )
    program = _program("pg_restore", url)
    _run([program, "--single-transaction", "--no-owner", "--no-privileges", "--dbname", parsed.database or "", str(file)], parsed)
    mark(url, backup)


def mark(url: str, backup: str) -> None:
    """Say in a PostgreSQL database that an unfinished restore has filled it from that backup: the next attempt goes on with it.

    In the place of one that came with a copy of an older version.
    """
    unmark(url)
    engine = build_engine(url)
    try:
        with answering(), engine.begin() as connection:
            connection.execute(text(f"CREATE TABLE {_MARK} (backup TEXT NOT NULL)"))
            connection.execute(text(f"INSERT INTO {_MARK} VALUES (:backup)"), {"backup": backup})  # noqa: S608 - a name of ours
    finally:
        engine.dispose()


def unmark(url: str) -> None:
    """The restore is done: what is in the database from now on is its own."""
    engine = build_engine(url)
    try:
        with answering(), engine.begin() as connection:
            connection.execute(text(f"DROP TABLE IF EXISTS {_MARK}, {_FORMER_MARK}"))
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Whether a PostgreSQL database has no table. Raises RetriableError when it does not answer."""
    engine = build_engine(url)
    try:
        with answering():
            return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def restored_from(url: str) -> str | None:
    """Which backup an unfinished restore has filled a PostgreSQL database from, if any."""
    engine = build_engine(url)
    try:
        with answering(), engine.connect() as connection:
            if not inspect(connection).has_table(_MARK):
                return None
            return str(connection.execute(text(f"SELECT backup FROM {_MARK}")).scalar_one())  # noqa: S608 - a name of ours
    finally:
        engine.dispose()


def check_copy(file: Path) -> str | None:
    """What is wrong with a copy, in words; None when nothing is."""
    if file.suffix == ".dump":
        found = _found("pg_restore")
        if not found:
            return "pg_restore is not on this machine"
        done = subprocess.run([found[-1][1], "--list", str(file)], capture_output=True, check=False)  # noqa: S603
        return None if done.returncode == 0 else "pg_restore cannot read it"
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        return type(error).__name__
    return None if said == "ok" else "SQLite's integrity check fails"


def _program(name: str, url: str) -> str:
    """The program of the server's version, or the next newer. Raises ConfigError that says what to install."""
    engine = build_engine(url)
    try:
        with answering(), engine.connect() as connection:
            server = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    finally:
        engine.dispose()
    fitting = [path for version, path in _found(name) if version >= server]
    if not fitting:
        raise ConfigError(
            f"{name} of PostgreSQL {server} or newer is not on this machine: install postgresql-client-{server}, or name its "
            "folder in HUB_POSTGRES",
            code="no_postgres_client",
        )
    return fitting[0]


def _found(name: str) -> list[tuple[int, str]]:
    """(major version, path) of every program of that name here, oldest first."""
    folders = [Path(os.environ["HUB_POSTGRES"])] if os.environ.get("HUB_POSTGRES") else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    on_path = shutil.which(name)
    candidates = [str(folder / name) for folder in folders if (folder / name).is_file()] + ([on_path] if on_path else [])
    versions: dict[str, int] = {}
    for path in candidates:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
        number = re.search(r"\) (\d+)", done.stdout)
        if done.returncode == 0 and number is not None:
            versions[path] = int(number[1])
    return sorted((version, path) for path, version in versions.items())


def _run(command: Sequence[str], url: URL) -> None:
    """Run a PostgreSQL program on a database; password and address go by the environment, never on the command line."""
    given = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    options = {f"PG{name.upper()}": str(value) for name, value in url.query.items() if name.startswith("ssl")}
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}, **options}
    done = subprocess.run(list(command), env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise RetriableError(f"{Path(command[0]).name} ended with {done.returncode} on {url.database}", code="database")
