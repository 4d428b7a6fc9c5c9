"""Databases: durable, made once however many processes start, and what goes wrong is one of our errors."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, inspect, text

import hub.delivery
from hub.database import UtcInstant, answering, build_engine, migrate, purge, truncate_log
from hub.errors import ConfigError, RetriableError
from tests.postgres import Cluster

MIGRATIONS = Path(hub.delivery.__file__).parent / "migrations"
_MIGRATE = """
import sys
from pathlib import Path
from hub.database import build_engine, migrate
engine = build_engine(sys.argv[1])
sys.stdin.readline()
migrate(engine, Path(sys.argv[2]))
engine.dispose()
"""


@pytest.fixture
def engine(tmp_path: Path):
    engine = build_engine(f"sqlite:///{tmp_path / 'folder' / 'some.db'}")
    yield engine
    engine.dispose()


def test_what_was_committed_survives_and_what_was_erased_does_not(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 15000}


def test_file_and_folder_are_their_owners_alone(engine: Engine, tmp_path: Path) -> None:
    engine.connect().close()
    assert (tmp_path / "folder").stat().st_mode & 0o077 == 0
    assert (tmp_path / "folder" / "some.db").stat().st_mode & 0o077 == 0


def test_several_processes_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'some.db'}"
    children = [
        subprocess.Popen([sys.executable, "-c", _MIGRATE, url, str(MIGRATIONS)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    ends = [(child.communicate(timeout=60)[1][-300:], child.returncode) for child in children]
    assert ends == [(b"", 0)] * 3


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine, MIGRATIONS)
    migrate(engine, MIGRATIONS)
    assert "task" in inspect(engine).get_table_names()


@pytest.mark.parametrize(
    "url", ["", "no url", "oracle9://u:planted@h/d", "postgresql+nodriver://u:planted@h/d", "sqlite:////proc/no/x.db"]
)
def test_a_url_that_cannot_be_used_is_a_setting_to_change(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_engine(url)
    assert "planted" not in str(caught.value)


def test_a_database_that_does_not_answer_is_tried_again_later(engine: Engine) -> None:
    with pytest.raises(RetriableError), answering(), engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM nowhere")


def test_an_error_of_the_database_is_retriable_and_holds_no_parameters(engine: Engine) -> None:
    with pytest.raises(RetriableError) as caught, answering(), engine.begin() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE a = :value"), {"value": "planted"})
    assert "planted" not in f"{caught.value} {caught.value.__cause__}"


def test_instants_come_back_aware_and_in_utc(engine: Engine) -> None:
    table = Table("sample", MetaData(), Column("id", Integer, primary_key=True), Column("at", UtcInstant))
    told = datetime(2025, 5, 19, 7, 30, tzinfo=timezone(timedelta(hours=2)))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"id": 1, "at": told}, {"id": 2, "at": None}])
        found = [row.at for row in connection.execute(table.select().order_by(table.c.id))]
    assert found == [told, None]
    assert found[0].tzinfo is UTC


def test_what_was_erased_is_not_left_in_the_log(engine: Engine, tmp_path: Path) -> None:
    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted((tmp_path / "folder").glob("some.db*")))

    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE held (what TEXT)"))
        connection.execute(text("INSERT INTO held VALUES ('planted-content')"))
    assert b"planted-content" in on_disk()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM held"))
    truncate_log(engine)
    assert b"planted-content" not in on_disk()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense", "write sqlite:////"),
        ("mysql://u:planted@h/d", "no other kind is known"),
        ("postgresql+nodriver://u:planted@h/d", "no other kind is known"),
        ("postgresql+pg8000://u:planted@h/d", "the driver pg8000 is not installed"),
        ("postgresql+psycopg://u:planted@h:port/d", "write sqlite:////"),
        ("sqlite:////proc/no/x.db", "the file cannot be made (no such file or directory)"),
        ("sqlite:////tmp", "/tmp is a folder and should be a file"),
    ],
)
def test_a_wrong_url_is_told_with_its_setting_and_what_would_be_right(url: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build_engine(url, "registry.database_url")
    assert str(caught.value).startswith("registry.database_url: ")
    assert told in str(caught.value)
    assert "planted" not in str(caught.value)


def test_a_file_that_is_no_database_is_a_setting_to_change(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Not a database. " * 100, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"letter\.txt cannot be used as a database"):
        migrate(build_engine(f"sqlite:///{file}"), MIGRATIONS)
    assert file.read_text(encoding="utf-8").startswith("Not a database. ")


_VERSION = """
import sqlalchemy as sa
from alembic import op
revision = "{revision}"
down_revision = {down}
def upgrade():
    op.create_table("t{revision}", sa.Column("n", sa.Integer))
