"""Cases about what a source tells: all of it, once, in order, and under identities that stay."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from hub.connector import Batch, PersonRecord, PlaceRecord
from hub.testing.reading import facts, identity, said, since, stored
from hub.testing.suite import Suite, case
from hub.testing.world import World, build_world

__all__ = ["SourceReading"]

_MOST_RECORDS = 5_000  # of one batch: what the intake is ready to hold in memory


class SourceReading(Suite):
    """The half of the suite that plays on a server in good health."""

    def world(self, folder: Path, dataset: str = "usual") -> AbstractContextManager[World]:
        """The world of one case."""
        return build_world(self.connector, self.trial, folder, dataset, self.serve)

    @case
    def test_an_empty_source_says_nothing(self, tmp_path: Path) -> None:
        with self.world(tmp_path, "empty") as world, world.source() as source:
            assert said(source.batches(None)) == []

    @case
    def test_every_fact_is_told_once(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            told = Counter(identity(one) for one in facts(source.batches(None), retold=False) if not one.retracted)
        assert sum(told.values()) == len(told), "a fact was told twice"
        assert len(told) == self.trial.facts > 0, "not every fact was told, or the trial counts wrong"

    @case
    def test_records_are_of_the_declared_kinds(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            told = facts(source.batches(None))
        assert {one.kind for one in told if isinstance(one, PersonRecord)} <= self.connector.kinds
        assert self.connector.places or not any(isinstance(one, PlaceRecord) for one in told)
        areas = {getattr(one.body, "area", None) or "" for one in told if isinstance(one, PersonRecord)}
        assert not any(one.startswith("place-") for one in areas), "an area of a person was made of a text: it could be a home"

    @case
    def test_times_have_a_zone(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            assert all(one.occurred_at.tzinfo is not None for one in facts(source.batches(None)))

    @case
    def test_a_second_reading_tells_the_same(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            readings = [said(self.read_all(world)) for _ in range(2)]
        assert readings[0] == readings[1]

    @case
    def test_reading_goes_on_from_every_cursor(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            batches = list(source.batches(None))
            cursors = [batch.cursor for batch in batches]
            for cursor in cursors[:-1]:  # a crash after each batch but the last: that one is caught up
                # Batches under a cursor that has not moved yet come again.
                rest = batches[since(cursors, cursor) :]
                with world.source() as restarted:
                    resumed = list(restarted.batches(stored(cursor)))
                assert set(said(rest)) <= set(said(resumed)), "something was passed over"
                assert said(rest, retold=False) == said(resumed, retold=False), "something was told again as new"

    @case
    def test_who_is_caught_up_hears_nothing_new(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            batches = list(source.batches(None))
            again = list(source.batches(stored(batches[-1].cursor)))
        assert set(said(again)) <= set(said(batches))
        assert said(again, retold=False) == []

    @case
    def test_cursors_are_json_and_never_go_back(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            cursors = [batch.cursor for batch in self.read_all(world)]
        passed: list[str] = []
        for cursor in cursors:
            text = json.dumps(cursor, sort_keys=True)
            assert json.loads(text) == cursor, "a cursor does not come back from JSON as it was"
            if not passed or passed[-1] != text:
                assert text not in passed, "a cursor went back to an earlier one"
                passed.append(text)
        assert passed, "no batch, so no cursor"

    @case
    def test_batches_are_told_one_by_one(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            gc.collect()
            before = _records_alive()
            reading = source.batches(None)
            assert isinstance(reading, Iterator), "batches are handed over all at once"
            sizes, first = [], 0
            for batch in reading:
                first = first or _records_alive() - before
                sizes.append(len(batch.records))
        assert max(sizes) <= _MOST_RECORDS, "a batch is larger than the intake is ready to hold"
        full = [size for size in sizes if size]
        assert len(full) < 2 or first < sum(sizes), "all was in memory before the first batch was told"

    def read_all(self, world: World) -> list[Batch]:
        """A whole reading from the beginning, by a source of its own."""
        with world.source() as source:
            return list(source.batches(None))


def _records_alive() -> int:
    return sum(isinstance(one, PersonRecord | PlaceRecord) for one in gc.get_objects())
