"""Physical removal after a withdrawal: looked for, place by place, until nothing is left, and told when it is late.

When everybody has answered, every topic's end is written down: what stands below it on the youth's partition was there before.
A topic with a retention is clean when it begins beyond that. Receipts that come later still, a team's acknowledgement among
them, tell of the reference too: their topic is clean when it begins beyond the last of them. A compacted topic is clean when,
read from its beginning, it holds no record of the reference below that but the newest, which says that all is erased. Quiet
partitions begin no new file by themselves, and only a closed file is compacted: so the current record is published again at
each look, which makes the worker write to its changelog too. Of cooperations the registry knows nothing to publish: there it
writes the mark of a deletion, under a reference that is nobody's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from hub.clock import Clock
from hub.contract.cloudevents import cloud_event_headers
from hub.contract.ids import NOBODY
from hub.contract.models import ConsentRecord
from hub.contract.topics import CATALOGUE, COOPERATIONS, ERASURES, Cleanup, Topic
from hub.core.instants import to_ms
from hub.erasure_bounds import FORMER_DATA, Bounds
from hub.kafka import Outgoing
from hub.metrics import ERASURES_LATE, ERASURES_OPEN
from hub.registry.erasures import EFFECT
from hub.registry.registry import Registry
from hub.registry.removal_stores import OwnStores
from hub.registry.tables import ErasureRequest, Removal, Youth
from hub.registry.work import Work

__all__ = ["Places", "Survey", "look_again", "received_later"]

_SOURCE = "/hub/registry"
_ANSWERS = timedelta(hours=1)  # a connector that is down for so long is late


class Places(Protocol):
    """`hub.kafka_places.KafkaPlaces`, or its twin in memory."""

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        """Where each (topic, partition) ends."""
        ...

    def begins(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        """Where each (topic, partition) begins."""
        ...

    def partition_of(self, key: bytes, partitions: int) -> int:
        """Where a key stands."""
        ...

    def standing(self, topic: str, partition: int, keys: Collection[bytes]) -> Mapping[bytes, Sequence[int]]:
        """The offsets at which records of `keys` can be read."""
        ...


class Survey:
    """One per registry process; not for sharing between threads. Its methods may raise RetriableError: call them again later."""

    def __init__(
        self, registry: Registry, stores: OwnStores, places: Places, bounds: Bounds, clock: Clock, *, effect: timedelta
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._stores = stores
        self._places = places
        self._bounds = bounds
        self._effect = effect
        self._topics = tuple(place for place in bounds if place not in stores.places)

    def tell(self) -> None:
        """Set the gauges: how many withdrawals wait for what, and how many of them for too long. A destroyed key that a reader
        kept in the keyring's files is let go of, too.
        """
        with self._registry.view() as session:
            rows = session.scalars(_unfinished()).all()
        self._write_down(self._stores.clean_keyring(_open_places(rows)))
        waiting = [stage for row in rows for stage in _stages(row)]
        late = [stage for row in rows for stage in self._late(row)]
        for stage in ("effect", "answers", "removal"):
            ERASURES_OPEN.labels(stage=stage).set(waiting.count(stage))
            ERASURES_LATE.labels(stage=stage).set(late.count(stage))

    def look(self) -> int:
        """Look at every place that is not known to be clean; the answer is how many were found clean now."""
        self._stores.tend()
        self._begin()
        with self._registry.view() as session:
            rows = session.scalars(_unfinished()).all()
        open_places = _open_places(rows)
        clean = [*self._clean_topics(open_places), *self._stores.clean(open_places)]
        self._write_down(clean)
        quiet = self._partitions(COOPERATIONS, {row.youth_ref for row, place in open_places if place.place == COOPERATIONS.name})
        with self._registry.work() as work:
            self._stir(work, {row.youth_ref for row, place in open_places if self._is_compacted(place.place)})
            for partition in quiet:
                work.queue(_mark(partition, work.now))
        return len(clean)

    def _partitions(self, topic: Topic, youth_refs: Collection[str]) -> list[int]:
        """Where these stand on a topic."""
        ends = self._places.ends([topic.name]) if youth_refs else {}
        return sorted({self._where(topic.name, youth_ref, ends) for youth_ref in youth_refs})

    def _write_down(self, clean: Collection[tuple[str, str]]) -> None:
        if not clean:
            return
        with self._registry.work() as work:
            for erasure_id, name in clean:
                removal = work.session.get(Removal, (erasure_id, name))
                if removal is not None:
                    removal.done_at = removal.done_at or work.now

    def _begin(self) -> None:
        """Write down where the topics end, for each withdrawal that everybody has answered."""
        query = _unfinished().where(ErasureRequest.completed_at.is_not(None), ~ErasureRequest.removals.any())
        with self._registry.view() as session:
            fresh = {row.erasure_id: row.youth_ref for row in session.scalars(query)}
        if not fresh:
            return
        ends = self._places.ends(self._topics)
        with self._registry.work() as work:
            for erasure_id, youth_ref in fresh.items():
                for name, bound in self._bounds.items():
                    below = ends[name, self._where(name, youth_ref, ends)] if name in self._topics else None
                    work.session.add(Removal(erasure_id=erasure_id, place=name, below=below, due_at=work.now + bound))

    def _where(self, topic: str, youth_ref: str, offsets: Iterable[tuple[str, int]]) -> int:
        return self._places.partition_of(youth_ref.encode("ascii"), sum(1 for name, _ in offsets if name == topic))

    def _is_compacted(self, place: str) -> bool:
        return place in self._topics and (place not in CATALOGUE or CATALOGUE[place].cleanup is Cleanup.COMPACT)

    def _clean_topics(self, found: Sequence[tuple[ErasureRequest, Removal]]) -> list[tuple[str, str]]:
        names = sorted({place.place for _row, place in found} & set(self._topics))
        if not names:
            return []
        begins = self._places.begins(names)
        clean: list[tuple[str, str]] = []
        read: dict[tuple[str, int], dict[str, list[tuple[str, int]]]] = {}
        for row, place in found:
            if place.place not in names or place.below is None:
                continue
            where = (place.place, self._where(place.place, row.youth_ref, begins))
            if begins[where] >= place.below:
                clean.append((row.erasure_id, place.place))
            elif self._is_compacted(place.place):
                read.setdefault(where, {}).setdefault(row.youth_ref, []).append((row.erasure_id, place.below))
        for (topic, partition), youths in read.items():
            standing = self._places.standing(topic, partition, [youth_ref.encode("ascii") for youth_ref in youths])
            for youth_ref, asked in youths.items():
                # The newest stays: it says that all is erased, or what is left of the consent.
                earlier = standing[youth_ref.encode("ascii")][:-1]
                clean += [(erasure_id, topic) for erasure_id, below in asked if all(offset >= below for offset in earlier)]
        return clean

    def _stir(self, work: Work, youth_refs: Collection[str]) -> None:
        """Something new on the partitions of these references, so that files which nobody writes to are closed."""
        for youth in work.session.scalars(select(Youth).where(Youth.youth_ref.in_(sorted(youth_refs)))):
            if youth.record is not None:
                work.announce(ConsentRecord.model_validate_json(youth.record))

    def _late(self, row: ErasureRequest) -> Iterable[str]:
        now = self._clock.now()
        age = now - row.requested_at
        stages = _stages(row)
        if "effect" in stages and age > self._effect:
            yield "effect"
        if "answers" in stages and age > _ANSWERS:
            yield "answers"
        if "removal" in stages and any(place.done_at is None and place.due_at < now for place in row.removals):
            yield "removal"


def received_later(work: Work, erasure_id: str, offset: int, bound: timedelta) -> None:
    """A receipt stands at `offset` of its topic, maybe beyond what was to go: it must go as well, within `bound` from now."""
    place = work.session.get(Removal, (erasure_id, ERASURES.name))
    if place is not None and place.below is not None and place.below <= offset:
        place.below, place.due_at, place.done_at = offset + 1, work.now + bound, None


def look_again(work: Work, bound: timedelta, *, fresh_log: bool) -> None:
    """After a restore: what was put aside may hold whatever is not removed everywhere; it is looked for anew, within `bound`.

    `fresh_log`: Kafka's own files were put aside too. Then the topics begin anew, and none holds anything from before.
    """
    for row in work.session.scalars(_unfinished().where(ErasureRequest.removals.any())):
        aside = next((place for place in row.removals if place.place == FORMER_DATA), None)
        if aside is None:
            row.removals.append(Removal(place=FORMER_DATA, below=None, due_at=work.now + bound))
        else:
            aside.due_at, aside.done_at = work.now + bound, None
        for place in row.removals:
            if fresh_log and place.below is not None:
                place.below = 0


def _mark(partition: int, now: datetime) -> Outgoing:
    """What closes a file of the partition, says nothing, and is gone itself when it is compacted."""
    headers = cloud_event_headers(COOPERATIONS, f"removal.{partition}.{to_ms(now):x}", _SOURCE, now)
    return Outgoing(COOPERATIONS.name, NOBODY.encode("ascii"), None, headers, partition)


def _open_places(rows: Iterable[ErasureRequest]) -> list[tuple[ErasureRequest, Removal]]:
    return [(row, place) for row in rows for place in row.removals if place.done_at is None]


def _unfinished() -> Select[ErasureRequest]:
    undone = ErasureRequest.removals.any(Removal.done_at.is_(None))
    query = select(ErasureRequest).where(ErasureRequest.completed_at.is_(None) | ~ErasureRequest.removals.any() | undone)
    return query.order_by(ErasureRequest.requested_at).options(
        selectinload(ErasureRequest.answers), selectinload(ErasureRequest.removals)
    )


def _stages(row: ErasureRequest) -> list[str]:
    if row.completed_at is not None:
        return ["removal"]
    answered = {one.component for one in row.answers if one.answered_at is not None}
    return ["answers"] if answered.issuperset(EFFECT) else ["effect", "answers"]
