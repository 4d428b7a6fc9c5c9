"""Entries that wait on this machine's disk until the audit log's database answers again. For `hub.audit.unstoppable` alone.

    waiting.jsonl   one entry a line, appended and synced before anything is done or shown
    head.json       the last number given; it stays when the entries are gone
    unread.jsonl    lines that are no entries, set aside: torn by a crash, or changed by somebody
    lock            held while a file is read or written, never while a database is waited for

The lines make a chain: each has the next number, never given twice, and an HMAC of all of it (its key made from
`keys/audit-subject.key`), so that none can be changed, moved or put in without that key. A number that was given and is neither
here nor in the log is a lost entry, and `hub audit verify` says so. Not found is who removes lines, head and all, or puts an
earlier state of both back, before the database answers again.

Guarantee: when `append` has returned, the entries survive the loss of power. A line torn by a crash was never confirmed.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import RetriableError

__all__ = ["SPOOL", "Spool", "Spooled", "Waiting", "copied"]

SPOOL = "audit-waiting"
"""The folder's name under `data/`."""
_KEY_OF = b"hub-audit-spool-1"
_NONE = ""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spooled:
    """An entry that waits: the log's columns by name, and the part of the sealed vault that it vouches for, if any."""

    values: Mapping[str, str]
    sealed: Mapping[str, Any] | None = field(default=None, repr=False)
    number: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What lies there: the spool's random name, the last number given, the entries by number, and lines that are none."""

    spool: str
    number: int
    entries: tuple[Spooled, ...]
    unread: tuple[bytes, ...] = field(default=(), repr=False)


