"""An audit log on a file, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.audit.spool import Spool
from hub.clock import ManualClock
from hub.database import build_engine
from hub.settings import Settings, load_settings
from tests.prepared import initialised
from tests.unit.audit.kept import KEY, Kept, migrate_url
from tests.unit.audit.outage import Outage

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialised(tmp_path / "home")
    return load_settings(tmp_path / "home")


@pytest.fixture
def log(settings: Settings, clock: ManualClock) -> Iterator[AuditLog]:
    log = open_audit(settings, clock)
    yield log
    log.close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "audit-waiting", KEY)


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    """An empty log's database, of each kind."""
    engine = build_engine(databases("audit", migrate_url))
    yield engine
    engine.dispose()


@pytest.fixture
def outage(engine: Engine) -> Outage:
    return Outage(engine)


@pytest.fixture
def kept(engine: Engine, clock: ManualClock) -> Kept:
    return Kept(engine, clock)
