"""The file lock of schema ids: which id stands in front of which topic's bytes, and which schema it means, for ever.

`schemas/<Record>.avsc` is what this release reads and writes; `schemas/released/<Record>/<version>.avsc` are all versions that
bytes on a topic may have been written with; `schemas/registry.lock.json` ties each to an id, per subject.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import avro.errors
import avro.schema

from hub.contract.topics import CATALOGUE, Topic
from hub.errors import ConfigError

__all__ = [
    "LOCK_FILE",
    "LockedVersion",
    "SchemaLock",
    "canonical_sha256",
    "definition_sha256",
    "load_lock",
    "parse_schema",
    "record_name",
]

LOCK_FILE = "registry.lock.json"


@dataclass(frozen=True, slots=True)
class LockedVersion:
    """One version of one subject. `definition` is our own digest: the canonical form drops logical types and defaults."""

    id: int
    version: int
    canonical: str
    definition: str


@dataclass(frozen=True, slots=True)
class SchemaLock:
    """The lock as read: per subject its record's name and its versions, oldest first."""

    records: dict[str, str]
    versions: dict[str, tuple[LockedVersion, ...]]
    next_id: int

    def subjects_of_id(self) -> dict[int, frozenset[str]]:
        """Which subjects an id belongs to: one, or all dead-letter subjects."""
        found: dict[int, set[str]] = {}
        for subject, versions in self.versions.items():
            for version in versions:
                found.setdefault(version.id, set()).add(subject)
        return {schema_id: frozenset(subjects) for schema_id, subjects in found.items()}


def record_name(topic: Topic) -> str:
    """Name of the Avro record of a topic's message, and of its file: the model's class name."""
    return topic.message.__name__


def parse_schema(text: str, where: str) -> avro.schema.RecordSchema:
    """Parse the text of an `.avsc`; ConfigError names the file (`where`) when it is no Avro record."""
    try:
        schema = avro.schema.parse(text)
    except (avro.errors.AvroException, ValueError) as error:
        raise ConfigError(f"{where} is not an Avro schema: {error}", code="bad_schema") from error
    if not isinstance(schema, avro.schema.RecordSchema):
        raise ConfigError(f"{where} must hold one Avro record", code="bad_schema")
    return schema


def canonical_sha256(schema: avro.schema.Schema) -> str:
    """SHA-256 of the Parsing Canonical Form (Avro specification, "Schema Fingerprints"), which other tools can compute too."""
    return hashlib.sha256(schema.canonical_form.encode()).hexdigest()


def _without_docs(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_docs(value) for key, value in node.items() if key != "doc"}
    if isinstance(node, list):
        return [_without_docs(item) for item in node]
    return node


def definition_sha256(text: str) -> str:
    """SHA-256 of an `.avsc` without its docs: changes with a logical type or default, which the canonical form forgets."""
    return hashlib.sha256(json.dumps(_without_docs(json.loads(text)), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load_lock(folder: Path) -> SchemaLock:
    """Read `registry.lock.json`; ConfigError when it is missing, damaged or does not know a topic of the catalogue."""
    path = folder / LOCK_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        records = {subject: str(entry["record"]) for subject, entry in raw["subjects"].items()}
        versions = {
            subject: tuple(
                LockedVersion(int(row["id"]), int(number), str(row["sha256"]), str(row["definition_sha256"]))
                for number, row in sorted(entry["versions"].items(), key=lambda item: int(item[0]))
            )
            for subject, entry in raw["subjects"].items()
        }
        lock = SchemaLock(records, versions, int(raw["next_id"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"cannot read the lock of schema ids in {path}: {type(error).__name__}", code="bad_lock") from error
    missing = sorted(topic.subject for topic in CATALOGUE.values() if not lock.versions.get(topic.subject))
    if missing:
        raise ConfigError(f"{path} has no schema id for {', '.join(missing)}: run `hub schemas lock`", code="bad_lock")
    return lock
