"""What the statutory store and the manual lane's let go of when it has been kept for long enough (`hub.retention`).

Only what is registered goes: the original of a report that a case system has, under a number that somebody or its receipt
said, and a case whose outcome is recorded. What was said stays, sealed: who, when, and the number.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hub.errors import RetriableError
from hub.retention import Due
from hub.statutory.disk import Disk, PosixDisk
from hub.statutory.handing_over import HandOvers
from hub.statutory.marks import Mark
from hub.statutory.store import StatutoryStore

__all__ = ["Originals"]


class Originals:
    """The messages of one store. `name` is the kind's code."""

    def __init__(self, name: str, store: StatutoryStore, hand_overs: HandOvers, days: int, *, disk: Disk | None = None) -> None:
        self._name = name
        self._store = store
        self._hand_overs = hand_overs
        self._days = days
        self._disk = disk or PosixDisk()

    @property
    def name(self) -> str:
        return self._name

    @property
    def days(self) -> int:
        return self._days

    def due(self, before: datetime) -> Due:
        """As `Kind.due`; the days count from when it was registered, and what is not stays whatever its age."""
        due, kept, unregistered = list[datetime](), 0, 0
        for path in self._store.files():
            registered = self._registered_at(path)
            if registered is None:
                unregistered += 1
            elif registered <= before:
                due.append(registered)
            else:
                kept += 1
        return Due(len(due), kept, min(due, default=None), {"not_registered": unregistered} if unregistered else {})

    def let_go(self, before: datetime, most: int) -> int:
        """As `Kind.let_go`."""
        gone = 0
        for path in self._old(before):
            if gone == most:
                break
            try:
                self._disk.remove(path)
                self._disk.sync_folder(path.parent)
            except OSError as error:
                text = f"an original cannot be removed ({error.strerror}): look at the disk, then run it again"
                raise RetriableError(text, code="store_unwritable") from error
            gone += 1
        return gone

    def tidy(self) -> None:
        """A file that is removed leaves nothing here; the disk is encrypted, or was not (deploy/runbooks/backup.md)."""

    def _old(self, before: datetime) -> Iterator[Path]:
        for path in self._store.files():
            registered = self._registered_at(path)
            if registered is not None and registered <= before:
                yield path

    def _registered_at(self, path: Path) -> datetime | None:
        """When the receiver's case system had it; None as long as that is not on the medium twice over, sealed and in clear."""
        if not self._hand_overs.is_confirmed(path):
            return None
        mark = self._hand_overs.marks.get(path, Mark.REGISTERED)
        return mark.at if mark else None
