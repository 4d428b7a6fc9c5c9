"""What has ended in the registry that a restore replaces and stands on no shred list: its line was cut off, as by a crash.

A file of SQLite is looked through where it lies, in a copy. On a server the settings name a new, empty database by the time of a
restore, so whoever restores names the former one, which is only read, or says that it is lost.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import ArgumentError

from hub.backup.copying import copy_sqlite, restored_from
from hub.backup.manifest import Manifest
from hub.database import build_engine
from hub.errors import ConfigError, HubError, RetriableError
from hub.logs import get_logger
from hub.put_aside import staging
from hub.registry.database import is_newest, migrate, open_database, reading
from hub.registry.keyring import Ending, Keyring, open_keyring
from hub.registry.reconcile import unlisted_endings
from hub.settings import Settings

__all__ = ["check_former", "unlisted"]

_OPTION = "--former-registry"
_REGISTRY = "registry"  # as a backup calls it on a server
_log = get_logger(__name__)


def check_former(settings: Settings, manifest: Manifest, given: str | None) -> str:
    """The address of the registry that is replaced, for `unlisted`; empty: what lies under `data/`, if anything does.

    `given`: the address; empty when it is lost, None when nothing is said of it. Raises ConfigError when something must be said,
    or no registry of this version is there; RetriableError when it does not answer. The address may hold a password and is not
    repeated.
    """
    if given:
        _look_at(given)
        return given
    on_server = not settings.registry_database.startswith("sqlite")
    if given is None and on_server and any(one.store == _REGISTRY for one in manifest.files):
        text = (
            "the registry is on a server: name the database that it was in until now with --former-registry URL (with "
            "?password_file= in place of a password), for what had ended there and stands on no shred list would come back; "
            "only when it is lost: --without-former-registry"
        )
        raise ConfigError(text, code="no_former_registry")
    return ""


def _look_at(url: str) -> None:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"{_OPTION} is no address of a database", code="bad_database") from error
    if parsed.get_backend_name() == "sqlite":
        if not Path(parsed.database or "").is_file():
            raise ConfigError(f"{_OPTION} names a file that is not there", code="no_former_registry")
        return
    engine = build_engine(url, _OPTION)
    try:
        if not is_newest(engine) or restored_from(url) is not None:
            text = (
                f"{_OPTION} names a database that holds no registry of this version: name the one that the hub worked with until "
                "now. If an older version did, start this one on it once, or say --without-former-registry"
            )
            raise ConfigError(text, code="no_former_registry")
    except RetriableError as error:
        text = f"{_OPTION}: {error}; if it is lost: --without-former-registry"
        raise RetriableError(text, code=error.code) from error
    finally:
        engine.dispose()


def unlisted(settings: Settings, keyring_url: str, former: str, now: datetime) -> list[Ending]:
    """What has ended in the former registry and is not on the list of the keyring; `now` where it does not say when.

    One that was named must answer: raises RetriableError. That the file under `data/` cannot be read any more is the reason of
    many a restore: then the lists alone count, and the log says so.
    """
    own = settings.data / "registry" / "registry.db"
    keyring = open_keyring(keyring_url)
    try:
        if former:
            file = make_url(former).database if former.startswith("sqlite") else None
            return _in_file(settings, Path(file), keyring, now) if file else _ended_in(open_database(former), keyring, now)
        if not settings.registry_database.startswith("sqlite") or not own.is_file():
            return []
        try:
            return _in_file(settings, own, keyring, now)
        except HubError as error:
            text = "the registry here cannot be read: what has ended in it counts where a shred list says so"
            _log.warning(text, code=error.code)
            return []
    finally:
        keyring.close()


def _in_file(settings: Settings, file: Path, keyring: Keyring, now: datetime) -> list[Ending]:
    """In a copy, which may be of an older version."""
    folder = staging(settings.home) / "looked-through"
    try:
        copy_sqlite(file, folder / "registry.db")
        engine = open_database(f"sqlite:///{folder / 'registry.db'}")
        migrate(engine)
        return _ended_in(engine, keyring, now)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ended_in(engine: Engine, keyring: Keyring, now: datetime) -> list[Ending]:
    try:
        with reading(engine) as session:
            return unlisted_endings(session, keyring, now)
    finally:
        engine.dispose()
