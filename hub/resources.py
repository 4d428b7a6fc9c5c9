"""Where the files that travel with the code lie: in the wheel under `hub/_data`, in a clone at the top level."""

from __future__ import annotations

from pathlib import Path

__all__ = ["broker_folder", "defaults_folder", "schemas_folder", "skeleton_folder"]

_PACKAGE = Path(__file__).resolve().parent


def _shipped(packaged: str, in_clone: str) -> Path:
    folder = _PACKAGE / "_data" / packaged
    return folder if folder.is_dir() else _PACKAGE.parent / in_clone


def schemas_folder() -> Path:
    """Avro schemas, the lock of schema ids and the released copies."""
    return _shipped("schemas", "schemas")


def broker_folder() -> Path:
    """The embedded broker's lock file."""
    return _shipped("broker", "deploy/broker")


def defaults_folder() -> Path:
    """The files that `hub init` writes."""
    return _PACKAGE / "defaults"


def skeleton_folder() -> Path:
    """What `hub connectors new` writes: a connector in a package of its own."""
    return _PACKAGE / "skeleton"
