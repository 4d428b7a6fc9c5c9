"""The simulator's data: entities in the standard's own shapes, each perhaps in several versions, serialised once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.ss12000.instants import parse_instant
from hub.errors import ConfigError

__all__ = ["DELETED", "OPERATIONS", "Dataset", "Deletion", "Entity", "Event", "Version", "load_dataset", "load_deletions"]

OPERATIONS = ("organisations", "persons", "groups", "activities", "calendarEvents", "absences")
DELETED = "deletedEntities"
_NEEDED = frozenset({"persons", "calendarEvents"})
_ALWAYS = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an entity, from `known_at` on. `row` is kept only where filters ask for its fields."""

    known_at: datetime
    body: bytes = field(repr=False)
    row: dict[str, Any] = field(default_factory=dict, repr=False)
    start: datetime | None = None
    end: datetime | None = None


class Entity:
    """All versions of one id, until it is deleted."""

    def __init__(self, versions: list[Version], deleted_at: datetime | None = None) -> None:
        self._newest_first = sorted(versions, key=lambda version: version.known_at, reverse=True)
        self._deleted_at = deleted_at

    @property
    def last_known_at(self) -> datetime:
        """When its last version became known, or when it was deleted."""
        return self._deleted_at or self._newest_first[0].known_at

    @property
    def starts(self) -> datetime:
        """Start of its last version; what has none sorts first."""
        return self._newest_first[0].start or _ALWAYS

    def visible(self, at: datetime) -> Version | None:
        """The newest version known at that instant."""
        if self._deleted_at is not None and self._deleted_at <= at:
            return None
        return next((version for version in self._newest_first if version.known_at <= at), None)


class Event(Entity):
    """A calendar event: visible once it has begun, with the attendance known by then."""

    def __init__(self, versions: list[Version], marks: dict[str, Entity], deleted_at: datetime | None) -> None:
        super().__init__(versions, deleted_at)
        self.marks = marks
        self._attendance = list(marks.values())
        self._settled_at = max((entity.last_known_at for entity in self._attendance), default=_ALWAYS)
        self._settled: bytes | None = None

    def visible(self, at: datetime) -> Version | None:
        version = super().visible(at)
        return version if version is not None and (version.start or _ALWAYS) <= at else None

    def attendance(self, at: datetime) -> bytes:
        """The JSON array of its attendance as known at that instant; joined once when nothing changes any more."""
        if at < self._settled_at:
            return self._joined(at)
        if self._settled is None:
            self._settled = self._joined(at)
        return self._settled

    def _joined(self, at: datetime) -> bytes:
        known = (entity.visible(at) for entity in self._attendance)
        return b"[" + b",".join(version.body for version in known if version is not None) + b"]"


Dataset = dict[str, dict[str, Entity]]
"""Operation → id → entity, in the order in which lists are served."""


def load_dataset(folder: Path) -> Dataset:
    """Read `<operation>.json` (an array) or `<operation>.jsonl` (one entity per line) of the folder.

    Raises ConfigError `bad_dataset` that names the file.
    """
    deleted = {deletion.key: deletion.at for deletion in load_deletions(folder)}
    dataset: Dataset = {operation: _entities(folder, operation, deleted) for operation in OPERATIONS}
    lessons = (entity for entity in dataset["calendarEvents"].values() if isinstance(entity, Event))
    dataset["attendances"] = {key: mark for lesson in lessons for key, mark in lesson.marks.items()}
    missing = [operation for operation in sorted(_NEEDED) if not dataset[operation]]
    if missing:
        raise ConfigError(f"ss12000 simulator: the dataset folder lacks {' and '.join(missing)}.json", code="bad_dataset")
    return dataset


@dataclass(frozen=True, slots=True)
class Deletion:
    """`entity` as the standard names the kind (EndPointsEnum)."""

    entity: str
    key: str
    at: datetime


def load_deletions(folder: Path) -> list[Deletion]:
    """`deletedEntities.json`: an array of `{"entity", "id", "deletedAt"}`. Raises as `load_dataset`."""
    try:
        return [_deletion(row) for row in _rows(folder, DELETED)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"ss12000 simulator: {DELETED}.json is not as its README says", code="bad_dataset") from error


def _deletion(row: dict[str, Any]) -> Deletion:
    at = parse_instant(row["deletedAt"])
    if at is None:
        raise ValueError("deletedAt is no instant")
    return Deletion(row["entity"], row["id"], at)


def _entities(folder: Path, operation: str, deleted: dict[str, datetime]) -> dict[str, Entity]:
    versions: dict[str, list[Version]] = {}
    attendance: dict[str, dict[str, list[Version]]] = {}
    try:
        for row in _rows(folder, operation):
            embedded = row.pop("_embedded", {}) if operation == "calendarEvents" else {}
            versions.setdefault(row["id"], []).append(_version(row))
            for item in embedded.get("attendance", ()):
                attendance.setdefault(row["id"], {}).setdefault(item["id"], []).append(_attendance_version(item))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"ss12000 simulator: {operation}.json is not as its README says", code="bad_dataset") from error
    entities: dict[str, Entity] = {}
    for key, own in versions.items():
        marks = {mark: Entity(item, deleted.get(mark)) for mark, item in attendance.get(key, {}).items()}
        gone = deleted.get(key)
        entities[key] = Event(own, marks, gone) if operation == "calendarEvents" else Entity(own, gone)
    return dict(sorted(entities.items(), key=lambda pair: (pair[1].starts, pair[0])))


def _rows(folder: Path, operation: str) -> Iterator[dict[str, Any]]:
    lines, whole = folder / f"{operation}.jsonl", folder / f"{operation}.json"
    if lines.is_file():
        with lines.open(encoding="utf-8") as stream:
            yield from (json.loads(line) for line in stream if line.strip())
    elif whole.is_file():
        content = json.loads(whole.read_text(encoding="utf-8"))
        yield from content["data"] if isinstance(content, dict) else content


def _version(row: dict[str, Any]) -> Version:
    return Version(
        known_at=_known_at(row),
        body=_serialised(row),
        row=row,
        start=parse_instant(row.get("startTime")),
        end=parse_instant(row.get("endTime")),
    )


def _attendance_version(row: dict[str, Any]) -> Version:
    reported = parse_instant(row.get("reportedTimestamp")) or _ALWAYS
    return Version(known_at=max(reported, _known_at(row)), body=_serialised(row))


def _known_at(row: dict[str, Any]) -> datetime:
    modified = parse_instant(row["meta"]["modified"])
    if modified is None:
        raise ValueError("meta.modified is no instant")
    return modified


def _serialised(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
