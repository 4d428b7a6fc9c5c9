"""An installation for every test, which runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.registry.database import migrate, open_database
from hub.registry.keyring import open_keyring
from tests.unit.registry.support import Installation


def migrate_keyring(url: str) -> None:
    open_keyring(url).close()


def migrate_registry(url: str) -> None:
    engine = open_database(url)
    migrate(engine)
    engine.dispose()


def migrate_both(url: str) -> None:
    migrate_registry(url)
    migrate_keyring(url)


@pytest.fixture
def home(tmp_path: Path, databases: Callable[..., str]) -> Iterator[Installation]:
    """On PostgreSQL the keyring's tables lie in the same database, because making one takes time; settings refuse that."""
    url = databases("registry", migrate_both)
    apart = f"sqlite:///{tmp_path / 'keyring.db'}"
    if url.startswith("sqlite"):
        shutil.copy(tmp_path / "registry.db", tmp_path / "keyring.db")
    installation = Installation(tmp_path, url=url, keyring_url=apart if url.startswith("sqlite") else url)
    yield installation
    installation.close()


@pytest.fixture
def sqlite_home(tmp_path: Path, sqlite_databases: Callable[..., str]) -> Iterator[Installation]:
    """For what is about SQLite's files."""
    installation = Installation(
        tmp_path, url=sqlite_databases("registry", migrate_registry), keyring_url=sqlite_databases("keyring", migrate_keyring)
    )
    yield installation
    installation.close()
