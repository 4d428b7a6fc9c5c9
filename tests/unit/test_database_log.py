"""PostgreSQL's log, really: what was written is found in its files until it says that they are past it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import build_engine
from hub.database_log import DatabaseLog
from hub.errors import ConfigError
from tests.postgres import Cluster, running_cluster

pytestmark = pytest.mark.postgres
_MARK = "what-was-erased-of-somebody"


@pytest.fixture
def server() -> Iterator[Cluster]:
    """One of its own, with a small log: that of the session is written to by others."""
    with running_cluster("min_wal_size=32MB", "max_wal_size=64MB") as cluster:
        yield cluster


def holding(cluster: Cluster) -> list[Path]:
    return [path for path in (cluster.folder / "data" / "pg_wal").glob("0*") if _MARK.encode() in path.read_bytes()]


def test_a_log_is_past_a_position_when_none_of_its_files_holds_anything_from_before(server: Cluster) -> None:
    with server.database() as url:
        engine = build_engine(url)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE held (what TEXT)"))
            connection.execute(sa.text("INSERT INTO held VALUES (:what)"), {"what": _MARK})
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM held"))
        log = DatabaseLog(url)
        erased = log.position()
        looks, still_held = 0, 0
        while not log.is_past(erased):
            still_held += bool(holding(server))
            log.stir()
            server.run("CHECKPOINT")  # the server does it by itself, every five minutes
            looks += 1
            assert looks < 40
        assert still_held
        assert holding(server) == []
        engine.dispose()


def test_without_the_right_to_look_it_says_what_to_grant(server: Cluster) -> None:
    server.run("CREATE ROLE clerk LOGIN")
    with server.database() as url:
        log = DatabaseLog(url.replace("//hub@", "//clerk@"))
        assert log.position() > 0
        with pytest.raises(ConfigError, match="GRANT pg_monitor TO clerk") as caught:
            log.is_past(1)
        assert caught.value.code == "no_pg_monitor"
        log.stir()
    server.run("DROP ROLE clerk")
