"""What the store tells of its files, and the names it gives them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.connector import RawMessage
from hub.errors import ContractError
from hub.statutory.deadlines import Deadlines
from hub.statutory.sealing import Envelope

__all__ = ["SUFFIX", "DamagedFile", "StoredMessage", "Survey", "content_name", "damaged_file", "entry_of"]

SUFFIX = ".sealed"
_ENTRY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One stored message, unread. `entry` names the very file, where a message id may have several contents."""

    entry: str
    envelope: Envelope
    clocks: Deadlines
    path: Path


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """A file that does not open. `reason`: truncated, bad_magic, will_not_open, disagrees or unreadable."""

    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be told of the store without any key: how many messages, the oldest arrival (UTC), files of no known form."""

    messages: int
    oldest_arrival: datetime | None
    damaged: tuple[DamagedFile, ...]


def content_name(message: RawMessage) -> str:
    """Salted by the id, which is random, so that nobody can look for a known text by its hash."""
    salt = hashlib.sha256(b"hub statutory content\x00" + message.message_id.encode("utf-8", "surrogatepass")).digest()
    return hashlib.sha256(salt + message.content).hexdigest()[:40]


def entry_of(path: Path) -> str:
    return f"{path.parent.name[:_ENTRY_LENGTH]}-{path.stem[:_ENTRY_LENGTH]}"


def damaged_file(path: Path, error: OSError | ContractError) -> DamagedFile:
    return DamagedFile(entry_of(path), error.code if isinstance(error, ContractError) else "unreadable")
