"""A backup is a folder; its manifest says what is in it, and its shred list who was shredded when it was made."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.backup.copying import check_copy
from hub.errors import ConfigError
from hub.registry.keyring import read_shred_list

__all__ = [
    "DECIDING",
    "MANIFEST",
    "SHRED_LIST",
    "Copied",
    "LogEnd",
    "Manifest",
    "lacking",
    "read_manifest",
    "sha256_of",
    "verify",
]

DECIDING = ("consent.yaml", "teams.yaml", "areas.yaml", "agencies.yaml", "rules")
"""Files and folders of an installation by which the hub decides. `hub.toml` is copied beside them, without its passwords."""
MANIFEST, SHRED_LIST = "manifest.json", "shred-list.jsonl"


class Copied(BaseModel):
    """One file of the backup: `store` is empty for files of folders and settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    sha256: str
    size: int
    store: str = ""


class LogEnd(BaseModel):
    """How far the audit log reached: the last entry's position and its link of the chain, which follows from all before it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    chain: str


class Manifest(BaseModel):
    """What a backup holds; `made_at` is a UTC instant, `name` the folder's own.

    `left_out`: secrets that stood in the settings and are not in the copy of them, in words; put them back by hand. `log_end`:
    what an audit log holds that a restore carries on; None: the backup has no log, or an older version made it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: int = 1
    name: str
    made_at: datetime
    municipality: str
    files: tuple[Copied, ...]
    left_out: tuple[str, ...] = ()
    log_end: LogEnd | None = None


def sha256_of(file: Path) -> str:
    """Of a file's bytes, in hex."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def read_manifest(backup: Path) -> Manifest:
    """Raises ConfigError when the folder is no backup."""
    try:
        return Manifest.model_validate_json((backup / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{backup} is no backup of a hub: {MANIFEST} is missing or wrong", code="no_backup") from error


def lacking(manifest: Manifest) -> list[str]:
    """Of what decides: the files and folders that are not in the backup, as `consent.yaml` is not in one of an older version."""
    places = {tuple(Path(one.path).parts[:2]) for one in manifest.files}
    return [name for name in DECIDING if ("settings", name) not in places]


def verify(backup: Path) -> list[str]:
    """What is wrong with a backup, in words; empty when every file is as it was written and every database can be read."""
    faults = []
    for one in read_manifest(backup).files:
        file = backup / one.path
        if not file.is_file():
            faults.append(f"{one.path} is missing")
        elif sha256_of(file) != one.sha256:
            faults.append(f"{one.path} is not what was written")
        elif one.store and (fault := check_copy(file)) is not None:
            faults.append(f"{one.path}: {fault}")
    try:
        read_shred_list(backup / SHRED_LIST)
    except ConfigError as error:
        faults.append(str(error))
    return faults
