"""The coded result on its way from the officer to the connector: sealed under a key of the source agency's, until published."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from hub.connector import Notice, PersonRecord
from hub.contract.models import InfoKind, PoliceCategory
from hub.sealed import Seal

__all__ = ["CodedNotice", "CodingSeal"]


@dataclass(frozen=True, slots=True)
class CodedNotice:
    """What the officer says of one report. `subjects`: place in the message and identifier, of each person it is about.

    `occurred_at` is aware, `area` an area code of the installation or None.
    """

    message_id: str = field(repr=False)
    subjects: tuple[tuple[int, str], ...] = field(repr=False)
    category: PoliceCategory
    occurred_at: datetime
    area: str | None
    may_tell_youth: bool

    def records(self) -> list[PersonRecord]:
        """One record per person, under the source ids that the connector's own mapping gives (`Connector.read_draft`)."""
        notice = Notice(category=self.category, area=self.area, may_tell_youth=self.may_tell_youth)
        return [
            PersonRecord(InfoKind.POLICE_NOTICE, person_id, f"{self.message_id}#{place}", self.occurred_at, notice)
            for place, person_id in self.subjects
        ]


class CodingSeal:
    """Seals and opens (AES-256-GCM), bound to the instance and the notice. `agency_key` has 32 bytes."""

    def __init__(self, agency_key: bytes, instance: str) -> None:
        self._seal = Seal(agency_key, b"hub coded notices")
        self._instance = instance

    def seal(self, number: str, coded: CodedNotice) -> bytes:
        """As it may lie on disk."""
        text = json.dumps(
            {
                "message_id": coded.message_id,
                "subjects": coded.subjects,
                "category": coded.category.value,
                "occurred_at": coded.occurred_at.isoformat(),
                "area": coded.area,
                "may_tell_youth": coded.may_tell_youth,
            }
        )
        return self._seal.seal(self._bound(number), text.encode())

    def open(self, number: str, sealed: bytes) -> CodedNotice | None:
        """What was sealed; None when it was under another key, or for another notice."""
        content = self._seal.open(self._bound(number), sealed)
        if content is None:
            return None
        fields = json.loads(content)
        return CodedNotice(
            message_id=fields["message_id"],
            subjects=tuple((int(place), str(person_id)) for place, person_id in fields["subjects"]),
            category=PoliceCategory(fields["category"]),
            occurred_at=datetime.fromisoformat(fields["occurred_at"]),
            area=fields["area"],
            may_tell_youth=bool(fields["may_tell_youth"]),
        )

    def _bound(self, number: str) -> bytes:
        return f"{self._instance}\x00{number}".encode()
