"""Writes a record again that could not be taken, once it can be: read from where it stands, and judged as of now.

The record itself is the only copy, at its place until its topic lets go of it. It is written under its own identity, so that
twice has one effect; the reader decides everything again, consent included. Before it is written consent is looked up here too:
a copy of what a withdrawn youth left would outlive the bound that was promised for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from hub.contract.cloudevents import cloud_event_id
from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import (
    ConsentRecord,
    ConsentStatus,
    Message,
    PersonEvent,
    PlaceEvent,
    PresenceTask,
    ReferralTask,
)
from hub.contract.topics import (
    CATALOGUE,
    CONSENTS,
    PLACE_EVENTS,
    POLICE_NOTICES,
    PRESENCE_TASKS,
    RISK_EVENTS,
    SCHOOL_ABSENCES,
    TASKS_OUTREACH,
    TASKS_SIG,
    KeyKind,
    Topic,
)
from hub.dead_letters.reading import Place
from hub.errors import ContractError
from hub.kafka import Incoming, Outgoing, outgoing

__all__ = ["LINK_HEADER", "REDRIVABLE", "Judged", "Redriver", "Standing"]

LINK_HEADER = "hub_redriven_from"
"""On a record that was written again: the place of the one that could not be taken."""
REDRIVABLE = frozenset({SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS, PLACE_EVENTS, TASKS_OUTREACH, TASKS_SIG, PRESENCE_TASKS})
"""Events and tasks. What steers the hub (consents, erasures, rules) is told anew by whoever holds it: an old record of it,
written last, would be taken for the newest.
"""
_SOURCE = "/hub/dlq"


class Standing(Protocol):
    """`hub.kafka_places.KafkaPlaces`, or its twin in memory."""

    def record_at(self, topic: str, partition: int, offset: int) -> Incoming | None:
        """The record at that very place; None when it is gone."""
        ...

    def newest_of(self, topic: str, key: bytes) -> Incoming | None:
        """The last record of a key on a topic."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a record could be written again now: its message, or the reason why not."""

    reason: str = ""
    message: Message | None = None
    key: bytes = b""


class Redriver:
    """`publish` returns when Kafka has acknowledged."""

    def __init__(self, standing: Standing, codec: Codec, publish: Callable[[list[Outgoing]], object]) -> None:
        self._standing = standing
        self._codec = codec
        self._publish = publish

    def judge(self, place: Place) -> Judged:
        """Look, and do nothing. Reasons: `not_redrivable`, `gone`, `bad_key`, `key_mismatch`, `no_consent_now`, or the codec's.

        Raises RetriableError when Kafka does not answer.
        """
        topic = CATALOGUE[place.topic]
        if topic not in REDRIVABLE:
            return Judged("not_redrivable")
        record = self._standing.record_at(place.topic, place.partition, place.offset)
        if record is None:
            return Judged("gone")
        try:
            key, message = self._read(topic, record)
        except ContractError as error:
            return Judged(error.code)
        if topic.key is KeyKind.YOUTH_REF and not self._in_force(key):
            return Judged("no_consent_now")
        return Judged("", message, key)

    def _read(self, topic: Topic, record: Incoming) -> tuple[bytes, Message]:
        """Key and message, as a worker would take them. Raises ContractError."""
        key = valid_key(topic.key, record.key)
        if key is None:
            raise ContractError(f"a key on {topic.name} is not of its form", code="bad_key")
        message = self._codec.decode(topic, record.value)
        if key != _subject(message):
            raise ContractError(f"key and message on {topic.name} name different subjects", code="key_mismatch")
        return key.encode(), message

    def redrive(self, place: Place) -> str:
        """Write the record again, and return when it is acknowledged; the answer is the reason why not, or empty."""
        judged = self.judge(place)
        if judged.message is None:
            return judged.reason
        identity, time = _identity(judged.message)
        record = outgoing(self._codec, CATALOGUE[place.topic], judged.key, judged.message, id=identity, source=_SOURCE, time=time)
        self._publish([replace(record, headers=(*record.headers, (LINK_HEADER, str(place).encode())))])
        return ""

    def _in_force(self, key: bytes) -> bool:
        newest = self._standing.newest_of(CONSENTS.name, key)
        try:
            consent = self._codec.decode(CONSENTS, newest.value) if newest else None
        except ContractError:
            return False
        return isinstance(consent, ConsentRecord) and consent.status is ConsentStatus.IN_FORCE


def _subject(message: Message) -> str:
    return str(getattr(message, "youth_ref", None) or getattr(message, "area", ""))


def _identity(message: Message) -> tuple[str, datetime]:
    """Its id, and the time that it tells of, for CloudEvents."""
    if isinstance(message, PersonEvent | PlaceEvent):
        return cloud_event_id(message), message.occurred_at
    if isinstance(message, ReferralTask | PresenceTask):
        return message.task_id, message.created_at
    raise TypeError(type(message).__name__)
