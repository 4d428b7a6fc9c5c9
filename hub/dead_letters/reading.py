"""Reads the dead-letter topics: where a record stands that a worker, delivery or the registry could not take, and why.

A bad record makes one dead letter of each process that reads it; here they are one, by the place of the record. Nothing of the
record itself stands in them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.contract.codec import Codec
from hub.contract.models import DeadLetter
from hub.contract.topics import CATALOGUE
from hub.errors import ContractError, RejectedError, RetriableError
from hub.kafka import Incoming, Reader
from hub.kafka_admin import begin_offsets, end_offsets

__all__ = ["DEAD_LETTER_TOPICS", "Place", "TopicLetter", "merged", "read_all"]

DEAD_LETTER_TOPICS = tuple(name for name, topic in CATALOGUE.items() if topic.message is DeadLetter)
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A record's place on Kafka. As text: `topic:partition:offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @staticmethod
    def of(text: str) -> Place:
        """The place that a text names. Raises RejectedError `no_such_letter` when it names none of the hub's topics."""
        topic, _, rest = text.partition(":")
        partition, _, offset = rest.partition(":")
        if topic not in CATALOGUE or not (partition.isdecimal() and offset.isdecimal() and len(offset) < 19):
            raise RejectedError("there is no such letter: see `hub dlq list`", code="no_such_letter")
        return Place(topic, int(partition), int(offset))


@dataclass(frozen=True, slots=True)
class TopicLetter:
    """One refused record: its place, the reason, who refused it (`stages`), how often it was tried in all, and since when."""

    place: Place
    reason: str
    stages: tuple[str, ...]
    attempts: int
    found_at: datetime


def merged(letters: Iterable[DeadLetter]) -> list[TopicLetter]:
    """One for each refused record, oldest first; the first reason stands."""
    found: dict[Place, TopicLetter] = {}
    for one in sorted(letters, key=lambda letter: letter.occurred_at):
        place = Place(one.origin_topic, one.origin_partition, one.origin_offset)
        known = found.get(place)
        if known is None:
            found[place] = TopicLetter(place, one.error_class, (one.stage,), one.attempts, one.occurred_at)
        else:
            stages = tuple(dict.fromkeys((*known.stages, one.stage)))
            found[place] = TopicLetter(place, known.reason, stages, known.attempts + one.attempts, known.found_at)
    return list(found.values())


def read_all(servers: str, codec: Codec) -> list[TopicLetter]:
    """All that the topics hold at present. What is no dead letter of the hub's, or names no topic of it, is passed over.

    Raises RetriableError when Kafka does not answer.
    """
    ends, begins = end_offsets(servers, DEAD_LETTER_TOPICS), begin_offsets(servers, DEAD_LETTER_TOPICS)
    missing = {place: end for place, end in ends.items() if end > begins.get(place, 0)}
    read: list[DeadLetter] = []
    reader = Reader(servers, sorted({topic for topic, _ in missing}), None, "hub-dlq")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while missing:
            records = reader.poll(_POLL_SECONDS, _AT_ONCE)
            read += [letter for record in records if (letter := _letter(record, codec)) is not None]
            reached = reader.caught_up() if not records else frozenset()
            for record in records:
                if record.offset + 1 >= missing.get((record.topic, record.partition), 0):
                    missing.pop((record.topic, record.partition), None)
            missing = {place: end for place, end in missing.items() if place not in reached}
            if time.monotonic() > deadline:
                raise RetriableError("Kafka does not give all dead letters in time", code="kafka")
    finally:
        reader.close()
    return merged(read)


def _letter(record: Incoming, codec: Codec) -> DeadLetter | None:
    try:
        message = codec.decode(CATALOGUE[record.topic], record.value)
    except ContractError:
        return None
    return message if isinstance(message, DeadLetter) and message.origin_topic in CATALOGUE else None
