"""Folders that a restore leaves beside `data/`: what was there before, and what one that failed was putting together.

Both hold data keys and personal data that a later withdrawal does not reach by itself. So they are counted among the places of
physical removal, and leave: the former data after `erasure.former_data_days`, or at once with `hub backup discard`; what a
failed or killed restore made, when it fails, else at the next look.

Guarantee: a folder is removed only while no restore works on it (a file lock). The bytes of its data keys are overwritten first.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.errors import ConfigError

__all__ = [
    "Aside",
    "beside",
    "destroy",
    "destroy_keyring",
    "find_asides",
    "find_leftover",
    "mend",
    "put_aside",
    "remove_leftover",
    "restoring",
    "staging",
    "step_back",
]

_STAGED, _LOCK = "data.restoring", ".restoring.lock"
_ASIDE = ".before-"
_BEFORE = f"data{_ASIDE}"
_INSTANT = "%Y%m%dT%H%M%SZ"
_KEYRING = "keyring"
_CHUNK = 1 << 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, order=True)
class Aside:
    """Data that a restore put aside, and since when (a UTC instant)."""

    since: datetime
    folder: Path

    @property
    def keyring(self) -> Path | None:
        """Its data keys; None when they lay in a database elsewhere."""
        file = self.folder / _KEYRING / "keyring.db"
        return file if file.is_file() else None

    def removed_by(self, keep: timedelta) -> datetime:
        """When it has been kept for long enough."""
        return self.since + keep


def staging(home: Path) -> Path:
    """Where a restore puts everything together."""
    return home / _STAGED


def beside(file: Path, now: datetime) -> Path:
    """Where what a restore replaces is kept: `step_back` brings a file here back together with the data of the same instant."""
    return file.with_name(f"{file.name}{_ASIDE}{now.astimezone(UTC):{_INSTANT}}")


def find_asides(home: Path) -> list[Aside]:
    """What restores have put aside, oldest first."""
    found = []
    for folder in home.glob(f"{_BEFORE}*"):
        try:
            since = datetime.strptime(folder.name.removeprefix(_BEFORE), _INSTANT).replace(tzinfo=UTC)
        except ValueError:  # renamed by somebody
            since = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        found.append(Aside(since, folder))
    return sorted(found)


def find_leftover(home: Path) -> Path | None:
    """What a restore that was killed has left, while none is at work."""
    if not staging(home).exists():
        return None
    try:
        with restoring(home):
            return staging(home) if staging(home).exists() else None
    except ConfigError:
        return None


@contextmanager
def restoring(home: Path) -> Iterator[None]:
    """While the block lasts, no other restore begins and nobody removes what this one makes.

    Raises ConfigError when another restore is at work.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - memory: every process loads this module, few a lock

    lock = FileLock(home / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(f"{home} is being restored: wait until that is done", code="restoring") from None
    try:
        yield
    finally:
        lock.release()


def remove_leftover(home: Path) -> bool:
    """Remove what a killed restore left; whether there was anything. Raises ConfigError when it cannot be removed."""
    if find_leftover(home) is None:
        return False
    with restoring(home):
        step_back(home)
        destroy(staging(home))
    return True


def put_aside(home: Path, data: Path, now: datetime, meanwhile: Callable[[], None] = lambda: None) -> Path | None:
    """Swap `data` for what was put together; answers where the former data lie, if there were any.

    `meanwhile` changes files of the installation, of which a copy lies `beside`, while there are no data that others could meet.
    Raises OSError when it cannot be done, or what `meanwhile` raises; where there were data everything is as it was then.
    """
    if not data.exists():
        meanwhile()
        staging(home).rename(data)
        return None
    aside = data.rename(beside(data, now))
    try:
        meanwhile()
        staging(home).rename(data)
    except (ConfigError, OSError):
        _bring_back(aside, data)
        raise
    return aside


def step_back(home: Path) -> bool:
    """Undo the first half of a swap that was cut in two: without `data/`, the newest former data are it, and what lies beside."""
    if not _is_cut(home):
        return False
    _bring_back(find_asides(home)[-1].folder, home / "data")
    return True


def _bring_back(aside: Path, data: Path) -> None:
    """The data last: until they are there, nobody works with them."""
    stamp = aside.name.removeprefix(_BEFORE)
    for file in [one for one in data.parent.glob(f"*{_ASIDE}*") if one.is_file()]:
        if file.name.endswith(f"{_ASIDE}{stamp}"):
            file.replace(file.with_name(file.name.removesuffix(f"{_ASIDE}{stamp}")))
    aside.rename(data)


def mend(home: Path) -> bool:
    """`step_back`, for whoever is about to work with the installation: before anybody makes an empty `data/` there.

    Raises ConfigError while a restore is at work, or when the former data cannot be brought back.
    """
    if not _is_cut(home):
        return False
    try:
        with restoring(home):
            done = step_back(home)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        text = f"a restore was killed, and {find_asides(home)[-1].folder} cannot be brought back ({why}): rename it to data"
        raise ConfigError(text, code="cut_in_two") from error
    if done:
        _log.warning("A restore was killed in its last step: the data of before it are back. Restore again")
    return done


def _is_cut(home: Path) -> bool:
    return not (home / "data").exists() and staging(home).exists() and bool(find_asides(home))


def destroy(folder: Path) -> None:
    """Remove a folder, the bytes of its data keys first. Raises ConfigError when something of it stays."""
    try:
        destroy_keyring(folder)
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{folder} cannot be removed ({why}); it holds data keys: remove it", code="cannot_remove") from error


def destroy_keyring(folder: Path) -> None:
    """Remove the data keys in a folder, and their bytes, alone. Raises OSError."""
    keyring = folder / _KEYRING
    for file in sorted(keyring.glob("*")):
        _overwrite(file)
        file.unlink()
    if keyring.is_dir() and not keyring.is_symlink():
        keyring.rmdir()


def _overwrite(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as out:
        for start in range(0, size, _CHUNK):
            out.write(bytes(min(_CHUNK, size - start)))
        out.flush()
        os.fsync(out.fileno())
