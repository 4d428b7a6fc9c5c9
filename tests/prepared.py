"""What a test finds ready, made once for each process of the tests and copied: databases in their newest form, and homes.

What `hub init` and the migrations themselves do has tests of its own; all others need not wait for them.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import hub
from hub.database import build_engine, migrate
from hub.installation import initialise
from hub.settings import load_settings

__all__ = ["initialised", "prepare"]

_kept = TemporaryDirectory(prefix="hub-prepared-")  # goes with the process


@cache
def _database(*migrations: str) -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "template.db"
        engine = build_engine(f"sqlite:///{file}")
        for folder_of in migrations:
            migrate(engine, Path(hub.__file__).parent / folder_of)
        engine.dispose()  # the last to leave empties SQLite's log into the file
        return file.read_bytes()


def prepare(url: str, *migrations: str) -> str:
    """`url`; the SQLite database that it names, where there is none, is made as folders of migrations in `hub/` would leave it."""
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:") and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_bytes(_database(*migrations))
    return url


@cache
def _home() -> Path:
    home = Path(_kept.name) / "home"
    initialise(home)
    settings = load_settings(home)
    prepare(settings.registry_database, "registry/migrations")
    prepare(settings.keyring_database, "registry/keyring_migrations")
    prepare(settings.access_database, "access/migrations")
    prepare(settings.audit_database, "audit/migrations")
    return home


def initialised(home: Path) -> Path:
    """`home`, initialised, its databases empty and in their newest form; its keys are those of all others made so."""
    shutil.copytree(_home(), home, dirs_exist_ok=True)
    return home
