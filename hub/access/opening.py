"""Opens the database of signing in and four eyes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from hub.access.four_eyes import FourEyes
from hub.audit.log import AuditLog
from hub.clock import Clock, SystemClock
from hub.database import build_engine, migrate
from hub.settings import Settings

__all__ = ["build_access_engine", "open_four_eyes"]


def build_access_engine(settings: Settings) -> Engine:
    """The database, migrated. Raises ConfigError when it cannot be used, RetriableError when it does not answer."""
    engine = build_engine(settings.access_database)
    migrate(engine, Path(__file__).parent / "migrations")
    return engine


def open_four_eyes(settings: Settings, engine: Engine, audit: AuditLog, clock: Clock | None = None) -> FourEyes:
    """Four eyes by the installation's limits; without a clock by the machine's own, which a scenario does not shift."""
    login = settings.login
    return FourEyes(
        engine,
        audit,
        clock or SystemClock(),
        approve_within=timedelta(hours=login.approve_within_hours),
        use_within=timedelta(hours=login.use_within_hours),
    )
