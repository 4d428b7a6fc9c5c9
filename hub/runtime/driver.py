"""Owns the partitions that Faust assigns: restores them, runs a lane for each, lets go of them in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.topics import RULES
from hub.logs import get_logger
from hub.runtime.edges import Edges
from hub.runtime.effects import Program
from hub.runtime.guard import Guard
from hub.runtime.lane import Flow, Lane
from hub.runtime.limits import Limit
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.pipeline import Pipeline
from hub.runtime.rulebook import Rulebook
from hub.runtime.runs import Run
from hub.runtime.store import StoreCache
from hub.runtime.transport import Log
from hub.runtime.vigil import Vigil
from hub.runtime.work import Work

__all__ = ["GRACE_SECONDS", "Driver", "Kit"]

_log = get_logger(__name__)
GRACE_SECONDS = 5.0
# Of states that are kept decoded, as they are stored, over all partitions; decoded they take some eight times as much.
_REMEMBERED_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kit:
    """What all lanes of a process share. `fail` ends the process and does not return."""

    log: Log
    codec: Codec
    clock: Clock
    folder: Path
    cache: StoreCache
    rulebook: Rulebook
    fail: Callable[[BaseException], None]
    limit: Limit = field(default_factory=Limit)
    edges: Edges = field(default_factory=Edges)


class Driver:
    """The partitions of one program. `consents` names the topic that is read ahead of all others, if any.

    Rule markers are read directly; a program that does not have them among its topics gets them in no other way, because two
    agents on one topic would share its offsets.
    `rules_partitions`: how many their topic has, where that may be fewer than the program's own topics have.
    """

    def __init__(
        self,
        name: str,
        program: Program,
        changelog: Changelog,
        kit: Kit,
        *,
        consents: str | None = None,
        rules_partitions: int | None = None,
    ) -> None:
        self.name = name
        self.program = program
        self.changelog = changelog
        self._kit = kit
        self._consents = consents
        self._rules_partitions = rules_partitions
        self._owned: dict[int, OwnedPartition] = {}
        self._lanes: dict[int, Lane] = {}
        self.vigil = Vigil()
        self._assigned = False
        self._spans: Mapping[tuple[str, int], tuple[int, int]] = {}

    @property
    def lanes(self) -> Iterator[Lane]:
        """The lanes at work."""
        return iter(list(self._lanes.values()))

    @property
    def ready(self) -> bool:
        """Whether everything assigned has been restored and is taking records."""
        return self._assigned and all(lane.ready for lane in self.lanes)

    @property
    def awaits_rules(self) -> bool:
        """Whether a partition has no rules yet: nobody has activated any, and that is for others to do."""
        return any(lane.awaits_rules for lane in self.lanes)

    @property
    def followed(self) -> Sequence[str]:
        """Topics that are read directly, without Faust."""
        return () if RULES.name in self.program.topics else (RULES.name,)

    def sources(self) -> Iterator[tuple[str, int]]:
        """Every (topic, partition) that its lanes read."""
        for lane in self.lanes:
            yield from ((topic, lane.partition) for topic in self.program.topics)
            yield from ((topic, self._rules_partition(lane.partition)) for topic in self.followed)

    def _rules_partition(self, partition: int) -> int:
        return partition if self._rules_partitions is None else partition % self._rules_partitions

    @property
    def reached(self) -> tuple[object, ...]:
        """How far restoring has come; compared only."""
        positions = sum(sum(lane.owned.record.positions.values()) for lane in self.lanes)
        changelog = sum(one.reaches for one in [*self._owned.values(), *(lane.owned for lane in self.lanes)])
        return self._assigned, len(self._owned), sum(lane.ready for lane in self.lanes), changelog, positions

    @property
    def restored(self) -> float:
        """Share of the changelog, as it was at the assignment, that the local copies hold; 1 when nothing is left."""
        if self._assigned:
            return 1.0
        left = sum(end - max(begin, min(self.reaches(place) or 0, end)) for (_, place), (begin, end) in self._spans.items())
        records = sum(end - begin for begin, end in self._spans.values())
        return 1 - left / records if left else 1.0

    async def own(self, partitions: Iterable[int], generation: int) -> None:
        """Open, claim and restore. Raises FatalError or RetriableError; the caller ends the process."""
        await self.release()
        wanted = sorted(partitions)
        self._spans = await self._kit.log.bounds((self.changelog.topic, partition) for partition in wanted)
        for partition in wanted:
            store = self._kit.edges.store(self._kit.folder / f"{self.name}-{partition}", self._kit.cache)
            owned = OwnedPartition(partition, self.changelog, store, self._kit.log, self._kit.rulebook)
            self._owned[partition] = owned
            await owned.restore(generation)

    def reaches(self, partition: int) -> int | None:
        """The changelog offset that the local state of an owned partition reaches (the next one), None when not owned."""
        if partition in self._lanes:
            return self._lanes[partition].owned.reaches
        owned = self._owned.get(partition)
        return None if owned is None else owned.reaches

    def start(self, flow: Flow) -> None:
        """Run a lane for every partition owned since the last call."""
        flow = self._kit.edges.flow(flow)
        kit, share = self._kit, _REMEMBERED_BYTES // max(1, len(self._owned))
        for partition, owned in self._owned.items():
            pipeline = Pipeline(self.program, owned, kit.codec, kit.clock, kit.rulebook, remembers=share)
            guard = Guard(owned, kit.limit, kit.clock)
            work = Work(
                owned, pipeline, kit.log, guard, consents=self._consents, rules_partition=self._rules_partition(partition)
            )
            lane = Lane(owned, work, clock=kit.clock, flow=flow)
            self._lanes[partition] = lane
            lane.start().add_done_callback(self._ended)
        self._owned.clear()
        self._assigned = True
        self.vigil.arrived()  # Faust begins to deliver some seconds from now

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._kit.fail(error)

    def put(self, run: Run) -> None:
        """Hand a run to its lane. One without a lane is dropped: it belongs to an assignment that is over."""
        lane = self._lanes.get(run.partition)
        if lane is not None:
            self.vigil.arrived()
            lane.put(run)

    def observe(self, bounds: Mapping[tuple[str, int], tuple[int, int]]) -> None:
        """Learn how far the sources reach, (topic, partition) → (first offset, next one): what never came is read directly.

        Rule markers at once: Faust brings the partitions of a topic that is quiet some seconds apart, and for so long their
        youths would be judged by different rules.
        """
        mine = {where: span for where, span in bounds.items() if where[0] in self.program.topics}
        self.vigil.look(self._lanes, mine)
        for lane in self.lanes:
            read = (topic for topic in self.program.topics if topic not in lane.owned.record.paused)
            spans = ((lane.owned.position(topic), mine.get((topic, lane.partition), (0, 0))) for topic in read)
            lane.behind = sum(max(0, end - max(begin, position)) for position, (begin, end) in spans)
            begin, end = bounds.get((RULES.name, self._rules_partition(lane.partition)), (0, 0))
            if lane.ready and lane.owned.position(RULES.name) < end:
                lane.fetch(RULES.name, begin, end, late=False)

    async def release(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Finish what is in flight, at most `grace_seconds`, drop what waits, and close the local files."""
        self._assigned = False
        lanes, self._lanes = list(self._lanes.values()), {}
        await asyncio.gather(*(lane.close(grace_seconds) for lane in lanes))
        for owned in self._owned.values():
            owned.close()
        self._owned.clear()
