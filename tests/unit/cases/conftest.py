"""A migrated inbox with cases in it for every test, which runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import hub.cases
from hub.clock import ManualClock
from hub.database import build_engine, migrate
from tests.unit.cases.make import CaseDesk
from tests.unit.delivery.conftest import migrate_inbox
from tests.unit.delivery.make import NOW


def migrate_cases(url: str) -> None:
    migrate_inbox(url)
    engine = build_engine(url)
    migrate(engine, Path(hub.cases.__file__).parent / "migrations")
    engine.dispose()


@pytest.fixture
def engine(databases: Callable[..., str]) -> Iterator[Engine]:
    engine = build_engine(databases("cases", migrate_cases))
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def desk(engine: Engine, clock: ManualClock) -> CaseDesk:
    return CaseDesk(engine, clock)


@pytest.fixture
def sqlite_desk(sqlite_databases: Callable[..., str], clock: ManualClock) -> Iterator[CaseDesk]:
    """For what does not depend on the database."""
    engine = build_engine(sqlite_databases("cases", migrate_cases))
    yield CaseDesk(engine, clock)
    engine.dispose()
