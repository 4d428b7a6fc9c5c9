"""Opens the plan of presence by the installation's settings: its tables stand in the inbox' database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

import hub.delivery
from hub.access.attempts import Attempts
from hub.access.opening import build_access_engine
from hub.clock import Clock, SystemClock
from hub.database import build_engine, migrate
from hub.installation import read_key
from hub.presence.desk import MIGRATIONS, PresenceDesk, open_presence
from hub.settings import Settings

__all__ = ["build_presence_engine", "open_desk"]


def build_presence_engine(settings: Settings) -> Engine:
    """The inbox' database, migrated, with the tables of presence. Raises ConfigError or RetriableError as `migrate` does."""
    engine = build_engine(settings.delivery_database, "delivery.database_url")
    migrate(engine, Path(hub.delivery.__file__).parent / "migrations")
    migrate(engine, MIGRATIONS)
    return engine


def open_desk(settings: Settings, clock: Clock) -> PresenceDesk:
    """Everything that the pages need. Raises ConfigError when keys/worklist.key is missing."""
    key = read_key(settings, "worklist.key")
    # Waits go by the machine's own time: a shifted clock must not lengthen or shorten them.
    attempts = Attempts(build_access_engine(settings), key, SystemClock())
    return open_presence(build_presence_engine(settings), clock, key, attempts)
