"""Makes a backup beside a running installation: nobody has to stop.

Order: databases first, the shred list last, so that it is never older than what it must win over. The folder has its
name only when it is whole and on the disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path

from hub.backup.continuing import own_end
from hub.backup.copying import copy_sqlite, dump
from hub.backup.manifest import DECIDING, MANIFEST, SHRED_LIST, Copied, Manifest, sha256_of
from hub.backup.secrets import without_secrets
from hub.backup.stores import FOLDERS, check_places, find_stores
from hub.errors import ConfigError
from hub.registry.keyring import open_keyring, write_shred_list
from hub.settings import Settings

__all__ = ["create_backup", "create_key_copy"]

_TOML = "hub.toml"
_NAME = "hub-backup-%Y%m%dT%H%M%SZ"
_KEYS = "hub-keyring-%Y%m%dT%H%M%SZ"


def create_backup(
    settings: Settings,
    into: Path,
    now: datetime,
    say: Callable[[str], None] = lambda _text: None,
    *,
    recorded: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Path, Manifest]:
    """A new backup in the folder `into`. Raises ConfigError or RetriableError; what was half-written is gone then.

    `recorded` is entered before anything is copied, so that the entry of the backup is in it: where it raises, none is made. What
    leaves it is logged too.
    """
    check_places(settings)
    target = into / now.strftime(_NAME)
    if target.exists():
        raise ConfigError(f"{target} is there already", code="backup_exists")
    partial = into / f".{target.name}.partial"
    with recorded(), _writing(into):
        end = own_end(settings)
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True, mode=0o700)
            copied = [_copy_database(partial, store.name, store.url, say) for store in find_stores(settings)]
            copied += _copy_files(settings, partial, say)
            settings_file, left_out = _copy_settings(settings, partial)
            copied += settings_file
            _write_list(settings, partial / SHRED_LIST)
            manifest = Manifest(
                name=target.name, made_at=now, municipality=settings.municipality, files=tuple(copied),
                left_out=tuple(left_out), log_end=end,
            )  # fmt: skip
            (partial / MANIFEST).touch(mode=0o600)
            (partial / MANIFEST).write_text(manifest.model_dump_json(indent=2), encoding="utf-8")
            _sync(partial)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target, manifest


def create_key_copy(
    settings: Settings,
    into: Path,
    now: datetime,
    keep: timedelta,
    *,
    recorded: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Path, list[Path]]:
    """A copy of the keyring, for a place and a time of its own; copies there that are older than `keep` are removed.

    Returns the copy and what was removed. A copy brings back, for as long as it is kept, the keys of who was shredded since:
    only the shred list says whose. So keep it for days. `recorded` is entered before anything is copied or removed. Raises
    ConfigError or RetriableError.
    """
    check_places(settings)
    with recorded(), _writing(into):
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy = dump(settings.keyring_database, into / now.strftime(_KEYS))
        oldest = (now - keep).strftime(_KEYS)
        removed = [path for path in sorted(into.glob("hub-keyring-*")) if path.stem < oldest]
        for path in removed:
            path.unlink()
    return copy, removed


@contextmanager
def _writing(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"a backup cannot be written to {into}: {error.strerror}", code="cannot_write") from error


def _copy_database(partial: Path, name: str, url: str, say: Callable[[str], None]) -> Copied:
    say(f"database {name}")
    place = partial / "databases" / name
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _copied(partial, dump(url, place), name)


def _copy_files(settings: Settings, partial: Path, say: Callable[[str], None]) -> list[Copied]:
    """The folders that are written once, and the settings. What is being written at this moment belongs to the next backup."""
    pairs = [(path, Path("data") / path.relative_to(settings.data)) for name in FOLDERS for path in _files(settings.data / name)]
    for path in (settings.home / name for name in DECIDING):
        found = [path] if path.is_file() else _files(path)
        pairs += [(one, Path("settings") / one.relative_to(settings.home)) for one in found]
    say(f"{len(pairs)} files")
    done = []
    for source, place in pairs:
        target = partial / place
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if source.suffix == ".db":
            copy_sqlite(source, target)
        else:
            shutil.copyfile(source, target)
            target.chmod(0o600)
        done.append(_copied(partial, target, ""))
    return done


def _copy_settings(settings: Settings, partial: Path) -> tuple[list[Copied], list[str]]:
    """`hub.toml` without the passwords that stand in it, and what those are of."""
    source, target = settings.home / _TOML, partial / "settings" / _TOML
    if not source.is_file():
        return [], []
    content, left_out = without_secrets(source.read_text(encoding="utf-8"))
    if content is None:
        return [], left_out
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600)
    target.write_text(content, encoding="utf-8")
    return [_copied(partial, target, "")], left_out


def _files(folder: Path) -> list[Path]:
    skipped = {".tmp", ".db-wal", ".db-shm", ".lock"}
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in skipped)


def _copied(partial: Path, file: Path, store: str) -> Copied:
    return Copied(path=file.relative_to(partial).as_posix(), sha256=sha256_of(file), size=file.stat().st_size, store=store)


def _write_list(settings: Settings, path: Path) -> None:
    keyring = open_keyring(settings.keyring_database)
    try:
        write_shred_list(path, keyring.endings())
    finally:
        keyring.close()


def _sync(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
