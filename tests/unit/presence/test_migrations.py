"""The migrations of presence make what the code expects, and what was there goes on holding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

import hub.presence
from hub.clock import ManualClock
from hub.database import build_engine
from hub.presence.feeds import Feeds
from hub.presence.tables import Base, FeedRow
from tests.unit.presence.make import ANNA, NOW

OLD = sa.table("presence_feed", *map(sa.column, ("account", "digest", "language", "made_at", "expires_at")))


def made(url: str) -> None:
    """A database with nothing in it."""
    if url.startswith("sqlite:"):
        Path(url.removeprefix("sqlite:///")).touch()


@pytest.fixture
def empty(databases: Callable[..., str]) -> Iterator[Engine]:
    """A database without any table."""
    engine = build_engine(databases("nothing", made))
    yield engine
    engine.dispose()


def to(connection: Connection, revision: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hub.presence.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, revision)


def test_the_migrated_database_has_the_tables_columns_and_indexes_of_the_code(empty: Engine) -> None:
    with empty.begin() as connection:
        to(connection, "head")
        context = MigrationContext.configure(connection, opts={"version_table": "presence_schema"})
        differences = [one for one in compare_metadata(context, Base.metadata) if one[0] != "remove_constraint"]
    assert differences == []


def test_an_address_from_before_each_team_had_its_own_goes_on_holding_for_presence_there_and_back(empty: Engine) -> None:
    with empty.begin() as connection:
        to(connection, "head")
    secret = Feeds(empty, ManualClock(NOW)).renew(ANNA, "outreach", "sv", str)
    with empty.begin() as connection:
        to(connection, "0002", back=True)
        assert connection.execute(sa.select(OLD.c.account)).scalars().all() == [ANNA]
        to(connection, "head")
        assert connection.execute(sa.select(FeedRow.team, FeedRow.fetched_on)).all() == [("outreach", None)]
    found = Feeds(empty, ManualClock(NOW)).read(secret)
    assert (found.account, found.team, found.made_at) == (ANNA, "outreach", NOW)
