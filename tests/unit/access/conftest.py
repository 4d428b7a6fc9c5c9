"""The access database and the audit log of one installation, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

import hub.access
from hub.access.four_eyes import FourEyes
from hub.access.opening import build_access_engine, open_four_eyes
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.clock import ManualClock
from hub.database import build_engine, migrate
from hub.settings import Settings, load_settings
from tests.conftest import Databases
from tests.prepared import initialised

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def migrate_access(url: str) -> None:
    """Make the access tables in an empty database."""
    engine = build_engine(url)
    migrate(engine, Path(hub.access.__file__).parent / "migrations")
    engine.dispose()


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """An installation as it is made: the access database is a file under data/."""
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


@pytest.fixture
def settings(sqlite_settings: Settings, databases: Databases) -> Settings:
    """The same on either database."""
    login = sqlite_settings.login.model_copy(update={"database_url": databases("access", migrate_access)})
    return sqlite_settings.model_copy(update={"login": login})


@pytest.fixture
def audit(settings: Settings, clock: ManualClock) -> Iterator[AuditLog]:
    log = open_audit(settings, clock)
    yield log
    log.close()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = build_access_engine(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def four_eyes(settings: Settings, engine: Engine, audit: AuditLog, clock: ManualClock) -> FourEyes:
    return open_four_eyes(settings, engine, audit, clock)
