"""An installation for every test, which runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.registry.database import migrate, open_database
from tests.unit.registry.support import Installation


def migrate_registry(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


@pytest.fixture
def home(tmp_path: Path, databases: Callable[..., str]) -> Iterator[Installation]:
    installation = Installation(tmp_path, url=databases("registry", migrate_registry))
    yield installation
    installation.close()


@pytest.fixture
def sqlite_home(tmp_path: Path, sqlite_databases: Callable[..., str]) -> Iterator[Installation]:
    """For what is about SQLite's files."""
    installation = Installation(tmp_path, url=sqlite_databases("registry", migrate_registry))
    yield installation
    installation.close()
