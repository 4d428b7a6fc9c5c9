"""Physical removal after a withdrawal: looked for, place by place, until nothing is left, and told when it is late.

When everybody has answered, every topic's end is written down: what stands below it on the youth's partition was there before.
A topic with a retention is clean when it begins beyond that; a compacted one when, read from its beginning, it holds no record
of the reference below that but the newest, which says that all is erased. Quiet partitions begin no new file by
themselves, and only a closed file is compacted: so the current record is published again at each look, which makes the worker
write to its changelog too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Engine, Select, delete, select
from sqlalchemy.orm import selectinload

from hub.clock import Clock
from hub.contract.models import ConsentRecord
from hub.contract.topics import CATALOGUE, Cleanup
from hub.erasure_bounds import BACKUPS, DELIVERY_STORE, REGISTRY_STORE, WORKER_STORE, Bounds
from hub.metrics import ERASURES_LATE, ERASURES_OPEN
from hub.registry.database import rid
from hub.registry.erasures import EFFECT
from hub.registry.registry import Registry
from hub.registry.tables import ErasureRequest, OutboxRow, Removal, Youth
from hub.registry.work import Work

__all__ = ["PERSONAL", "Places", "Survey"]

PERSONAL = ("youth", "alias", "link_key", "subject_entry", "outbox")
"""The registry's tables that hold, or held, what identifies somebody."""
_ANSWERS = timedelta(hours=1)  # a connector that is down for so long is late
_STORES = {DELIVERY_STORE, WORKER_STORE}


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
        self, registry: Registry, engine: Engine, places: Places, bounds: Bounds, clock: Clock, *, effect: timedelta
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._engine = engine
        self._places = places
        self._bounds = bounds
        self._effect = effect
        self._topics = tuple(place for place in bounds if place not in _STORES | {REGISTRY_STORE, BACKUPS})

    def tell(self) -> None:
        """Set the gauges: how many withdrawals wait for what, and how many of them for too long."""
        with self._registry.view() as session:
            rows = session.scalars(_unfinished()).all()
        waiting = [stage for row in rows for stage in _stages(row)]
        late = [stage for row in rows for stage in self._late(row)]
        for stage in ("effect", "answers", "removal"):
            ERASURES_OPEN.labels(stage=stage).set(waiting.count(stage))
            ERASURES_LATE.labels(stage=stage).set(late.count(stage))

    def look(self) -> int:
        """Look at every place that is not known to be clean; the answer is how many were found clean now."""
        self._begin()
        with self._registry.view() as session:
            rows = session.scalars(_unfinished()).all()
        open_places = [(row, place) for row in rows for place in row.removals if place.done_at is None]
        clean = [*self._clean_topics(open_places), *self._clean_stores(open_places)]
        with self._registry.work() as work:
            for erasure_id, name in clean:
                removal = work.session.get(Removal, (erasure_id, name))
                if removal is not None:
                    removal.done_at = removal.done_at or work.now
            self._stir(work, {row.youth_ref for row, place in open_places if self._is_compacted(place.place)})
        return len(clean)

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

    def _clean_stores(self, found: Sequence[tuple[ErasureRequest, Removal]]) -> list[tuple[str, str]]:
        clean: list[tuple[str, str]] = []
        owned = [row for row, place in found if place.place == REGISTRY_STORE]
        if owned and self._purge_own(owned):
            clean += [(row.erasure_id, REGISTRY_STORE) for row in owned]
        now = self._clock.now()
        for row, place in found:
            answered = any(one.component == place.place and one.answered_at is not None for one in row.answers)
            if (place.place in _STORES and answered) or (place.place == BACKUPS and place.due_at <= now):
                clean.append((row.erasure_id, place.place))
        return clean

    def _purge_own(self, rows: Sequence[ErasureRequest]) -> bool:
        """Forget what was published of these references before they were erased, in the database's files too."""
        with self._registry.work() as work:
            for row in rows:
                work.session.execute(
                    delete(OutboxRow).where(
                        OutboxRow.key == row.youth_ref.encode("ascii"),
                        OutboxRow.published_at.is_not(None),
                        OutboxRow.created_at <= row.completed_at,
                    )
                )
        return rid(self._engine, PERSONAL)

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
