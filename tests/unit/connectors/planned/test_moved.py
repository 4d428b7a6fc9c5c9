"""A planned event that is moved, from the plan to the topic: it counts in its new area, and in that alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.connector import Batch
from hub.errors import RetriableError
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


def _no_answer() -> None:
    """Kafka has what was sent, and does not say so."""
    raise RetriableError("no answer", code="kafka")


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


@pytest.mark.parametrize("back", [False, True], ids=["new", "told before"])
def test_what_kafka_had_of_a_plan_and_did_not_say_before_the_plan_changed_does_not_stand(world, back) -> None:
    publisher = Publisher(make_calendar(make_event()))
    source = publisher.source()
    lane = world.lane(source=source)
    if back:
        lane.poll()
    publisher.content = make_calendar(*([make_event()] if back else []), make_event(uid="other"))
    with pytest.raises(RetriableError):
        world.lane(source=source, after_publish=_no_answer).poll()
    publisher.content = make_calendar(make_event())
    lane.poll()
    last = {one.event_id: one.retracted for one in world.published}
    assert sorted(last.values()) == [False, True]
    assert dict(lane.poll()) == {}


@pytest.mark.parametrize("home", [False, True], ids=["address", "folder"])
def test_what_was_told_of_a_plan_that_changed_in_its_midst_is_taken_back(tmp_path, home) -> None:
    rows = [f"{number};Hageby;2025-04-{number % 28 + 1:02d}T18:00" for number in range(600)]
    publisher = Publisher()
    settings = {"folder": tmp_path, "settle_seconds": 0} if home else {}

    def write(*lines: str) -> None:
        publisher.content = "\n".join(["id;area;starts", *lines]).encode()
        (tmp_path / "plan.csv").write_bytes(publisher.content)

    write(*rows)
    _, first, *_ = publisher.source(**settings).batches(None)
    write(*rows[1:400])
    rest = list(publisher.source(**settings).batches(first.cursor))
    gone = {record.source_id for record in first.records[:1] + first.records[400:]}
    retracted = {record.source_id for batch in rest for record in batch.records if record.retracted}
    assert retracted & {record.source_id for record in first.records} == gone
    assert "begun" not in str(rest[-1].cursor)
