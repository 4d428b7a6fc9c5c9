"""Reads the erasure receipts of workers, delivery and connectors, and stores each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from hub.contract.ids import valid_key
from hub.contract.models import DeadLetter, Erasure, ErasureKind, Message
from hub.contract.topics import ERASURES, Topic, dead_letter_topic
from hub.errors import ContractError
from hub.kafka import Incoming
from hub.logs import get_logger
from hub.metrics import REGISTRY_MESSAGES
from hub.registry.erasures import record_receipt
from hub.registry.registry import Registry
from hub.registry.removal import received_later
from hub.registry.work import Work

__all__ = ["Decode", "Reads", "Receipts"]

_MAX_RECORDS = 100  # in one transaction: whoever else writes waits so long
_STAGE = "registry"
_log = get_logger(__name__)
Decode = Callable[[Topic, bytes | None], Message]


class Reads(Protocol):
    """The part of `hub.kafka.Reader` that is needed here."""

    def poll(self, timeout_seconds: float, max_records: int) -> list[Incoming]:
        """What came, in order per partition."""
        ...

    def commit(self) -> None:
        """Commit everything polled so far."""
        ...


class Receipts:
    """A loop's body. Receipts are stored before the offsets are committed: at least once, and a repeat changes nothing.

    `bound`: how long a record of this topic may lie on the disks (`hub.erasure_bounds`).
    """

    def __init__(self, registry: Registry, reader: Reads, decode: Decode, bound: timedelta) -> None:
        self._registry = registry
        self._reader = reader
        self._decode = decode
        self._bound = bound

    def run_once(self, timeout_seconds: float = 0.5) -> int:
        """Take what came; the answer is the number of receipts that answered a request. Raises RetriableError."""
        records = self._reader.poll(timeout_seconds, _MAX_RECORDS)
        if not records:
            return 0
        refused: list[str] = []
        with self._registry.work() as work:
            stored = sum(self._take(work, record, refused) for record in records)
        for code in refused:
            REGISTRY_MESSAGES.labels(topic=ERASURES.name, outcome="dead_lettered", reason=code).inc()
        self._reader.commit()
        return stored

    def _take(self, work: Work, record: Incoming, refused: list[str]) -> bool:
        try:
            message = self._read(record)
        except ContractError as error:
            self._dead_letter(work, record, error.code)
            refused.append(error.code)
            return False
        if message.kind is not ErasureKind.RECEIPT:
            return False  # our own requests come by here too
        if not record_receipt(work.session, message, work.now):
            return False
        received_later(work, message.erasure_id, record.offset, self._bound)
        return True

    def _read(self, record: Incoming) -> Erasure:
        """The message, when it and its key tell of the same reference: whoever else reads the topic asks that, too."""
        key = valid_key(ERASURES.key, record.key)
        if key is None:
            raise ContractError("the key has not the form of its topic", code="bad_key")
        message = self._decode(ERASURES, record.value)
        if not isinstance(message, Erasure) or message.youth_ref != key:
            raise ContractError("the key is not that of the message", code="key_mismatch")
        return message

    def _dead_letter(self, work: Work, record: Incoming, code: str) -> None:
        letter = DeadLetter(
            origin_topic=record.topic,
            origin_partition=record.partition,
            origin_offset=record.offset,
            stage=_STAGE,
            error_class=code,
            attempts=1,
            occurred_at=work.now,
        )
        topic = dead_letter_topic(ERASURES)
        _log.warning("a record of the erasure topic was refused", code=code, partition=record.partition, offset=record.offset)
        identity = f"{record.topic}:{record.partition}:{record.offset}:{_STAGE}"  # a repeat makes no other letter
        work.send(topic, valid_key(topic.key, record.key), letter, event_id=identity)
