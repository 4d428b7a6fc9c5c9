"""The store's port to the file system: so few steps that a test can watch their order and fail any one of them."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Protocol

__all__ = ["Disk", "PosixDisk", "write_whole"]


class Disk(Protocol):
    """Raises OSError like the system does; the store translates it."""

    def make_folder(self, path: Path) -> None:
        """Create the folder, owner only, if it is not there."""
        ...

    def create(self, path: Path) -> int:
        """Open a new file, owner only, for appending; refuse one that exists. Returns a descriptor."""
        ...

    def write(self, descriptor: int, content: bytes) -> None:
        """Write all of `content`."""
        ...

    def sync(self, descriptor: int) -> None:
        """Return when the file's content is on the medium."""
        ...

    def close(self, descriptor: int) -> None: ...

    def rename(self, source: Path, target: Path) -> None:
        """Give the file its final name, in one step."""
        ...

    def sync_folder(self, path: Path) -> None:
        """Return when the names in the folder are on the medium."""
        ...

    def remove(self, path: Path) -> None: ...


class PosixDisk:
    """The real one."""

    def make_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, exist_ok=True)

    def create(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        source.rename(target)

    def sync_folder(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)


def write_whole(disk: Disk, path: Path, content: bytes, beside: Path) -> None:
    """The whole file under its name, on the medium, or nothing: written in the folder `beside` first. Raises OSError.

    The names in the folders are the caller's to sync.
    """
    temporary = beside / f"{secrets.token_hex(16)}.tmp"
    descriptor = disk.create(temporary)
    try:
        try:
            disk.write(descriptor, content)
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
        disk.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(temporary)
        raise
