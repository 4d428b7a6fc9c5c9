"""Databases, one way: SQLite in a file by default, PostgreSQL by URL; migrations travel with the package that owns them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import DateTime, Dialect, Engine, TypeDecorator, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from hub.errors import RetriableError

__all__ = ["UtcInstant", "build_engine", "migrate", "truncate_log"]

# FULL: what was committed survives a power cut. A reader never blocks the writer (WAL). What was erased must not survive
# in a free page.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000", "secure_delete=ON")


class UtcInstant(TypeDecorator[datetime]):
    """Aware UTC instants in both databases: SQLite forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def build_engine(url: str) -> Engine:
    """An engine for a database URL; a SQLite file's folder is made. Connects to nothing yet."""
    parsed = make_url(url)
    engine = create_engine(parsed, hide_parameters=True)  # parameters could stand in an error's text
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        event.listen(engine, "connect", _set_pragmas)
    return engine


def migrate(engine: Engine, migrations: Path) -> None:
    """Bring the database to the newest revision in `migrations`.

    Raises RetriableError when the database does not answer.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "os")
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        raise RetriableError("the database does not answer", code="database") from error


def truncate_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, which would keep what was erased; elsewhere that is the operator's vacuum."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