class Spool:
    """One folder of one machine; any number of processes and threads. Touches no disk before there is something."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._file, self._head, self._unread = (folder / name for name in ("waiting.jsonl", "head.json", "unread.jsonl"))
        self._key = hmac.new(key, _KEY_OF, hashlib.sha256).digest()

    def waits(self) -> bool:
        """Whether there is something to carry over; costs one look at a name."""
        return self._file.exists()

    def append(self, entries: Sequence[Spooled]) -> None:
        """Keep them, in this order, behind what waits already. Raises RetriableError `audit` when the disk refuses."""
        if not self._keep(entries):
            # Once, and without a number: how many entries a withdrawal makes says what it met. Plain logging: commands, which
            # configure none, say it on stderr.
            _log.warning("the audit log's database does not answer: entries wait in %s", self.folder)

    def _keep(self, entries: Sequence[Spooled]) -> bool:
        """Whether anything waited before them."""
        try:
            with _alone(self.folder):
                present = self._read()
                content = b"\n" if self._is_torn() else b""
                number = present.number
                for entry in entries:
                    number += 1
                    content += self._line(present.spool, number, entry)
                _write(self._file, content, os.O_APPEND)
                self._write_head(present.spool, number)
                _sync(self.folder)
        except OSError as error:
            text = f"{self.folder} cannot be written ({error.strerror}), and neither can the audit log: nothing is done unlogged"
            raise RetriableError(text, code="audit") from error
        return bool(present.entries)

    def look(self) -> Waiting:
        """What lies there. Raises RetriableError `audit_waiting` when it cannot be read."""
        if not self.folder.exists():
            return Waiting(_NONE, 0, ())
        with self._readable(), _alone(self.folder):
            return self._read()

    def clear(self, waiting: Waiting) -> None:
        """It is in the log, on the medium there: let go of it, and of nothing that came after. Lines that are no entries are set
        aside first. Raises RetriableError `audit_waiting`.
        """
        with self._readable(), _alone(self.folder):
            present = self._read()
            later = [one for one in present.entries if one.number > waiting.number]
            if present.unread:
                _write(self._unread, b"".join(line + b"\n" for line in present.unread), os.O_APPEND)
            self._write_head(present.spool, present.number)
            if later:
                fresh = self._file.with_suffix(".new")
                _write(fresh, b"".join(self._line(present.spool, one.number, one) for one in later), os.O_TRUNC)
                fresh.replace(self._file)
            else:
                self._file.unlink(missing_ok=True)
            _sync(self.folder)

    def begin_anew(self, waiting: Waiting, entries: Sequence[Spooled]) -> None:
        """Let go of all that was given a number, and keep `entries` of it as another spool. Only while nobody else is here: in a
        copy. Raises RetriableError.
        """
        self.clear(waiting)
        with self._readable():
            self._head.unlink(missing_ok=True)
        if entries:
            self._keep(entries)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            text = f"{self.folder} cannot be used ({error.strerror}): entries of the audit log wait there"
            raise RetriableError(text, code="audit_waiting") from error

    def _read(self) -> Waiting:
        spool, number = self._read_head()
        found, unread = {}, []
        for line in self._file.read_bytes().split(b"\n") if self._file.exists() else ():
            read = self._parse(line)
            if read is not None and spool in {_NONE, read[0]}:
                spool, found[read[1].number] = read
            elif line:
                unread.append(line)
        # A crash may have kept the last line's number out of the head.
        number = max([number, *found])
        return Waiting(spool or secrets.token_hex(16), number, tuple(found[one] for one in sorted(found)), tuple(unread))

    def _is_torn(self) -> bool:
        if not self._file.exists():
            return False
        content = self._file.read_bytes()
        return bool(content) and not content.endswith(b"\n")

    def _line(self, spool: str, number: int, entry: Spooled) -> bytes:
        sealed = None
        if entry.sealed is not None:
            sealed = {**entry.sealed, "sealed": base64.b64encode(entry.sealed["sealed"]).decode()}
        return self._signed([spool, number, dict(entry.values), sealed]) + b"\n"

    def _parse(self, line: bytes) -> tuple[str, Spooled] | None:
        """The spool's name and the entry; None for whatever was not written here with the key."""
        said = self._opened(line, 4)
        if said is None:
            return None
        spool, number, values, sealed = said
        part = None if sealed is None else {**sealed, "sealed": base64.b64decode(sealed["sealed"])}
        return spool, Spooled(values, part, number)

    def _read_head(self) -> tuple[str, int]:
        said = self._opened(self._head.read_bytes(), 2) if self._head.exists() else None
        return (_NONE, 0) if said is None else (said[0], said[1])

    def _write_head(self, spool: str, number: int) -> None:
        fresh = self._head.with_suffix(".new")
        _write(fresh, self._signed([spool, number]), os.O_TRUNC)
        fresh.replace(self._head)

    def _signed(self, said: list[Any]) -> bytes:
        return json.dumps([*said, self._mac(said)], ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _opened(self, content: bytes, length: int) -> list[Any] | None:
        try:
            *said, mac = json.loads(content.decode("utf-8", "surrogatepass"))
            return said if len(said) == length and hmac.compare_digest(self._mac(said), mac) else None
        except (ValueError, TypeError, RecursionError):
            return None

    def _mac(self, said: list[Any]) -> str:
        text = json.dumps(said, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()


@contextmanager
def copied(folder: Path, target: Path) -> Iterator[None]:
    """While the block lasts `target` holds all that lies in `folder`, on the medium, and nobody adds to it or takes from it.

    For a restore, which puts another data folder in the place of this one: whoever waits meanwhile writes to that. The copy
    keeps the spool's name and numbers, so that of two copies too each entry comes into the log once. Raises OSError.
    """
    if not folder.exists():
        yield
        return
    with _alone(folder):
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in sorted(folder.glob("*.json*")):
            _write(target / file.name, file.read_bytes(), os.O_TRUNC)
        _sync(target)
        yield


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _locked(folder / "lock")
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(file: Path) -> int:
    """The lock that lies there now: while it was waited for, a restore may have put another folder in this one's place."""
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if file.exists() and os.path.samestat(os.fstat(descriptor), file.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _write(file: Path, content: bytes, how: int) -> None:
    """Write all of it and return when it is on the medium."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
