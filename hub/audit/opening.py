"""Opens the installation's audit log."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from hub.audit.log import AuditLog
from hub.clock import Clock
from hub.database import build_engine, migrate
from hub.installation import read_key
from hub.settings import Settings

__all__ = ["build_audit_engine", "open_audit"]


def build_audit_engine(settings: Settings) -> Engine:
    """The log's own database, migrated. Raises ConfigError when it cannot be used, RetriableError when it does not answer."""
    engine = build_engine(settings.audit_database)
    migrate(engine, Path(__file__).parent / "migrations")
    return engine


def open_audit(settings: Settings, clock: Clock) -> AuditLog:
    """The log, ready to append to; `close` it. Raises ConfigError when `keys/audit-subject.key` is missing (`hub init`)."""
    return AuditLog(build_audit_engine(settings), read_key(settings, "audit-subject.key"), clock)
