"""Keeping the lock: what differs between schemas, released copies and lock, and how a new version is added."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hub.contract.compatibility import incompatibilities
from hub.contract.lock import LOCK_FILE, canonical_sha256, definition_sha256, load_lock, parse_schema, record_name
from hub.contract.topics import CATALOGUE, Topic
from hub.errors import ConfigError

__all__ = ["check_schemas", "lock_schemas", "released_texts"]

_DEAD_LETTER_RECORD = "DeadLetter"


def released_texts(folder: Path, record: str) -> dict[int, str]:
    """Every released version of a record, by version number, oldest first."""
    paths = sorted((folder / "released" / record).glob("*.avsc"), key=lambda path: int(path.stem))
    return {int(path.stem): path.read_text(encoding="utf-8") for path in paths}


def _current_texts(folder: Path) -> dict[str, str]:
    records = sorted({record_name(topic) for topic in CATALOGUE.values()})
    try:
        return {record: (folder / f"{record}.avsc").read_text(encoding="utf-8") for record in records}
    except OSError as error:
        raise ConfigError(f"cannot read the schemas in {folder}: {type(error).__name__}", code="bad_schema") from error


def _compatibility_faults(folder: Path, record: str, text: str) -> list[str]:
    current = parse_schema(text, f"{record}.avsc")
    faults = []
    for version, released in released_texts(folder, record).items():
        where = f"released/{record}/{version}.avsc"
        faults += [
            f"{record}.avsc against {where}: {fault}" for fault in incompatibilities(current, parse_schema(released, where))
        ]
    return faults


def _locked_faults(folder: Path, topic: Topic, current: str) -> list[str]:
    locked = load_lock(folder).versions[topic.subject]
    released = released_texts(folder, record_name(topic))
    faults = []
    for version in locked:
        where = f"released/{record_name(topic)}/{version.version}.avsc"
        text = released.get(version.version)
        if text is None:
            faults.append(f"{where} is missing, but {topic.subject} has an id for it")
        elif canonical_sha256(parse_schema(text, where)) != version.canonical or definition_sha256(text) != version.definition:
            faults.append(f"{where} is not what {LOCK_FILE} locked for {topic.subject}: a released schema never changes")
    if definition_sha256(current) != locked[-1].definition:
        faults.append(f"{record_name(topic)}.avsc has changed since {topic.subject} was locked: run `hub schemas lock`")
    return faults


def check_schemas(folder: Path) -> list[str]:
    """Every fault of the schemas, their released copies and the lock, in words; empty when all agree.

    ConfigError when the lock or a schema cannot be read at all.
    """
    texts = _current_texts(folder)
    faults = [fault for record, text in texts.items() for fault in _compatibility_faults(folder, record, text)]
    for topic in CATALOGUE.values():
        faults += _locked_faults(folder, topic, texts[record_name(topic)])
    return faults


def lock_schemas(folder: Path) -> list[str]:
    """Release what has changed: copy it to `released/` under the next version, and give each subject of it a fresh id.

    Returns the names of what was added (none: nothing had changed). Ids are only ever counted up; nothing is taken away.
    ConfigError, and nothing written, when a schema is not FULL_TRANSITIVE compatible with every version released before.
    """
    texts = _current_texts(folder)
    faults = [fault for record, text in texts.items() for fault in _compatibility_faults(folder, record, text)]
    if faults:
        raise ConfigError("not compatible: " + "; ".join(faults), code="incompatible_schema")
    path = folder / LOCK_FILE
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"next_id": 1, "subjects": {}}
    added = [name for record, text in texts.items() if (name := _release(folder, record, text))]
    dead_letter_ids: dict[str, int] = {}
    for topic in CATALOGUE.values():
        added += _lock_subject(raw, topic, released_texts(folder, record_name(topic)), dead_letter_ids)
    raw["subjects"] = dict(sorted(raw["subjects"].items()))
    path.write_text(json.dumps(raw, indent=2) + "\n", encoding="utf-8")
    return added


def _release(folder: Path, record: str, text: str) -> str | None:
    released = released_texts(folder, record)
    if released and definition_sha256(released[max(released)]) == definition_sha256(text):
        return None
    target = folder / "released" / record / f"{max(released, default=0) + 1}.avsc"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return str(target.relative_to(folder))


def _lock_subject(raw: dict[str, Any], topic: Topic, released: dict[int, str], dead_letter_ids: dict[str, int]) -> list[str]:
    record = record_name(topic)
    entry = raw["subjects"].setdefault(topic.subject, {"record": record, "versions": {}})
    added = []
    for version, text in released.items():
        row = entry["versions"].get(str(version))
        definition = definition_sha256(text)
        if row is None:
            # All dead letters are one schema with one id: their reader follows any of the topics.
            shared = dead_letter_ids.get(definition) if record == _DEAD_LETTER_RECORD else None
            schema_id = raw["next_id"] if shared is None else shared
            raw["next_id"] = max(raw["next_id"], schema_id + 1)
            sha256 = canonical_sha256(parse_schema(text, f"released/{record}/{version}.avsc"))
            row = entry["versions"][str(version)] = {"id": schema_id, "sha256": sha256, "definition_sha256": definition}
            added.append(f"{topic.subject} version {version}: id {schema_id}")
        if record == _DEAD_LETTER_RECORD:
            dead_letter_ids.setdefault(definition, row["id"])
    return added
