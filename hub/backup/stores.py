"""What a backup holds, and what it must not hold.

Every database of the installation, found by itself: the SQLite files under `data/`, and the databases that settings name by
URL. A part that comes new is in the next backup without being listed here. Beside them the statutory store, sealed as it is,
and the settings. Never the data keys (`data/keyring`) and never `keys/`: whoever has a backup alone can open nothing, and a key
that was destroyed does not come back with it. Kafka's log, the worker's state and connectors' copies of the directory make
themselves anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import make_url

from hub.settings import Settings

__all__ = ["FOLDERS", "FOUND_AGAIN", "Store", "find_stores"]

FOLDERS = ("statutory",)
"""Folders under `data/` whose files are written once and never changed."""
FOUND_AGAIN = frozenset({"broker", "keyring", "logs", "run", "worker"})


@dataclass(frozen=True, slots=True)
class Store:
    """One database: `name` is its place under `data/` without the ending, or the setting's; `url` where it is now."""

    name: str
    url: str

    @property
    def is_sqlite(self) -> bool:
        return make_url(self.url).get_backend_name() == "sqlite"


def find_stores(settings: Settings) -> list[Store]:
    """Every database of the installation but the keyring, by name."""
    found: dict[str, Store] = {}
    for file in sorted(settings.data.rglob("*.db")):
        place = file.relative_to(settings.data)
        if place.parts[0] not in FOUND_AGAIN | set(FOLDERS):
            name = place.with_suffix("").as_posix()
            found[name] = Store(name, f"sqlite:///{file}")
    for setting in sorted(name for name in dir(type(settings)) if name.endswith("_database") and name != "keyring_database"):
        url: str = getattr(settings, setting)
        part = setting.removesuffix("_database")
        if make_url(url).get_backend_name() != "sqlite":
            found.pop(f"{part}/{part}", None)  # an older file that the setting has replaced
            found[part] = Store(part, url)
    return list(found.values())
