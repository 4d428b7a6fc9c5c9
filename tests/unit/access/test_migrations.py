"""The migrations make what the code expects."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from hub.access.opening import build_access_engine
from hub.access.tables import AccessRow
from hub.settings import Settings


def test_the_migrated_database_has_the_tables_columns_and_indexes_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "access_schema"})
        differences = [one for one in compare_metadata(context, AccessRow.metadata) if one[0] != "remove_constraint"]
    assert differences == []


def test_the_database_is_readable_to_its_owner_only(sqlite_settings: Settings) -> None:
    engine = build_access_engine(sqlite_settings)
    file = Path(str(engine.url.database))
    engine.dispose()
    assert file.is_relative_to(sqlite_settings.data)
    assert file.stat().st_mode & 0o777 == 0o600
