"""A look at what the worker holds of one youth, in its changelog: for an answer to somebody, never to act on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.core.rules import CompiledRules
from hub.core.state import StateError, YouthState, from_bytes
from hub.errors import ConfigError, FatalError, RejectedError, RetriableError
from hub.kafka import Incoming
from hub.runtime.effects import RULES_KEY
from hub.runtime.fence import Fence, epoch_of
from hub.runtime.rulebook import Rulebook
from hub.runtime.timers import unsealed

__all__ = ["Changelogs", "Held", "read_held"]


class Changelogs(Protocol):
    """`hub.kafka_places.KafkaPlaces`, or its twin in memory."""

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        """The offset that the next record of each (topic, partition) will get; ConfigError for a topic that does not exist."""
        ...

    def partition_of(self, key: bytes, partitions: int) -> int:
        """Where every client of the hub puts a key."""
        ...

    def each(self, topic: str, partition: int, note: Callable[[Incoming], None]) -> None:
        """Show every record of a partition, in order, up to its present end."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A state, and the rules that its partition steps with; `titles`: what those are called, by language and id."""

    state: YouthState
    rules: CompiledRules
    titles: Mapping[str, Mapping[str, str]]


def read_held(
    changelogs: Changelogs,
    topic: str,
    reference: str,
    told: Callable[[str], None] = lambda _line: None,
    *,
    expired: Callable[[], bool] = lambda: False,
) -> Held:
    """Read the one partition that holds this reference, once, from its beginning to its present end.

    A record of somebody who no longer owned the partition is passed over, as a worker that restores passes over it. `told` gets
    a line before the reading begins: a partition of many thousand states takes seconds; it ends with RetriableError `slow` at the
    first record after `expired` says that nobody waits for it. Raises RejectedError
    `unknown_reference` when nothing is held of it, ConfigError `no_rules` before the first rules are in force and for a
    changelog that is not there, FatalError for what another version wrote, RetriableError when Kafka does not answer.
    """
    key = reference.encode()
    ends = {partition: end for (name, partition), end in changelogs.ends([topic]).items() if name == topic}
    partition = changelogs.partition_of(key, len(ends))
    told(f"reading what the worker holds (partition {partition} of {len(ends)}, up to {ends.get(partition, 0)} records)")
    fence, newest = Fence(), dict[bytes, bytes | None]()

    def note(record: Incoming) -> None:
        if expired():
            raise RetriableError("what is held could not be read in time", code="slow")
        if (
            record.key is not None
            and fence.admits(epoch_of(tuple(record.headers)), record.key)
            and record.key in {key, RULES_KEY}
        ):
            newest[record.key] = record.value

    changelogs.each(topic, partition, note)
    value, content = newest.get(key), newest.get(RULES_KEY)
    if value is None:
        raise RejectedError("the worker holds nothing of this reference", code="unknown_reference")
    if content is None:
        raise ConfigError("no rules are in force yet: see `hub rules activate`", code="no_rules")
    active = Rulebook().restored(content)
    try:
        state = from_bytes(unsealed(value)[1])
    except StateError:
        raise FatalError("a stored state cannot be read by this version of the hub", code="unknown_state_form") from None
    rules = json.loads(active.content)["rules"]
    titles = {language: {rule["id"]: rule[f"title_{language}"] for rule in rules} for language in ("sv", "en")}
    return Held(state, active.compiled, titles)
