"""A migrated inbox of its own for every test, which runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import hub.delivery
from hub.clock import ManualClock
from hub.database import build_engine, migrate
from tests.unit.delivery.make import NOW, Desk


def migrate_inbox(url: str) -> None:
    engine = build_engine(url)
    migrate(engine, Path(hub.delivery.__file__).parent / "migrations")
    engine.dispose()


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    engine = build_engine(databases("delivery", migrate_inbox))
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_databases: Callable[..., str]) -> Iterator[Engine]:
    """For what is about SQLite's files."""
    engine = build_engine(sqlite_databases("delivery", migrate_inbox))
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> Desk:
    return Desk(engine, clock)
