"""What the inbox already holds of a batch's youths, areas and tasks: loaded in a few queries, kept true while it is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.contract.models import ConsentRecord, ConsentStatus, Erasure, Message, PresenceTask, ReferralTask
from hub.database import be_alone
from hub.delivery.readers import ReaderRow
from hub.delivery.rows import ids_of
from hub.delivery.tables import CountRow, PositionRow, ReferenceRow, TaskRow
from hub.kafka import Incoming

__all__ = ["Holding", "Standing", "alone_with_consents"]

_LOCK = 0x48554249  # any number that only those take who move consents, or tasks against them
_AT_ONCE = 500  # identities per query; databases bound the number of parameters
_Row = TypeVar("_Row", TaskRow, ReferenceRow, ReaderRow)


def alone_with_consents(session: Session) -> None:
    """Hold what the inbox holds while it takes a batch, until the transaction's end; the first thing in it.

    Whoever gives a task to another team by a consent must hold it: the inbox judges each task by the team that it finds, and
    leaves alone what may stay there, so that nothing else would tell the two that they met.
    """
    be_alone(session.connection(), _LOCK)


@dataclass(slots=True)
class Standing:
    """How far each partition was taken, and what became of the records: moved in the transaction of their effects."""

    session: Session
    positions: dict[tuple[str, int], PositionRow]
    counts: dict[tuple[str, str], CountRow]

    @classmethod
    def load(cls, session: Session) -> Standing:
        """All of it: a row per partition, and one per topic and outcome."""
        positions = {(row.topic, row.partition): row for row in session.scalars(select(PositionRow))}
        return cls(session, positions, {(row.topic, row.outcome): row for row in session.scalars(select(CountRow))})

    def is_new(self, record: Incoming) -> bool:
        """Whether the record lies behind what was taken of its partition; then it counts as taken."""
        place = (record.topic, record.partition)
        row = self.positions.get(place)
        if row is None:
            row = self.positions[place] = PositionRow(topic=record.topic, partition=record.partition, next_offset=0)
            self.session.add(row)
        if record.offset < row.next_offset:
            return False
        row.next_offset = record.offset + 1
        return True

    def count(self, topic: str, outcome: str) -> None:
        """One more record with this outcome."""
        row = self.counts.get((topic, outcome))
        if row is None:
            row = self.counts[topic, outcome] = CountRow(topic=topic, outcome=outcome, records=0)
            self.session.add(row)
        row.records += 1


class Holding:
    """Tasks and consents that the messages of one batch may touch."""

    def __init__(self, session: Session, messages: Sequence[Message]) -> None:
        self._session = session
        youths = {one.youth_ref for one in messages if isinstance(one, ConsentRecord | Erasure | ReferralTask)}
        areas = {one.area for one in messages if isinstance(one, PresenceTask)}
        wanted = {one.task_id for one in messages if isinstance(one, ReferralTask | PresenceTask)}
        self._references = {row.youth_ref: row for row in _load(session, ReferenceRow, ReferenceRow.youth_ref, youths)}
        self._consents = {ref: ConsentRecord.model_validate_json(row.record) for ref, row in self._references.items()}
        self._tasks = {row.task_id: row for row in _load(session, TaskRow, TaskRow.subject, youths | areas)}
        # Erased ones have no subject any more, but their ids are not to be used again.
        self._tasks |= {row.task_id: row for row in _load(session, TaskRow, TaskRow.task_id, wanted - self._tasks.keys())}
        of_youths = [row.task_id for row in self._tasks.values() if row.kind == "referral"]
        readers = (
            *_load(session, ReaderRow, ReaderRow.task_id, of_youths),
            *_load(session, ReaderRow, ReaderRow.recall_of, youths),
        )
        self._readers: dict[str, list[ReaderRow]] = {}
        for reader in {row.id: row for row in readers}.values():
            self._readers.setdefault(reader.task_id, []).append(reader)
        self._by_subject: dict[str, list[TaskRow]] = {}
        for row in self._tasks.values():
            self._by_subject.setdefault(row.subject or "", []).append(row)
        self._freed: set[str] = set()

    def task(self, task_id: str, subject: str) -> TaskRow | None:
        """The task of that id, open or not, or the one of that subject that stands for it."""
        found = self._tasks.get(task_id)
        if found is not None:
            return found
        return next((row for row in self.of_subject(subject) if row.stands_for and task_id in ids_of(row)), None)

    def open_by_key(self, open_key: str, subject: str) -> TaskRow | None:
        """The one open task of a subject under that key."""
        return next((row for row in self.of_subject(subject) if row.open_key == open_key), None)

    def at_other_teams(self, open_key: str, task: ReferralTask) -> list[TaskRow]:
        """The open tasks of the same youth and rule that have ground, and another key: another team has them."""
        return [
            row
            for row in self.of_subject(task.youth_ref)
            if row.rule_id == task.rule_id and row.open_key not in (None, open_key) and row.payload and row.ground_lost_at is None
        ]

    def of_subject(self, subject: str) -> list[TaskRow]:
        """Every task of a reference or an area; not those whose subject was erased."""
        return [row for row in self._by_subject.get(subject, ()) if row.subject == subject]

    def readers(self, row: TaskRow) -> list[ReaderRow]:
        """The teams that have opened a task."""
        return self._readers.get(row.task_id, [])

    def recalled_of(self, youth_ref: str) -> list[ReaderRow]:
        """From whom a withdrawal of this reference took a task back, as far as their acknowledgement has not been told."""
        return [reader for of_task in self._readers.values() for reader in of_task if reader.recall_of == youth_ref]

    def add(self, row: TaskRow) -> None:
        """A new task."""
        if row.open_key in self._freed:
            self._session.flush()  # its predecessor must have let go of the key: inserts go before updates
        self._session.add(row)
        self._tasks[row.task_id] = row
        self._by_subject.setdefault(row.subject or "", []).append(row)

    def close(self, row: TaskRow) -> None:
        """The task is open no more; another may take its place."""
        if row.open_key is not None:
            self._freed.add(row.open_key)
        row.open_key = None

    def consent(self, youth_ref: str) -> ConsentRecord | None:
        """The newest consent record taken; None when none was."""
        return self._consents.get(youth_ref)

    def keep(self, consent: ConsentRecord) -> None:
        """Remember it as the newest."""
        row = self._references.get(consent.youth_ref)
        if row is None:
            row = self._references[consent.youth_ref] = ReferenceRow(youth_ref=consent.youth_ref)
            self._session.add(row)
        row.version, row.record = consent.version, consent.model_dump_json()
        self._consents[consent.youth_ref] = consent

    def is_withdrawn(self, youth_ref: str) -> bool:
        """Whether the reference is withdrawn, which is for ever."""
        held = self._consents.get(youth_ref)
        return held is not None and held.status is ConsentStatus.WITHDRAWN


def _load(
    session: Session,
    table: type[_Row],
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
    names: Iterable[str],
) -> Iterator[_Row]:
    wanted = sorted(names)
    for start in range(0, len(wanted), _AT_ONCE):
        yield from session.scalars(select(table).where(column.in_(wanted[start : start + _AT_ONCE])))
