"""What a backup holds, and what it must not hold.

Every database of the installation, found by itself: the SQLite files under `data/`, and the databases that settings name by
URL. A part that comes new is in the next backup without being listed here. Beside them the statutory store, sealed as it is,
and the settings. Never the data keys (`data/keyring`) and never `keys/`: whoever has a backup alone can open nothing, and a key
that was destroyed does not come back with it. The worker's state and connectors' copies of the directory make
themselves anew; Kafka's log does not, and what is told again of it says `hub.backup.fresh_kafka`.

So a SQLite file that a setting or a linked folder puts elsewhere would be in no backup, and a keyring under `data/` in each:
`check_places` refuses them before anything is copied or brought back.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from hub.errors import ConfigError
from hub.settings import Settings

__all__ = ["FOLDERS", "FOUND_AGAIN", "Store", "check_places", "find_parts", "find_stores"]

FOLDERS = ("statutory",)
"""Folders under `data/` whose files are written once and never changed."""
FOUND_AGAIN = frozenset({"broker", "keyring", "logs", "run", "worker"})
_KEYRING: Final = "keyring_database"
_SECTIONS: Final = {"access": "login"}
"""Whose section of the settings is named otherwise than its part."""


@dataclass(frozen=True, slots=True)
class Store:
    """One database: `name` is its place under `data/` without the ending, or the setting's; `url` where it is now."""

    name: str
    url: str

    @property
    def is_sqlite(self) -> bool:
        return make_url(self.url).get_backend_name() == "sqlite"


def check_places(settings: Settings) -> None:
    """Raises ConfigError when a setting or a link puts a database where no backup finds it, or the data keys where each does.

    A SQLite file is found, and brought back, in its own place under `data/` alone; where a setting names the keyring, a restore
    leaves it where it is. The setting is named, not its value, which may hold a password.
    """
    _check_links(settings)
    for part in _parts():
        setting = _setting(part)
        if _sqlite_file(getattr(settings, _SECTIONS.get(part, part)).database_url, setting) is not None:
            text = (
                f"{setting} names a file of SQLite, which is in no backup and which no restore brings back: move it "
                f"to data/{part}/{part}.db and leave the setting empty, or name PostgreSQL"
            )
            raise ConfigError(text, code="unsaved_database")
    keys = _sqlite_file(settings.registry.keyring_url, "registry.keyring_url")
    if keys is not None and (_lies_in(keys, settings.data) or any(_is_same(keys, file) for file in settings.data.rglob("*.db"))):
        text = (
            "registry.keyring_url names a file under data/: a backup would hold the keys to all that is in it, and a restore put "
            "them aside. Leave the setting empty, with the file at data/keyring/keyring.db, which no backup takes, or name a "
            "file or a database elsewhere"
        )
        raise ConfigError(text, code="keyring_in_backups")


def _check_links(settings: Settings) -> None:
    """Nobody looks behind a linked folder, and a restore would put the link aside, not what it leads to."""
    for folder, names, _ in os.walk(settings.data):
        if Path(folder) == settings.data:
            names[:] = [name for name in names if name not in FOUND_AGAIN]
        for name in names:
            place = Path(folder, name)
            if place.is_symlink():
                text = (
                    f"{place.relative_to(settings.home)} is a link to a folder elsewhere: what lies there would be in no backup. "
                    "Stop the hub and put the folder itself there"
                )
                raise ConfigError(text, code="linked_folder")


def find_parts(settings: Settings) -> dict[str, tuple[str, str]]:
    """Every part that has a database and may be told where: the setting that says it, and the address that follows from it."""
    return {part: (_setting(part), str(getattr(settings, f"{part}_database"))) for part in _parts()}


def find_stores(settings: Settings) -> list[Store]:
    """Every database of the installation but the keyring, by name."""
    found: dict[str, Store] = {}
    for file in sorted(settings.data.rglob("*.db")):
        place = file.relative_to(settings.data)
        if place.parts[0] not in FOUND_AGAIN | set(FOLDERS):
            name = place.with_suffix("").as_posix()
            found[name] = Store(name, f"sqlite:///{file}")
    for part, (_, url) in find_parts(settings).items():
        if make_url(url).get_backend_name() != "sqlite":
            found.pop(f"{part}/{part}", None)  # an older file that the setting has replaced
            found[part] = Store(part, url)
    return list(found.values())


def _parts() -> list[str]:
    """Every part of the hub that has a database and may be told where, but the keyring."""
    names = (name for name in dir(Settings) if name.endswith("_database") and name != _KEYRING)
    return sorted(name.removesuffix("_database") for name in names)


def _setting(part: str) -> str:
    return f"{_SECTIONS.get(part, part)}.database_url"


def _sqlite_file(url: str, setting: str) -> Path | None:
    """The file that a setting names; None when it is empty or names a server."""
    if not url:
        return None
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"{setting} is no address of a database", code="bad_database") from error
    if parsed.get_backend_name() != "sqlite":
        return None
    return Path((parsed.database or "").removeprefix("file:").partition("?")[0])


def _lies_in(file: Path, folder: Path) -> bool:
    """Whether it does wherever links and relative ways lead."""
    return file.resolve().is_relative_to(folder.resolve())


def _is_same(file: Path, other: Path) -> bool:
    return file.exists() and other.exists() and file.samefile(other)
