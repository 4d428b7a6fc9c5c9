"""What a source told, in a form that can be compared. For tests only: it names persons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from hub.connector import (
    Batch,
    Cursor,
    PersonRecord,
    PlaceRecord,
    ProtectedPerson,
    RawMessage,
    Removal,
    StatutoryBatch,
    Unmapped,
)

__all__ = [
    "Fact",
    "Identity",
    "about",
    "content",
    "facts",
    "identity",
    "news",
    "persons_of",
    "raw",
    "refusals",
    "said",
    "since",
    "standing",
    "stored",
]

Fact: TypeAlias = PersonRecord | PlaceRecord
Identity: TypeAlias = tuple[str, str, str]


def identity(record: Fact) -> Identity:
    """What a correction keeps: kind, subject and the source's own id."""
    if isinstance(record, PersonRecord):
        return record.kind, record.person_id, record.source_id
    return "place", record.area, record.source_id


def about(batches: Iterable[Batch]) -> dict[tuple[str, str], str]:
    """Whom each fact about somebody was told of last, by kind and the source's own id; without what was retracted of her."""
    persons: dict[tuple[str, str], str] = {}
    for one in facts(batches):
        if isinstance(one, PersonRecord):
            fact, person = (str(one.kind), one.source_id), _spelt(one.person_id)
            if not one.retracted:
                persons[fact] = person
            elif persons.get(fact) == person:
                del persons[fact]
    return persons


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


def news(batches: Iterable[Batch]) -> set[str]:
    """What changes something: facts, and what takes facts back."""
    told = list(batches)
    removed = {
        repr((aside.kind, aside.source_ids, aside.but_of)) for each in told for aside in each.asides if isinstance(aside, Removal)
    }
    return {repr((*identity(one), content(one), one.retracted)) for one in facts(told)} | removed


def refusals(batches: Iterable[Batch]) -> list[Unmapped]:
    """The records that the source should not have said: each becomes a letter."""
    records = [record for batch in batches if not batch.retold for record in batch.records]
    return [record for record in records if isinstance(record, Unmapped) and not record.intentional]


def raw(batches: Iterable[StatutoryBatch]) -> set[tuple[str, bytes]]:
    """What the statutory store is given."""
    messages: list[RawMessage] = [one for batch in batches for one in batch.messages]
    return {(one.message_id, one.content) for one in messages}


def standing(batches: Iterable[Batch]) -> dict[Identity, str]:
    """What holds once all of it has been heard, in order: the last content of each fact that is not taken back."""
    stands: dict[Identity, str] = {}
    for batch in batches:
        for record in facts([batch]):
            if record.retracted:
                stands.pop(identity(record), None)
            else:
                stands[identity(record)] = content(record)
        for aside in batch.asides:
            if isinstance(aside, Removal):
                for one in [one for one in stands if _is_removed(one, aside)]:
                    del stands[one]
    return stands


def _is_removed(one: Identity, removal: Removal) -> bool:
    kind, person, source_id = one
    return kind == removal.kind and source_id in removal.source_ids and _spelt(person) != _spelt(removal.but_of)


def _spelt(person: str) -> str:
    """An identifier however it was written; without its century."""
    return re.sub(r"\W", "", person)[-10:]


def persons_of(batches: Iterable[Batch]) -> list[str]:
    """The identifiers of all persons that were told of, protected ones too."""
    told = list(batches)
    protected = {aside.person_id for each in told for aside in each.asides if isinstance(aside, ProtectedPerson)}
    return sorted(protected | {record.person_id for record in facts(told) if isinstance(record, PersonRecord)})


def stored(cursor: Cursor) -> Cursor | None:
    """A cursor as it comes back from the ledger."""
    return json.loads(json.dumps(cursor)) or None


def since(cursors: Sequence[Cursor], cursor: Cursor) -> int:
    """The place from which is told again under this cursor: behind the batch that brought it; an empty one is the beginning."""
    return cursors.index(cursor) + 1 if cursor else 0
