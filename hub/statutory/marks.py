"""What has happened to a stored report, each said once: a file per word, beside the messages, written as the store writes.

    marks/<number of the message>/<content>.<mark>      JSON without a word of the report: when, which receiver

Like the messages, a mark is written once and never changed, so any number of processes may say the same, a kill leaves a whole
mark or none, and a backup copies it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from hub.errors import RetriableError
from hub.statutory.disk import Disk, PosixDisk, write_whole

__all__ = ["Mark", "Marked", "Marks"]

_LONGEST_FACT = 200


class Mark(StrEnum):
    """In the order in which they come."""

    ASSIGNED = "assigned"  # to a receiver, before the first attempt: another attempt goes to nobody else
    TAKEN = "taken"  # the receiver has it
    ESCALATED = "escalated"  # somebody was told that it waits for too long
    REGISTERED = "registered"  # the receiver's case system has it: the clear part of a confirmed hand-over


@dataclass(frozen=True, slots=True)
class Marked:
    """`at` is UTC; `receiver` the code of the settings, `reference` the receiver's own id, where it gave one."""

    at: datetime
    receiver: str = ""
    reference: str = ""


class Marks:
    """`folder` is the statutory store's."""

    def __init__(self, folder: Path, *, disk: Disk | None = None) -> None:
        self._folder = folder / "marks"
        self._disk = disk or PosixDisk()

    def put(self, stored: Path, mark: Mark, at: datetime, *, receiver: str = "", reference: str = "") -> Marked:
        """Say it of the content in this file of the store, and return what holds: the first word stands.

        Durable on return. Raises RetriableError when it cannot be written.
        """
        path = self._path(stored, mark)
        line = json.dumps({"at": at.isoformat(), "receiver": receiver, "reference": reference[:_LONGEST_FACT]})
        try:
            # The first mark also makes safe a folder whose maker died before that; later ones find it so.
            if mark is Mark.ASSIGNED or not path.parent.is_dir():
                for folder in (self._folder, path.parent):
                    self._disk.make_folder(folder)
                for folder in (self._folder, self._folder.parent):
                    self._disk.sync_folder(folder)
            if not path.exists():
                write_whole(self._disk, path, line.encode(), self._folder)
            self._disk.sync_folder(path.parent)
        except OSError as error:
            text = f"what happened to a report cannot be written ({error.strerror}): look at the disk of data/statutory"
            raise RetriableError(text, code="store_unwritable") from error
        return self.get(stored, mark) or Marked(at, receiver, reference)

    def get(self, stored: Path, mark: Mark) -> Marked | None:
        """What was said; None when nothing was, or it cannot be read, which repeats a step and never leaves one out."""
        try:
            fields: Mapping[str, str] = json.loads(self._path(stored, mark).read_bytes())
            return Marked(datetime.fromisoformat(fields["at"]), fields["receiver"], fields["reference"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def of(self, stored: Path) -> Mapping[Mark, Marked]:
        """Everything that was said of one content."""
        return MappingProxyType({mark: found for mark in Mark if (found := self.get(stored, mark)) is not None})

    def _path(self, stored: Path, mark: Mark) -> Path:
        return self._folder / stored.parent.name / f"{stored.stem}.{mark.value}"
