"""What lies in the statutory store, kept in memory: a look costs what has changed since the last one, and not what is there.

Made anew from the disk at the start, so no kill can make it untrue. It goes by the times of the folders: a message that is put
changes that of `messages` and that of its own. Such times move in steps, so a folder that had changed just before it was read is
read again; and once a minute every message's folder is looked at, whatever `messages` says (an original that was let go of
changes its own folder only).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from hub.errors import ContractError
from hub.statutory.entries import SUFFIX, DamagedFile, Survey, damaged_file
from hub.statutory.sealing import read_header

__all__ = ["Index"]

_FRESH_NANOSECONDS: Final = 5_000_000_000
"""More than one step of any file system's times: a folder that changed longer ago has another time after its next change."""
_ALL_SECONDS: Final = 60.0


def _arrival_of(path: Path) -> datetime:
    with path.open("rb") as stream:
        return read_header(stream)[0]


class Index:
    """For one thread. `arrivals`: when each content that is stored came, by its file; `damaged`: files with no header of ours.

    `arrival_of` reads a header (OSError, ContractError), `file_time` is the machine's clock in nanoseconds, by which files have
    their times, and `monotonic` counts seconds.
    """

    def __init__(
        self,
        messages: Path,
        *,
        arrival_of: Callable[[Path], datetime] = _arrival_of,
        file_time: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.arrivals: dict[Path, datetime] = {}
        self.damaged: dict[Path, DamagedFile] = {}
        self._messages = messages
        self._arrival_of = arrival_of
        self._file_time = file_time
        self._monotonic = monotonic
        self._homes: dict[str, tuple[int, frozenset[Path]]] = {}  # by name: its time, and what lies in it
        self._unsettled: set[str] = set()  # of those, the ones that had changed just before they were read
        self._seen: int | None = None  # the time of `messages`, if it had not changed just before it was read
        self._all_at: float | None = None
        self._revision = 0

    def refresh(self) -> int:
        """Take in what has changed; a number that moves whenever something did.

        Raises OSError when the store cannot be read: what was known stays, and the next call looks again.
        """
        for path in list(self.damaged):  # somebody may have put it right
            self._read(path)
        now, changed = self._monotonic(), self._changed_at()
        if changed != self._seen or self._all_at is None or now >= self._all_at:
            began, self._seen = self._file_time(), None
            self._scan(began)
            self._seen, self._all_at = (changed if began - changed > _FRESH_NANOSECONDS else None), now + _ALL_SECONDS
        return self._revision

    def survey(self) -> Survey:
        """As of the last `refresh`."""
        oldest = min(self.arrivals.values(), default=None)
        damaged = tuple(sorted(self.damaged.values(), key=lambda file: file.entry))
        return Survey(len(self.arrivals) + len(damaged), oldest, damaged)

    def _changed_at(self) -> int:
        try:
            return self._messages.stat().st_mtime_ns
        except FileNotFoundError:
            return 0  # nothing was ever put

    def _scan(self, began: int) -> None:
        found = dict(self._folders())
        for name in self._homes.keys() - found.keys():
            self._forget(self._homes.pop(name)[1])
        for name, changed in found.items():
            known = self._homes.get(name)
            if known is not None and known[0] == changed and name not in self._unsettled:
                continue
            files = _contents(self._messages / name)
            self._forget((known[1] if known else frozenset()) - files)
            for path in files:
                if path not in self.arrivals and path not in self.damaged:
                    self._read(path)
            self._homes[name] = (changed, files)
            (self._unsettled.discard if began - changed > _FRESH_NANOSECONDS else self._unsettled.add)(name)

    def _folders(self) -> Iterator[tuple[str, int]]:
        try:
            with os.scandir(self._messages) as entries:
                for entry in entries:
                    if entry.is_dir():
                        yield entry.name, entry.stat().st_mtime_ns
        except FileNotFoundError:
            return

    def _read(self, path: Path) -> None:
        try:
            arrived_at = self._arrival_of(path)
        except (OSError, ContractError) as error:
            damage = damaged_file(path, error)
            self._revision += self.damaged.get(path) != damage
            self.damaged[path] = damage
        else:
            self.damaged.pop(path, None)
            self.arrivals[path] = arrived_at
            self._revision += 1

    def _forget(self, files: frozenset[Path]) -> None:
        for path in files:
            self.arrivals.pop(path, None)
            self.damaged.pop(path, None)
            self._revision += 1


def _contents(home: Path) -> frozenset[Path]:
    try:
        with os.scandir(home) as entries:
            return frozenset(home / entry.name for entry in entries if entry.name.endswith(SUFFIX) and entry.is_file())
    except FileNotFoundError:
        return frozenset()
