"""The statutory store: every mandatory report as received, sealed on disk before anything else is done with it.

SoL 2025:400 ch. 19: a report is never blocked, delayed or dropped for want of consent, a valid id or a readable payload.
So the writer asks for nothing but a message id, bytes and a time of arrival, and needs the public key only.

    messages/<hash of the message id>/<hash of id and content>.sealed     one message each
    messages/<random>.tmp                                                 being written; never read, swept after an hour

Names are hashes of random ids: no name in the store says anything of anybody. Order of one write, each step finished
before the next: file written, file on the medium, final name, names on the medium. Guarantee: when `put` has returned, the
message survives the loss of power; when it has not, the message is there whole or not at all, and repeating is harmless.
Two different contents under one id are both kept. Any number of processes may write at once.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from nacl.public import PrivateKey, PublicKey

from hub.clock import Clock, SystemClock
from hub.connector import RawMessage, report_number
from hub.errors import ConfigError, ContractError, RejectedError, RetriableError
from hub.statutory.deadlines import deadlines
from hub.statutory.disk import Disk, PosixDisk, write_whole
from hub.statutory.entries import SUFFIX, DamagedFile, StoredMessage, content_name, damaged_file, entry_of
from hub.statutory.index import Index
from hub.statutory.sealing import Envelope, file_size, open_content, open_envelope, read_header, seal

__all__ = ["StatutoryStore"]

Listing: TypeAlias = tuple[list[StoredMessage], list[DamagedFile]]
_SWEEP_SECONDS = 3600.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


class StatutoryStore:
    """Write with the public key; `list`, `read` and a full `check` need the private key too.

    Raises ConfigError when the two keys are no pair.
    """

    def __init__(
        self,
        folder: Path,
        public_key: PublicKey,
        private_key: PrivateKey | None = None,
        *,
        clock: Clock | None = None,
        disk: Disk | None = None,
    ) -> None:
        if private_key is not None and bytes(private_key.public_key) != bytes(public_key):
            raise ConfigError("keys/statutory.private and keys/statutory.public are not a pair", code="bad_key_file")
        self.folder = folder
        self._messages = folder / "messages"
        self._public = public_key
        self._private = private_key
        self._clock = clock or SystemClock()
        self._disk = disk or PosixDisk()

    @property
    def readable(self) -> bool:
        """Whether this process has the private key."""
        return self._private is not None

    @property
    def key(self) -> PrivateKey:
        """The private key. Raises ConfigError `no_private_key` in a process that may only write."""
        return self._key()

    def put(self, message: RawMessage) -> None:
        """Store one message; the same again changes nothing, and mends a file that is damaged. On return it is on the medium.

        With the public key only, damage is seen by header and length; with the private key, any.
        Raises RetriableError `store_full`, `store_denied` or `store_unwritable` that says what to do; the caller must then
        treat the message as not secured and come again.
        """
        home = self._messages / report_number(message.message_id)
        path = home / (content_name(message) + SUFFIX)
        try:
            if not path.exists() or self._is_damaged(path, len(message.content)):
                self._prepare(home)
                write_whole(self._disk, path, self._sealed(message), self._messages)
            # Also when it was there: the process that gave it its name may have died before this step.
            self._disk.sync_folder(home)
            self._disk.sync_folder(self._messages)
        except OSError as error:
            raise _unwritable(error, self.folder) from error

    def has(self, message_id: str) -> bool:
        """Whether at least one content of this message is stored whole. Raises RetriableError when the store cannot be read."""
        try:
            return any((self._messages / report_number(message_id)).glob(f"*{SUFFIX}"))
        except OSError as error:
            raise _unwritable(error, self.folder) from error

    def contents(self, number: str) -> str:
        """A mark of all contents of the message with this number, by their names, which say nothing; needs no key."""
        try:
            names = sorted(path.name for path in (self._messages / number).glob(f"*{SUFFIX}"))
        except OSError as error:
            raise _unwritable(error, self.folder) from error
        return hashlib.sha256("\n".join(names).encode()).hexdigest() if names else ""

    def index(self) -> Index:
        """What lies here, for a process that looks again and again; needs no key. Empty until its first `refresh`."""
        return Index(self._messages)

    def list(self) -> Listing:
        """All messages by arrival, opening envelopes only, and beside them the files that do not open.

        Raises ConfigError `no_private_key` in a process that may only write.
        """
        return self._listed(self.files())

    def of(self, number: str) -> Listing:
        """As `list`, of the one message that has this number (`hub.connector.report_number`), in each content it came with."""
        return self._listed(path for path in sorted((self._messages / number).glob(f"*{SUFFIX}")) if path.is_file())

    def _listed(self, paths: Iterable[Path]) -> Listing:
        key = self._key()
        found, damaged = [], []
        for path in paths:
            try:
                with path.open("rb") as stream:
                    envelope = open_envelope(stream, key)
            except (OSError, ContractError) as error:
                damaged.append(damaged_file(path, error))
                continue
            found.append(StoredMessage(entry_of(path), envelope, deadlines(envelope.arrived_at), path))
        return sorted(found, key=lambda each: (each.envelope.arrived_at, each.entry)), damaged

    def read(self, entry: str) -> tuple[Envelope, bytes]:
        """Open one message.

        Raises RejectedError `unknown_message`, ContractError when it does not open, ConfigError without private key.
        """
        self._key()  # who may only write looks for nothing
        return self.read_file(self.path_of(entry))

    def read_file(self, path: Path) -> tuple[Envelope, bytes]:
        """As `read`, by the message's file; RetriableError when the disk does not give it."""
        key = self._key()
        try:
            with path.open("rb") as stream:
                envelope = open_envelope(stream, key)
                return envelope, open_content(stream, envelope, key)
        except OSError as error:
            raise _unwritable(error, self.folder) from error

    def path_of(self, entry: str) -> Path:
        """The very file of an entry. Raises RejectedError `unknown_message`."""
        for path in self.files():
            if entry_of(path) == entry:
                return path
        raise RejectedError("the statutory store has no such message", code="unknown_message")

    def check(self) -> tuple[DamagedFile, ...]:
        """Open every message whole and return those that do not; with the public key only, judge their headers."""
        return tuple(damage for path in self.files() if (damage := self.damage_of(path)) is not None)

    def damage_of(self, path: Path) -> DamagedFile | None:
        """As `check`, of one file; None also when it has gone."""
        try:
            with path.open("rb") as stream:
                if self._private is None:
                    read_header(stream)
                else:
                    open_content(stream, open_envelope(stream, self._private), self._private)
        except FileNotFoundError:  # let go of since it was listed
            return None
        except (OSError, ContractError) as error:
            return damaged_file(path, error)
        return None

    def _is_damaged(self, path: Path, content_size: int) -> bool:
        if self.damage_of(path) is not None:
            return True
        with path.open("rb") as stream:
            return path.stat().st_size != file_size(read_header(stream)[1], content_size)

    def sweep(self) -> int:
        """Remove what writers that died left half written an hour ago or earlier (by the machine's clock, as file times are)."""
        removed = 0
        for path in self._messages.glob("*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _SWEEP_SECONDS:
                    self._disk.remove(path)
                    removed += 1
        return removed

    def _prepare(self, home: Path) -> None:
        if not self._messages.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._disk.make_folder(self._messages)
            self._disk.sync_folder(self.folder)
            self._disk.sync_folder(self.folder.parent)
        self._disk.make_folder(home)

    def _sealed(self, message: RawMessage) -> bytes:
        envelope = Envelope(
            message_id=message.message_id,
            arrived_at=message.arrived_at,
            stored_at=self._clock.now(),
            content_type=message.content_type,
            size=len(message.content),
            sha256=hashlib.sha256(message.content).hexdigest(),
        )
        return seal(envelope, message.content, self._public)

    def files(self) -> Iterator[Path]:
        """Every message's file; its name and its folder's say nothing of anybody."""
        return (path for path in sorted(self._messages.glob(f"*/*{SUFFIX}")) if path.is_file())

    def _key(self) -> PrivateKey:
        if self._private is None:
            raise ConfigError(
                "reading the statutory store needs keys/statutory.private, which is not here", code="no_private_key"
            )
        return self._private


def _unwritable(error: OSError, folder: Path) -> RetriableError:
    if error.errno in _FULL:
        return RetriableError(
            f"no room for statutory messages in {folder}: free space there at once. Nothing is lost: the message system "
            "still has them",
            code="store_full",
        )
    if error.errno in _DENIED:
        return RetriableError(f"{folder} may not be written: give this process' user the folder (mode 0700)", code="store_denied")
    return RetriableError(f"{folder} cannot be used ({error.strerror}): look at the disk", code="store_unwritable")
