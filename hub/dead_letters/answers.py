"""What people answered to pauses of sources, and why: kept here, because the mark on Kafka is written over by the next pause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, delete, func, insert, select

from hub.database import UtcInstant
from hub.dead_letters.pauses import Mark
from hub.dead_letters.store import connected, database_file
from hub.settings import Settings

__all__ = ["Answer", "Answers"]

_REMEMBERED = 1000
_answers = Table(
    "answers",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("topic", String(64), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("answered_by", String(64), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("answered_at", UtcInstant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody let a source go on that had paused at offset `at`; `by` is an account's opaque id, `allowed` as in `Mark`."""

    topic: str
    partition: int
    at: int
    allowed: int
    by: str
    reason: str
    when: datetime


class Answers:
    """In the small database of dead letters. Every method may raise RetriableError."""

    def __init__(self, settings: Settings) -> None:
        self._file = database_file(settings)

    def add(self, marks: Iterable[Mark], allowed: int, by: str, reason: str, now: datetime) -> None:
        """Remember one answer to each; the oldest of very many are forgotten."""
        given = {"allowed": allowed, "answered_by": by, "reason": reason, "answered_at": now}
        rows = [{"topic": one.topic, "partition": one.partition, "offset": one.at} | given for one in marks]
        with connected(self._file) as connection:
            connection.execute(insert(_answers), rows)
            newest = connection.scalar(select(func.max(_answers.c.number)))
            connection.execute(delete(_answers).where(_answers.c.number <= (newest or 0) - _REMEMBERED))

    def newest(self, limit: int) -> list[Answer]:
        """The newest first."""
        if not self._file.is_file():
            return []
        with connected(self._file) as connection:
            rows = connection.execute(select(_answers).order_by(_answers.c.number.desc()).limit(limit)).all()
        return [Answer(*row[1:]) for row in rows]
