"""A planned event that is moved, from the plan to the topic: it counts in its new area, and in that alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.connector import Batch
from tests.unit.connect.conftest import World
from tests.unit.connectors.planned.make import Publisher, make_calendar, make_event

HERE, THERE = "0581-hageby", "0581-city"


@pytest.fixture
def world(tmp_path):
    built = World(tmp_path)
    yield built
    built.close()


class OneByOne:
    """Each record of a source in a batch of its own, and so large that it is settled by itself."""

    def __init__(self, source) -> None:
        self._source = source

    def batches(self, cursor):
        for batch in self._source.batches(cursor):
            for record in batch.records[:-1]:
                yield Batch([record] * 1000, cursor or {})
            yield Batch(batch.records[-1:], batch.cursor)

    def close(self) -> None:
        self._source.close()


@pytest.mark.parametrize("split", [False, True], ids=["in one", "one by one"])
def test_a_planned_event_that_moves_is_told_in_its_new_area_and_taken_back_in_the_former(world, split) -> None:
    publisher = Publisher(make_calendar(make_event("LOCATION:Hageby")))
    source = publisher.source()
    lane = world.lane(source=OneByOne(source) if split else source)
    lane.poll()
    for area in ("City", "Hageby", "City"):
        publisher.content = make_calendar(make_event(f"LOCATION:{area}"))
        lane.poll()
    publisher.now += timedelta(days=1)
    lane.poll()
    told = [(one.area, one.revision, one.retracted) for one in world.published]
    assert told[:3] == [(HERE, 1, False), (HERE, 2, True), (THERE, 3, False)]
    assert told[3:] == [(THERE, 4, True), (HERE, 5, False), (HERE, 6, True), (THERE, 7, False)]


def test_a_planned_event_that_is_moved_and_cancelled_at_once_stands_nowhere(world) -> None:
    publisher = Publisher(make_calendar(make_event("LOCATION:Hageby")))
    lane = world.lane(source=publisher.source())
    lane.poll()
    publisher.content = make_calendar(make_event("LOCATION:City", "STATUS:CANCELLED"))
    lane.poll()
    assert [(one.area, one.retracted) for one in world.published] == [(HERE, False), (HERE, True)]