"""


def write_version(folder: Path, revision: str, down: str) -> None:
    (folder / "versions").mkdir(parents=True, exist_ok=True)
    (folder / "env.py").write_text((MIGRATIONS.parents[1] / "connect" / "migrations" / "env.py").read_text())
    (folder / "versions" / f"{revision}.py").write_text(_VERSION.format(revision=revision, down=down))


def test_only_what_is_not_the_newest_is_migrated_and_only_then_are_the_means_loaded(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_version(folder, "0001", "None")
    migrate(engine, folder)
    write_version(folder, "0002", '"0001"')
    migrate(engine, folder)
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "t0001", "t0002"}
    again = _MIGRATE + "print('alembic' in sys.modules)"
    command = [sys.executable, "-c", again, str(engine.url), str(folder)]
    done = subprocess.run(command, input=b"go\n", capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]


@pytest.mark.parametrize("part", ["access", "audit", "connect", "delivery", "registry"])
def test_each_part_of_the_hub_is_seen_to_be_migrated(engine: Engine, part: str) -> None:
    migrate(engine, MIGRATIONS.parents[1] / part / "migrations")
    done = subprocess.run(
        [sys.executable, "-c", _MIGRATE + "print('alembic' in sys.modules)", str(engine.url), str(MIGRATIONS.parents[1] / part / "migrations")],
        input=b"go\n", capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [b"False"]


def test_a_revision_that_these_migrations_do_not_know_is_never_taken_for_the_newest(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    write_version(folder, "0001", "None")
    migrate(engine, folder)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0009'"))
    with pytest.raises(Exception, match="0009"):
        migrate(engine, folder)


@pytest.mark.postgres
def test_what_was_erased_is_in_no_page_of_postgresql_nor_in_its_statistics(postgres: Cluster) -> None:
    with postgres.database() as url:
        engine = build_engine(url)
        mark = "what-was-erased-of-somebody"
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE held (what TEXT PRIMARY KEY)"))
            connection.execute(
                text("INSERT INTO held SELECT CASE WHEN n = 1 THEN :mark ELSE n::text END FROM generate_series(1, 99) n"),
                {"mark": mark},
            )
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE held"))
            folder = (
                postgres.folder
                / "data"
                / "base"
                / str(connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()")))
            )
            connection.execute(text("DELETE FROM held WHERE what = :mark"), {"mark": mark})

        def found() -> list[Path]:
            postgres.run("CHECKPOINT")
            return [path for path in folder.iterdir() if path.is_file() and mark.encode() in path.read_bytes()]

        assert len(found()) >= 3  # the table, its index, the sample of the planner
        assert purge(engine, ["held"])
        assert found() == []
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE held"))
            assert connection.scalar(text("SELECT count(*) FROM pg_stats WHERE tablename = 'held'")) == 0
        engine.dispose()


@pytest.mark.postgres
def test_what_an_older_transaction_can_still_see_is_waited_for(postgres: Cluster) -> None:
    with postgres.database() as url:
        engine = build_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE held (what TEXT)"))
            connection.execute(text("CREATE TABLE other (what TEXT)"))
            connection.execute(text("INSERT INTO held VALUES ('erased')"))
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
            reader.execute(text("SELECT * FROM other"))
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM held"))
            assert not purge(engine, ["held"])
        assert purge(engine, ["held"])
        engine.dispose()
