"""The encrypted file in which the intake keeps its copy of the subject directory between two starts."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.connect.ports import Entry
from hub.contract.models import InfoKind
from hub.logs import get_logger
from hub.sealed import Seal

__all__ = ["Copy", "DirectoryFile"]

_MAGIC = b"hub-directory-1\n"
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class Copy:
    """The directory as of `version`; `confirmed_at` is when the registry last said that it is current, `keys` the ids of the
    agency keys under which it is written.
    """

    version: int
    etag: str
    confirmed_at: datetime
    entries: dict[str, Entry]
    keys: tuple[str, ...] = ()


class DirectoryFile:
    """Keeps one Copy, sealed with a key derived from the agency's HMAC key (AES-256-GCM, bound to the instance's name).

    `former_key`: the agency's key of before, while it is at hand. The key may be replaced while the connector is stopped, and
    what rests is told by nobody again.
    """

    def __init__(self, path: Path, agency_key: bytes, instance: str, *, former_key: bytes | None = None) -> None:
        self._path = path
        self._instance = instance
        self._bound = _MAGIC + instance.encode()
        self._seal = _seal(agency_key)
        self._former = None if former_key is None else _seal(former_key)

    def rekeyed(self, agency_key: bytes) -> DirectoryFile:
        """The same file under the agency's next key: what is saved from now on opens with that one."""
        return DirectoryFile(self._path, agency_key, self._instance)

    def load(self) -> Copy | None:
        """The copy, or None when there is none or it was written with neither key: then all is fetched anew, but who rests.

        One that was written with the former key is written with this one at once: the former may be retired next.
        """
        try:
            sealed = self._path.read_bytes().removeprefix(_MAGIC)
        except OSError:
            return None
        copy = self._opened(self._seal, sealed)
        if copy is None and self._former is not None and (copy := self._opened(self._former, sealed)) is not None:
            self.save(copy)
        if copy is None:
            _log.warning("directory_copy_not_opened", connector=self._instance)
        return copy

    def _opened(self, seal: Seal, sealed: bytes) -> Copy | None:
        content = seal.open(self._bound, sealed)
        try:
            return None if content is None else _read(json.loads(content))
        except (ValueError, KeyError, TypeError):
            return None

    def save(self, copy: Copy) -> None:
        """Replace the file; it is on disk, readable to its owner only, when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed = _MAGIC + self._seal.seal(self._bound, json.dumps(_written(copy)).encode())
        temporary = self._path.with_suffix(".tmp")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


def _seal(agency_key: bytes) -> Seal:
    return Seal(agency_key, b"hub connector directory")


def _written(copy: Copy) -> dict[str, Any]:
    return {
        "version": copy.version,
        "etag": copy.etag,
        "confirmed_at": copy.confirmed_at.isoformat(),
        "keys": copy.keys,
        "entries": {
            subject: {
                "youth_ref": entry.youth_ref,
                "link_key": entry.link_key.hex(),
                "kinds": sorted(entry.kinds),
                "spans": [[start.isoformat(), end.isoformat()] for start, end in entry.spans],
            }
            for subject, entry in copy.entries.items()
        },
    }


def _read(raw: dict[str, Any]) -> Copy:
    entries = {
        subject: Entry(
            youth_ref=entry["youth_ref"],
            link_key=bytes.fromhex(entry["link_key"]),
            kinds=frozenset(map(InfoKind, entry["kinds"])),
            spans=tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in entry["spans"]),
        )
        for subject, entry in raw["entries"].items()
    }
    return Copy(raw["version"], raw["etag"], datetime.fromisoformat(raw["confirmed_at"]), entries, tuple(raw["keys"]))
