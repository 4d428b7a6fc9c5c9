"""What a source told, in a form that can be compared. For tests only: it names persons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from hub.connector import Batch, Cursor, PersonRecord, PlaceRecord, Unmapped

__all__ = ["Fact", "content", "facts", "identity", "persons_of", "said", "stored"]

Fact: TypeAlias = PersonRecord | PlaceRecord
Identity: TypeAlias = tuple[str, str, str]


def identity(record: Fact) -> Identity:
    """What a correction keeps: kind, subject and the source's own id."""
    if isinstance(record, PersonRecord):
        return record.kind, record.person_id, record.source_id
    return "place", record.area, record.source_id


def content(record: Fact) -> str:
    """What a correction changes."""
    return repr((record.occurred_at, record.body.model_dump_json(), record.fingerprint))


def facts(batches: Iterable[Batch], *, retold: bool = True) -> list[Fact]:
    """Records about somebody or some place, in order; without those of a stretch that is read again when asked so."""
    kept = [batch for batch in batches if retold or not batch.retold]
    return [record for batch in kept for record in batch.records if not isinstance(record, Unmapped)]


def said(batches: Iterable[Batch], *, retold: bool = True) -> list[str]:
    """Every record, whole, as text."""
    kept = [batch for batch in batches if retold or not batch.retold]
    return [
        repr((record.reason, record.intentional))
        if isinstance(record, Unmapped)
        else repr((*identity(record), content(record), record.retracted))
        for batch in kept
        for record in batch.records
    ]


def persons_of(batches: Iterable[Batch]) -> list[str]:
    """The identifiers of all persons that were told of."""
    return sorted({record.person_id for record in facts(batches) if isinstance(record, PersonRecord)})


def stored(cursor: Cursor) -> Cursor | None:
    """A cursor as it comes back from the ledger."""
    return json.loads(json.dumps(cursor)) or None


def since(cursors: Sequence[Cursor], cursor: Cursor) -> int:
    """The place from which is told again under this cursor: behind the batch that brought it; an empty one is the beginning."""
    return cursors.index(cursor) + 1 if cursor else 0
