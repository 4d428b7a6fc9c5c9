"""A migrated database of its own for every test, which runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import hub.delivery
from hub.clock import ManualClock
from hub.database import build_engine, migrate
from hub.presence.desk import MIGRATIONS
from tests.unit.presence.make import NOW, PlanHouse


def migrate_presence(url: str) -> None:
    engine = build_engine(url)
    migrate(engine, Path(hub.delivery.__file__).parent / "migrations")
    migrate(engine, MIGRATIONS)
    engine.dispose()


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    engine = build_engine(databases("presence", migrate_presence))
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def house(engine: Engine, clock: ManualClock) -> PlanHouse:
    return PlanHouse(engine, clock)
