"""Sources that a worker has paused for their dead letters, where everybody finds them: said by the worker, answered by people.

A mark stands for each (topic, partition): the worker writes that it paused there, somebody answers by writing that it may go on,
and the worker takes the answer to that very pause and to no other. So neither loses the other, whoever is down meanwhile. Workers
have no database and may run on machines that share no folder: the marks stand in Kafka, as committed offsets of a group that
nobody joins, which is Kafka's own place for "so far, and what is to be said of it". No topic, and no record of anybody.

A mark that Kafka has let go of (`offsets.retention.minutes` without a change; the embedded broker keeps them for 90 days) is
written again by a worker that is still paused. Then the answer is missing, too: give it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import GroupIdNotFoundError, KafkaError, NoError
from kafka.structs import OffsetAndMetadata
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from hub.errors import RetriableError
from hub.kafka_admin import AWAY, reach

__all__ = ["Board", "KafkaBoard", "Mark", "MemoryBoard", "marks_group"]

_Answer = TypeVar("_Answer")
_FORM = 1
_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """One source. `at`: the first offset that was not taken; `letters` of the last `records` were dead letters; `since` is a Unix
    time in seconds. `resumed`: somebody has said that it may go on, with `allowed` more dead letters before they count.
    """

    topic: str
    partition: int
    at: int
    letters: int
    records: int
    since: int
    resumed: bool = False
    allowed: int = 0

    def answered(self, allowed: int) -> Mark:
        """The same, with leave to go on."""
        return replace(self, resumed=True, allowed=allowed)

    def metadata(self) -> str:
        """What stands beside the offset."""
        told = [_FORM, self.letters, self.records, self.since, int(self.resumed), self.allowed]
        return json.dumps(told, separators=(",", ":"))

    @staticmethod
    def of(topic: str, partition: int, at: int, metadata: str) -> Mark | None:
        """A mark that was read; None for what no hub wrote, or a newer one."""
        try:
            form, letters, records, since, resumed, allowed = json.loads(metadata)
        except (ValueError, TypeError):
            return None
        if form != _FORM:
            return None
        return Mark(topic, partition, at, letters, records, since, bool(resumed), allowed)


class Board(Protocol):
    """Where the marks stand. Every method raises RetriableError when it cannot be reached."""

    def read(self) -> Mapping[tuple[str, int], Mark]:
        """Every mark, by topic and partition."""
        ...

    def write(self, marks: Iterable[Mark]) -> None:
        """Put these in the place of what stood there."""
        ...

    def clear(self) -> None:
        """Forget every mark."""
        ...


class MemoryBoard:
    """The in-memory twin."""

    def __init__(self) -> None:
        self.marks: dict[tuple[str, int], Mark] = {}

    def read(self) -> Mapping[tuple[str, int], Mark]:
        """See `Board.read`."""
        return dict(self.marks)

    def write(self, marks: Iterable[Mark]) -> None:
        """See `Board.write`."""
        self.marks |= {(one.topic, one.partition): one for one in marks}

    def clear(self) -> None:
        """See `Board.clear`."""
        self.marks.clear()


def marks_group(worker_group: str) -> str:
    """The group whose offsets they are."""
    return f"{worker_group}-pauses"


class KafkaBoard:
    """The board of an installation's workers; connects for each call."""

    def __init__(self, bootstrap_servers: str, worker_group: str) -> None:
        self._servers = bootstrap_servers
        self._group = marks_group(worker_group)

    def read(self) -> Mapping[tuple[str, int], Mark]:
        """See `Board.read`."""
        found = self._asked(lambda admin: admin.list_group_offsets({self._group: None})[self._group])
        marks = (Mark.of(where.topic, where.partition, one.offset, one.metadata) for where, one in found.items())
        return {(one.topic, one.partition): one for one in marks if one is not None}

    def write(self, marks: Iterable[Mark]) -> None:
        """See `Board.write`."""
        wanted = {TopicPartition(one.topic, one.partition): OffsetAndMetadata(one.at, one.metadata(), -1) for one in marks}

        def commit(admin: Any) -> None:
            for error in admin.alter_group_offsets(self._group, wanted).values():
                if error is not NoError:
                    raise error

        if wanted:
            self._asked(commit)

    def clear(self) -> None:
        """See `Board.clear`."""
        answer = dict(self._asked(lambda admin: admin.delete_groups([self._group])))[self._group]
        if answer not in {"OK", GroupIdNotFoundError.__name__}:
            raise RetriableError(f"Kafka did not forget the marks: {answer}", code="kafka")

    def _asked(self, ask: Callable[[Any], _Answer]) -> _Answer:
        """Asked again for a while where a broker has just started, or the topic of the offsets is only being made."""
        reach(self._servers)
        retrying = Retrying(
            stop=stop_after_delay(_PATIENCE_SECONDS),
            wait=wait_exponential_jitter(multiplier=0.1, max=2.0),
            retry=retry_if_exception(lambda error: isinstance(error, KafkaError) and bool(error.retriable)),
            reraise=True,
        )
        try:
            admin = KafkaAdminClient(bootstrap_servers=self._servers, client_id="hub-pauses", bootstrap_timeout_ms=10_000)
            try:
                return retrying(ask, admin)
            finally:
                admin.close()
        except AWAY as error:
            raise RetriableError(f"Kafka at {self._servers} did not answer: {type(error).__name__}", code="kafka") from error
