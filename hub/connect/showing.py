"""A record as an operator may see it before the gate: coded fields as the event would carry them, and never whose they are.

What is shown depends on the record alone, and not on anybody's consent: the record is checked in the name of nobody, as the gate
does it for whoever has no reference. A person is shown as readable or not; her identifier, and the source's own name for the
fact (which is a way back to her), stay in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.clock import stockholm_date
from hub.connect.gate import Origin, Publishable, Refused, judge_place, sound_person
from hub.connector import PersonRecord, PlaceRecord, Record, Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError

__all__ = ["MASKED", "Shown", "show"]

MASKED = "…"
"""Stands for a person, and for what would be keyed to her."""
_KEYED = frozenset({"youth_ref", "event_id"})
_GIVEN_LATER = frozenset({"revision", "recorded_at"})  # by the ledger and the clock, when it is published


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of one record up to the gate.

    `outcome`: `mapped` (sound; `fields` are the event's, `topic` where it would go), `unmapped` or `refused` (`reason` says why;
    `intentional` when that is as it should be). Of a refused record of a person no field is shown: it may hold anything.
    """

    outcome: str
    reason: str = ""
    intentional: bool = False
    topic: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def show(record: Record, origin: Origin, now: datetime) -> Shown:
    """The record as it may be seen; `now` is a UTC instant."""
    if isinstance(record, Unmapped):
        return Shown("unmapped", record.reason, record.intentional)
    verdict = _judged(record, origin, now)
    if isinstance(verdict, Refused):
        return Shown("refused", verdict.reason, verdict.intentional)
    fields = verdict.message.model_dump(mode="json", exclude=set(_GIVEN_LATER))
    if isinstance(record, PersonRecord):
        fields |= dict.fromkeys(_KEYED, MASKED)
    return Shown("mapped", topic=verdict.topic.name, fields=fields)


def _judged(record: PersonRecord | PlaceRecord, origin: Origin, now: datetime) -> Publishable | Refused:
    if isinstance(record, PlaceRecord):
        return judge_place(record, origin, now)
    try:
        canonical_identifier(record.person_id, today=stockholm_date(now))
    except RejectedError as error:
        return Refused(error.code, intentional=False)
    return sound_person(record, origin, now)
