"""Deletions of a source that names no persons: which published facts they mean, and the retractions of those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from hub.connect.gate import Origin, Publishable, sound_person
from hub.connect.ports import Entry
from hub.connector import PersonRecord, Removal
from hub.contract import ids

__all__ = ["Told", "retractions"]

Told = Mapping[str, Mapping[str, datetime | None]]
"""Reference → event identity → when the fact occurred, of everything that was published or may have been (None: unknown)."""


def retractions(
    removals: Sequence[tuple[Removal, str]], entries: Iterable[Entry], told: Told, origin: Origin, now: datetime
) -> Iterator[Publishable]:
    """The retraction of every published fact that a removal means, but for those of the reference beside it ("": of nobody).

    Only what was told is found, whoever the source names, and whether or not consent would let it be told now.
    """
    for entry in entries:
        published = told.get(entry.youth_ref)
        if not published:
            continue
        for removal, kept in removals:
            for source_id in removal.source_ids if entry.youth_ref != kept else ():
                identity = ids.event_id(entry.link_key, removal.kind, source_id)
                if identity in published:
                    at = published[identity] or now
                    record = PersonRecord(removal.kind, "", source_id, at, removal.body, retracted=True)
                    verdict = sound_person(record, origin, now, entry)
                    if isinstance(verdict, Publishable):
                        yield verdict
