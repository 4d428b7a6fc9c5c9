"""The access database and the audit log of one installation, with a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub.access.four_eyes import FourEyes
from hub.access.opening import build_access_engine, open_four_eyes
from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.clock import ManualClock
from hub.installation import initialise
from hub.settings import Settings, load_settings

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialise(tmp_path / "home")
    return load_settings(tmp_path / "home")


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
