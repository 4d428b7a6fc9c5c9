"""One partition's limit on dead letters at work: it weighs batches, and says which of its sources are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.clock import Clock
from hub.logs import get_logger
from hub.runtime.effects import Effects
from hub.runtime.limits import Limit, Pause, Window, weigh
from hub.runtime.ownership import OwnedPartition
from hub.runtime.runs import Run

__all__ = ["Guard"]

_log = get_logger(__name__)


class Guard:
    """What is paused stands in the partition's record, in the changelog with the position it belongs to: it outlives the worker.

    A partition that is rebuilt is not weighed: what it reads then was weighed when it came.
    """

    def __init__(self, owned: OwnedPartition, limit: Limit, clock: Clock) -> None:
        self._owned = owned
        self._limit = limit
        self._clock = clock
        self._left_out: dict[str, int] = {}

    @property
    def paused(self) -> Mapping[str, Pause]:
        """The sources that are left out, by topic."""
        return self._owned.record.paused

    def admitted(self, runs: Sequence[Run]) -> Sequence[Run]:
        """Those that may be taken: what was fetched of a source before it paused is read again when it goes on."""
        if not self.paused:
            return runs
        admitted = []
        for one in runs:
            if one.topic in self.paused:
                self._left_out[one.topic] = max(one.last + 1, self._left_out.get(one.topic, 0))
            else:
                admitted.append(one)
        return admitted

    def weigh(self, effects: Effects) -> Mapping[str, int]:
        """Write into a batch's effects what its dead letters come to.

        The answer names the topics that passed the limit, each with the offset of the record that did: where the batch took
        one behind it, it must be judged again without.
        """
        if not effects.aside or self._owned.rebuilding is not None:
            return {}
        weighed = weigh(self._limit, self._owned.record.windows, effects.aside)
        effects.windows.update(weighed.windows)
        passed = {topic: weighed.windows[topic] for topic in weighed.passed}
        since = int(self._clock.now().timestamp())
        for topic, window in passed.items():
            effects.paused[topic] = Pause(window.last + 1, window.letters, self._limit.records, since)
        return {topic: window.last for topic, window in passed.items()}

    def resuming(self, topic: str, at: int, allowed: int) -> Effects | None:
        """What lets a source go on that paused at `at`, counting anew after `allowed` more; None: it is not paused there."""
        pause = self.paused.get(topic)
        if pause is None or pause.at != at:
            return None
        _log.info("reading on: somebody has said so", topic=topic, partition=self._owned.partition, allowed=allowed)
        return Effects(windows={topic: Window(at - 1, 0, allowed)}, resumed=frozenset({topic}))

    def missed(self, topic: str) -> int:
        """The end of what was fetched of a source while it was left out; 0 when nothing was. Asked when it goes on."""
        return self._left_out.pop(topic, 0)

    def tell(self, topics: frozenset[str]) -> None:
        """One line for each of these paused sources, with what to do."""
        for topic in sorted(topics):
            pause, partition = self.paused[topic], self._owned.partition
            _log.error(
                "too many dead letters: this partition of the topic is not read on until somebody says so",
                topic=topic, partition=partition, at=pause.at, dead_letters=pause.letters, of_the_last=pause.records,
                command=f"hub dlq resume --topic {topic} --partition {partition}",
            )  # fmt: skip
