"""Who works with an installation's data, and who may put others in their place.

Processes, and commands that open the registry or the audit log, hold the installation together, each for as long as it has that
open. A restore holds it alone: what was recorded beside it would be confirmed, and then be put aside with the former data.

Guarantee: while one holds it alone nobody else holds it, on this machine. The lock is the operating system's, on the folder
itself: it leaves nothing behind and ends with whoever held it, killed or not.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import ConfigError, RejectedError
from hub.put_aside import find_asides

__all__ = ["Hold", "changing_keys", "held_alone", "hold", "used"]


class Hold:
    """The installation is held together with others from here until `release`; dropping this object does not let go.

    Raises ConfigError `restoring` while a restore is at work, `no_data` when the data are put aside and none are in their place.
    """

    def __init__(self, home: Path) -> None:
        self._descriptor = _lock(home, fcntl.LOCK_SH)
        if self._descriptor is None:
            raise ConfigError(f"{home} is being restored: wait until that is done, then do it again", code="restoring")
        asides = find_asides(home)
        if asides and not (home / "data").exists():
            self.release()
            text = f"{home / 'data'} is not there: rename {asides[-1].folder} to data, restore a backup, or `hub backup discard`"
            raise ConfigError(text, code="no_data")

    def release(self) -> None:
        """Let go; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def hold(home: Path, data: Path) -> Callable[[], None]:
    """Hold the installation together with others until the answer is called; raises ConfigError as `Hold` does.

    Where `data` are those that a restore puts together, it holds the installation itself, and nothing is done here.
    """
    return Hold(home).release if data == home / "data" else lambda: None


@contextmanager
def used(home: Path) -> Iterator[None]:
    """Hold the installation together with others while the block lasts. Raises ConfigError as `Hold` does."""
    hold = Hold(home)
    try:
        yield
    finally:
        hold.release()


@contextmanager
def held_alone(home: Path) -> Iterator[None]:
    """Hold the installation alone while the block lasts. Raises ConfigError `in_use` when somebody works with it."""
    descriptor = _lock(home, fcntl.LOCK_EX)
    if descriptor is None:
        text = f"a command or a process of the hub works with {home}: wait until it is done, or stop it, then do it again"
        raise ConfigError(text, code="in_use")
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def changing_keys(keys: Path) -> Iterator[None]:
    """Change what lies in the folder of keys alone, on this machine, while the block lasts.

    A change of keys is several files, and what it found at its beginning must still be so at its end. Raises RejectedError
    `keys_changing` while somebody else changes them.
    """
    descriptor = _lock(keys, fcntl.LOCK_EX)
    if descriptor is None:
        text = "another command changes keys of this installation: wait until it is done, look at `hub keys list`, then go on"
        raise RejectedError(text, code="keys_changing")
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(home: Path, how: int) -> int | None:
    """A descriptor that holds the lock until it is closed; None: somebody else holds it."""
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{home} cannot be opened: {(error.strerror or '').lower()}", code="no_installation") from error
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
