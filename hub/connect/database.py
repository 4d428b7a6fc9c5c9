"""Opens a lane's store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from hub.database import build_engine, migrate

__all__ = ["open_store"]

_MIGRATIONS = Path(__file__).with_name("migrations")


def open_store(file: Path) -> Engine:
    """The store in `file`, created and migrated as needed. Raises RetriableError when the database does not answer."""
    engine = build_engine(f"sqlite:///{file}")
    try:
        migrate(engine, _MIGRATIONS)
    except BaseException:
        engine.dispose()
        raise
    return engine
