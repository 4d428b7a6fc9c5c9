"""Opens a lane's store and sees to it that what is erased from it is gone from the disk."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from hub.database import build_engine, migrate

__all__ = ["open_store", "truncate_log"]

_MIGRATIONS = Path(__file__).with_name("migrations")


def open_store(file: Path) -> Engine:
    """The store in `file`, created and migrated as needed. Raises RetriableError when the database does not answer."""
    engine = build_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", _overwrite_erased)
    try:
        migrate(engine, _MIGRATIONS)
    except BaseException:
        engine.dispose()
        raise
    return engine


def truncate_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log, which would keep what was erased; elsewhere there is none to empty."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _overwrite_erased(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
