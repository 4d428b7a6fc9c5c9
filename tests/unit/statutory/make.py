"""Messages, a store with a fixed key, and a disk that can be watched and made to fail."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

from nacl.public import PrivateKey

from hub.clock import ManualClock
from hub.connector import RawMessage
from hub.statutory.disk import PosixDisk
from hub.statutory.store import StatutoryStore

KEY = PrivateKey(bytes(range(32)))
NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
MESSAGE_ID = "7b9d2f58-6a6b-4a7d-9d2e-0d9b7f3c1a11"
SECRET = "Anna Andersson 20120314-9800 orosanmälan"


def make_message(message_id: str = MESSAGE_ID, content: bytes = SECRET.encode(), arrived: datetime = NOW) -> RawMessage:
    return RawMessage(message_id, arrived, content)


def make_store(folder: Path, *, private: bool = True, disk: PosixDisk | None = None) -> StatutoryStore:
    return StatutoryStore(folder, KEY.public_key, KEY if private else None, clock=ManualClock(NOW), disk=disk)


class WatchedDisk(PosixDisk):
    """Writes down each step, and fails the one whose number is `fail_at`."""

    def __init__(self, fail_at: int | None = None, number: int = errno.ENOSPC) -> None:
        self.steps: list[str] = []
        self.fail_at = fail_at
        self.number = number

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if self.fail_at is not None and len(self.steps) > self.fail_at:
            raise OSError(self.number, os.strerror(self.number))

    def make_folder(self, path: Path) -> None:
        self._step("make_folder")
        super().make_folder(path)

    def create(self, path: Path) -> int:
        self._step("create")
        return super().create(path)

    def write(self, descriptor: int, content: bytes) -> None:
        if self.fail_at == len(self.steps):  # a full disk takes a part first
            super().write(descriptor, content[: len(content) // 2])
        self._step("write")
        super().write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        self._step("sync")
        super().sync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._step("rename")
        super().rename(source, target)

    def sync_folder(self, path: Path) -> None:
        self._step("sync_folder")
        super().sync_folder(path)
