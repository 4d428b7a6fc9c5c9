"""A migrated inbox of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import hub.delivery
from hub.clock import ManualClock
from hub.database import build_engine, migrate
from tests.unit.delivery.make import NOW, Desk


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = build_engine(f"sqlite:///{tmp_path / 'delivery.db'}")
    migrate(engine, Path(hub.delivery.__file__).parent / "migrations")
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    return Desk(engine, clock)
