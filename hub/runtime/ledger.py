"""The partition's own record, kept in state and changelog: what was read, what became of it, under which topics and rules.

The balance it keeps: for every topic, position = processed + duplicate + refused + dead_lettered + gone, where `gone` are
offsets that held no record any more when their turn came. It is written in the same batch as the states it accounts for,
so a kill between any two steps repeats records but never counts one twice.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from hub.errors import FatalError
from hub.runtime.effects import Effects, LedgerKey, Outcome
from hub.runtime.limits import Pause, Window

__all__ = ["PartitionRecord", "Rebuilding"]

_FORM = 1


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """A partition that began with nothing while its topics held records. `goals`: by topic, the offset up to which it says
    nothing; `through`: the last key of which it has then said what is missing.
    """

    goals: Mapping[str, int]
    through: str = ""

    def after(self, effects: Effects) -> Rebuilding | None:
        """What is left of it once `effects` are done."""
        if effects.rebuilt:
            return None
        return replace(self, through=effects.passed) if effects.passed else self


@dataclass(slots=True)
class PartitionRecord:
    """`positions`: first offset not yet in the state, by topic; `topic_ids`: the topics those offsets belong to; `marker`: the
    rule set in force on the partition; `stepped_with`: the SHA-256 of the rules that every state has been stepped with, empty
    while some have not; `rebuilding`: None, but for a partition that is being rebuilt; `windows`: what the limit of dead letters
    counts, and `paused`: the sources that it stopped, both by topic.
    """

    positions: dict[str, int] = field(default_factory=dict)
    counts: Counter[LedgerKey] = field(default_factory=Counter)
    topic_ids: dict[str, str] = field(default_factory=dict)
    marker: dict[str, str] = field(default_factory=dict)
    stepped_with: str = ""
    rebuilding: Rebuilding | None = None
    windows: dict[str, Window] = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)

    def after(self, effects: Effects, topic_ids: Mapping[str, str], rules_sha256: str) -> PartitionRecord:
        """The record once `effects` are done."""
        rules = effects.activated
        last = dict(self.marker) if rules is None else {"version": rules.version, "sha256": rules.sha256}
        ids = {topic: topic_ids[topic] for topic in (*self.topic_ids, *effects.positions) if topic in topic_ids}
        positions = {**self.positions, **effects.positions}
        rebuilding = None if self.rebuilding is None else self.rebuilding.after(effects)
        paused = {topic: pause for topic, pause in (self.paused | effects.paused).items() if topic not in effects.resumed}
        counts, windows = self.counts + effects.ledger, self.windows | effects.windows
        return PartitionRecord(positions, counts, ids, last, rules_sha256, rebuilding, windows, paused)

    def check_topics(self, topic_ids: Mapping[str, str]) -> None:
        """Raises FatalError when a topic is not the one the positions belong to: they would skip its new records."""
        for topic, known in self.topic_ids.items():
            present = topic_ids.get(topic)
            if present is not None and present != known:
                raise FatalError(
                    f"topic {topic} was deleted and made anew (id {known}, now {present}): the worker's positions do not "
                    "belong to it. Restore the topic, or rebuild the worker from the topics (deploy/runbooks/rebuild.md).",
                    code="topic_recreated",
                )

    def imbalance(self) -> dict[str, int]:
        """Topics whose counts do not add up to their position, and by how much; empty when all is well."""
        sums: Counter[str] = Counter()
        for (topic, _outcome, _reason), number in self.counts.items():
            sums[topic] += number
        return {topic: position - sums[topic] for topic, position in self.positions.items() if position != sums[topic]}

    def to_bytes(self) -> bytes:
        """JSON with sorted keys: small, and readable when somebody has to."""
        body = {
            "form": _FORM,
            "positions": self.positions,
            "counts": [[*key, number] for key, number in sorted(self.counts.items())],
            "topic_ids": self.topic_ids,
            "marker": self.marker,
            "stepped_with": self.stepped_with,
        }
        if self.rebuilding is not None:
            body["rebuilding"] = {"goals": dict(self.rebuilding.goals), "through": self.rebuilding.through}
        if self.windows:
            body["windows"] = {topic: [one.last, f"{one.marks:x}", one.allowed] for topic, one in self.windows.items()}
        if self.paused:
            body["paused"] = {topic: [one.at, one.letters, one.records, one.since] for topic, one in self.paused.items()}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    @staticmethod
    def from_bytes(value: bytes | None) -> PartitionRecord:
        """Raises FatalError for a form this version does not know: a newer worker wrote it."""
        if value is None:
            return PartitionRecord()
        body = json.loads(value)
        if body.get("form") != _FORM:
            raise FatalError("the worker's state was written by another version of the hub", code="unknown_state_form")
        counts = Counter({(topic, cast("Outcome", outcome), reason): number for topic, outcome, reason, number in body["counts"]})
        told = body.get("rebuilding")
        rebuilding = None if told is None else Rebuilding(told["goals"], told["through"])
        windows = {topic: Window(last, int(marks, 16), more) for topic, (last, marks, more) in body.get("windows", {}).items()}
        paused = {topic: Pause(*one) for topic, one in body.get("paused", {}).items()}
        return PartitionRecord(
            body["positions"], counts, body["topic_ids"], body["marker"], body["stepped_with"], rebuilding, windows, paused
        )

    @staticmethod
    def total(records: Iterable[PartitionRecord]) -> Counter[LedgerKey]:
        """The counts of several partitions together."""
        total: Counter[LedgerKey] = Counter()
        for record in records:
            total.update(record.counts)
        return total
