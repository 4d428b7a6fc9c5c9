"""`hub worker` over ports that fail once, when a file says so: `python -m tests.chaos.matrix.faulty`.

The worker that is started after a fault has sprung is a sound one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from hub.bootstrap import build_clock
from hub.clock import Clock
from hub.contract.topics import CONSENTS, ERASURES, RULES, TASKS_OUTREACH, TASKS_SIG
from hub.errors import RetriableError
from hub.kafka import Outgoing
from hub.runtime import lane
from hub.runtime.edges import Edges
from hub.runtime.lane import Flow
from hub.runtime.ownership import CLAIM_KEY
from hub.runtime.process import run
from hub.runtime.store import PartitionStore
from hub.runtime.transport import KafkaLog
from hub.settings import load_settings

from .trap import Trap

__all__ = ["AT_START", "FAULTS"]


_LOG = ("tasks", "letters", "states", "receipts", "claim")
_READS = ("read consents", "read rules", "read changelog", "bounds")
FAULTS: Sequence[tuple[str, str]] = (
    *((point, when) for point in _LOG for when in ("before", "after")),
    ("tasks", "half"),
    *((point, "before") for point in _READS),
    ("store get", "before"),
    *((point, when) for point in ("store write", "store compact") for when in ("before", "after")),
    ("store keys", "before"),
    *((point, "before") for point in ("flow settle", "flow pause", "flow resume")),
    ("clock", "before"),
)
"""Every call with which an agent or a lane leaves its own code, and where in it."""
AT_START = frozenset({"claim", "read rules", "read changelog", "bounds", "store keys"})
"""What is called only, or mostly, while a partition is taken over."""
_HIGH, _LOW = 500, 250  # records


class FaultyLog(KafkaLog):
    def __init__(self, trap: Trap, servers: str) -> None:
        super().__init__(servers)
        self._trap = trap

    def _check(self, points: Iterable[str], when: str) -> None:
        for point in points:
            if self._trap.springs(point, when):
                raise RetriableError("Kafka did not acknowledge: a fault was wanted here", code="produce_failed")

    async def append(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        points = sorted(_points(records))
        self._check(points, "before")
        for point in points:
            if self._trap.springs(point, "half"):
                await super().append(records[: len(records) // 2])
                raise RetriableError("Kafka did not acknowledge: a fault was wanted here", code="produce_failed")
        answer = await super().append(records)
        self._check(points, "after")
        return answer

    async def change(
        self, topic: str, partition: int, changes: Mapping[bytes, bytes | None], header: tuple[str, bytes]
    ) -> Sequence[int]:
        self._check(["states"], "before")  # never half: it is one batch
        answer = await super().change(topic, partition, changes, header)
        self._check(["states"], "after")
        return answer

    async def read(self, topic: str, *span: Any) -> int:
        kind = {CONSENTS.name: "consents", RULES.name: "rules"}.get(topic, "changelog" if topic.endswith("-changelog") else "")
        self._check([f"read {kind}"], "before")
        return await super().read(topic, *span)

    async def bounds(self, partitions: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[int, int]]:
        self._check(["bounds"], "before")
        return await super().bounds(partitions)


def _points(records: Sequence[Outgoing]) -> set[str]:
    found = set()
    for one in records:
        if one.topic in {TASKS_OUTREACH.name, TASKS_SIG.name}:
            found.add("tasks")
        elif one.topic.endswith(".dlq"):
            found.add("letters")
        elif one.topic == ERASURES.name:
            found.add("receipts")
        elif one.key == CLAIM_KEY:
            found.add("claim")
    return found


class FaultyStore(PartitionStore):
    def __init__(self, trap: Trap, *given: Any) -> None:
        super().__init__(*given)
        self._trap = trap

    def get(self, key: bytes) -> bytes | None:
        self._trap.pass_by("store get")
        return super().get(key)

    def write(self, *given: Any) -> None:
        self._trap.pass_by("store write")
        super().write(*given)
        self._trap.pass_by("store write", "after")

    def compact(self, keys: Iterable[bytes]) -> None:
        self._trap.pass_by("store compact")
        super().compact(keys)
        self._trap.pass_by("store compact", "after")

    def items(self) -> Any:
        self._trap.pass_by("store keys")
        return super().items()

    def filed_after(self, *given: Any) -> Any:
        self._trap.pass_by("store keys")
        return super().filed_after(*given)


class FaultyFlow:
    def __init__(self, trap: Trap, flow: Flow) -> None:
        self._trap, self._flow = trap, flow

    def pause(self, partition: int) -> None:
        self._trap.pass_by("flow pause")
        self._flow.pause(partition)

    def resume(self, partition: int) -> None:
        self._trap.pass_by("flow resume")
        self._flow.resume(partition)

    def leave_out(self, partition: int, topics: frozenset[str]) -> None:
        self._flow.leave_out(partition, topics)

    def settle(self, partition: int, positions: Mapping[str, int]) -> None:
        self._trap.pass_by("flow settle")
        self._flow.settle(partition, positions)


class FaultyClock:
    def __init__(self, trap: Trap, clock: Clock) -> None:
        self._trap, self._clock = trap, clock

    def now(self) -> datetime:
        self._trap.pass_by("clock")
        return self._clock.now()


def main() -> None:
    # Brakes that a round's backlog reaches: as the hub has them, each partition would need twelve thousand records.
    lane.HIGH, lane.LOW = _HIGH, _LOW
    settings = load_settings()
    trap = Trap(settings)
    edges = Edges(partial(FaultyLog, trap), partial(FaultyStore, trap), partial(FaultyFlow, trap))
    run(settings, FaultyClock(trap, build_clock(settings)), edges)


if __name__ == "__main__":
    main()
