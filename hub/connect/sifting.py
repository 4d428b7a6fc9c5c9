"""Takes records through the gate, and tells what may go from what stays, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub.connect.figures import GateFigures
from hub.connect.gate import Origin, Publishable, Refused, Verdict, judge_person, judge_place, withhold
from hub.connect.ledger import Tally
from hub.connect.ports import SubjectDirectory
from hub.connector import PersonRecord, PlaceRecord, Record, Unmapped
from hub.errors import RejectedError

__all__ = ["Sifted", "Sifting"]


@dataclass(slots=True)
class Sifted:
    """What may go, and what takes back what was told otherwise; records by (outcome, reason) that do not go; and by place, why a
    record was refused for what it is.

    `refused` depends on the records alone: what consent keeps out is not in it.
    """

    publishable: list[Publishable] = field(default_factory=list)
    counts: Tally = field(default_factory=Counter)
    refused: dict[int, str] = field(default_factory=dict)


class Sifting:
    """One instance's; for one thread."""

    def __init__(self, origin: Origin, directory: SubjectDirectory | None, figures: GateFigures) -> None:
        self._origin = origin
        self._directory = directory
        self._figures = figures

    def __call__(self, records: Iterable[Record], now: datetime) -> Sifted:
        """Judge every record, as of `now`."""
        sifted = Sifted()
        for place, record in enumerate(records):
            if isinstance(record, Unmapped):
                sifted.counts["unmapped", record.reason] += 1
                if not record.intentional:
                    sifted.refused[place] = record.reason
            else:
                self._take(place, record, self._judge(record, now, sifted), now, sifted)
        return sifted

    def _take(self, place: int, record: PersonRecord | PlaceRecord, verdict: Verdict, now: datetime, sifted: Sifted) -> None:
        if isinstance(record, PersonRecord) and (isinstance(verdict, Publishable) or verdict.intentional):
            sifted.counts["handled", ""] += 1
            self._figures.note(record.person_id, verdict, now)
        if isinstance(verdict, Publishable):
            sifted.publishable.append(verdict)
        elif verdict.intentional and record.retracted:
            sifted.counts["unchanged", ""] += 1  # what was told of it is taken back beside this
        else:
            sifted.counts["refused", verdict.reason] += 1
            if not verdict.intentional:
                sifted.refused[place] = verdict.reason

    def _judge(self, record: PersonRecord | PlaceRecord, now: datetime, sifted: Sifted) -> Verdict:
        if isinstance(record, PlaceRecord):
            return judge_place(record, self._origin, now)
        if self._directory is None:
            return Refused("kind_not_allowed", intentional=False)
        try:
            entry = self._directory.lookup(record.person_id)
        except RejectedError as error:
            return Refused(error.code, intentional=False)
        verdict = judge_person(record, entry, self._origin, now)
        if entry is not None and isinstance(verdict, Refused) and verdict.intentional:
            untold = withhold(record, entry, self._origin, now)
            sifted.publishable += [untold] if untold is not None else []
        return verdict
