"""Which files in a folder are complete and may be read. Nothing here changes, moves or deletes a file."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from hub.errors import RetriableError

__all__ = ["Inbox", "InboxFile", "Look", "is_telling_name"]

_DATE = re.compile(r"(?<!\d)(\d{4})(-?)(\d{2})\2(\d{2})(?!\d)")
# Six digits and more, also when dashes, spaces and the like stand between them: a personnummer is written so.
_LONG_NUMBER = re.compile(r"\d(?:[\s._+–-]*\d){5}")
_EXPORTED_WITHIN = timedelta(days=5 * 366)
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class InboxFile:
    """A complete file. `key` stands for its name and `digest` for its content in cursors."""

    path: Path = field(repr=False)
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Look:
    """The complete files, oldest first, and files that are not taken: (a key to count them once by, reason code)."""

    files: list[InboxFile]
    refused: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Seen:
    inode: int
    size: int
    mtime_ns: int


class Inbox:
    """A folder of files with one of some endings, `*.csv` alone by default; in small letters or capitals.

    Whoever delivers there writes under another name and renames, or just writes: both are safe.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settle_seconds: float,
        max_bytes: int,
        sleep: Callable[[float], None] = time.sleep,
        endings: tuple[str, ...] = (".csv",),
    ) -> None:
        self._folder = folder
        self._endings = endings
        self._settle_seconds = settle_seconds
        self._max_bytes = max_bytes
        self._sleep = sleep
        self._digests: dict[tuple[str, _Seen], str] = {}

    def look(self, today: date) -> Look:
        """What is there now. `today` (a Stockholm date) tells export dates in file names from dates of birth.

        Raises RetriableError `inbox_unreadable` when the folder cannot be listed.
        """
        seen = self._scan()
        if any(self._is_fresh(each) for each in seen.values()):
            self._sleep(self._settle_seconds)
            again = self._scan()
            seen = {name: each for name, each in again.items() if seen.get(name) == each or not self._is_fresh(each)}
        look = Look([], [])
        for name, each in sorted(seen.items(), key=lambda pair: (pair[1].mtime_ns, pair[0])):
            key = hashlib.sha256(f"file name\x00{name}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
            reason = self._refusal(name, each, today)
            digest = None if reason else self._digest(name, each)
            if digest is None:
                look.refused.append((key, reason or "unreadable_file"))
            else:
                look.files.append(InboxFile(self._folder / name, key, digest))
        return look

    def _scan(self) -> dict[str, _Seen]:
        found = {}
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not entry.name.lower().endswith(self._endings):
                        continue
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        found[entry.name] = _Seen(status.st_ino, status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise RetriableError(
                f"the inbox folder cannot be listed ({error.strerror}): create it, or give this process the right to read it",
                code="inbox_unreadable",
            ) from error
        return found

    def _is_fresh(self, seen: _Seen) -> bool:
        """By the machine's clock, as file times are; a time in the future tells nothing, so it counts as fresh."""
        return time.time_ns() - seen.mtime_ns < self._settle_seconds * 1_000_000_000

    def _refusal(self, name: str, seen: _Seen, today: date) -> str | None:
        if is_telling_name(name, today):
            return "bad_file_name"
        return "file_too_large" if seen.size > self._max_bytes else None

    def _digest(self, name: str, seen: _Seen) -> str | None:
        known = self._digests.get((name, seen))
        if known is None:
            digest = hashlib.sha256()
            try:
                with (self._folder / name).open("rb") as stream:
                    while piece := stream.read(_PIECE):
                        digest.update(piece)
            except OSError:
                return None
            known = digest.hexdigest()
            self._digests = {pair: value for pair, value in self._digests.items() if pair[0] != name}
            self._digests[name, seen] = known
        return known


def is_telling_name(name: str, today: date) -> bool:
    """Whether a file name holds a number that could be somebody's. Dates of the last years and ISO weeks are none."""

    def without_export_date(match: re.Match[str]) -> str:
        try:
            day = date(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            return match[0]
        # Who is written about here is ten years old or more: a date that near is the export's, never a birth.
        return "x" if today - _EXPORTED_WITHIN < day <= today + timedelta(days=366) else match[0]

    return _LONG_NUMBER.search(_DATE.sub(without_export_date, name)) is not None
