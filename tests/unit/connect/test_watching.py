"""What stands between the events lane and its source: a pause lets what was pulled go its way, and nothing more is pulled."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.connect.breaking import SourceBreaker
from hub.connect.conditions import Conditions, load_condition
from hub.connect.pauses import Pause, add_pause, end_pause
from hub.connect.watching import LaneWatch, Standing, watched
from hub.connector import Backfill, Pushed
from hub.errors import PausedError
from tests.unit.connect.conftest import NOW, ListSource


class Pausable:
    """A lane of a world whose connector can be paused."""

    def __init__(self, world) -> None:
        self.world = world
        self.standing = Standing(world.ledger.engine, "paused-one")
        self.breaker = SourceBreaker(world.ledger.engine, "paused-one", world.clock, most=8, longest=60.0)

    def guard(self, source):
        return watched(source, self.standing, self.breaker)

    def pause(self) -> None:
        with self.world.ledger.engine.begin() as connection:
            add_pause(connection, Pause(NOW, "anna", "why"))

    def resume(self) -> None:
        with self.world.ledger.engine.begin() as connection:
            end_pause(connection, NOW, "olle")

    def lane(self):
        return self.world.lane(source=self.guard(self.world.source))

    @staticmethod
    def gauge() -> float | None:
        return REGISTRY.get_sample_value("hub_connector_paused_since_seconds", {"connector": "paused-one"})


@pytest.fixture
def pausable(world) -> Pausable:
    world.grant(world.person())
    return Pausable(world)


def test_a_paused_source_is_asked_nothing_and_goes_on_where_it_stood(pausable, world) -> None:
    lane = pausable.lane()
    world.source.given = [[world.absence(world.person(), "a1")], [world.absence(world.person(), "a2")]]
    pausable.pause()
    with pytest.raises(PausedError):
        lane.poll()
    assert (world.source.pulls, world.published) == (0, [])
    pausable.resume()
    assert lane.poll() == {("published", ""): 2}
    assert world.ledger.cursor("events") == {"next": 2}


def test_a_pause_in_the_middle_finishes_what_was_pulled_and_the_cursor_stands_behind_it(pausable, world) -> None:
    class Once(ListSource):
        def batches(self, cursor):
            for number, batch in enumerate(super().batches(cursor)):
                if number == 1:
                    pausable.pause()
                yield batch

    world.source = Once()
    world.source.given = [[world.absence(world.person(), f"a{number}")] for number in range(4)]
    with pytest.raises(PausedError):
        pausable.lane().poll()
    assert (len(world.published), world.ledger.cursor("events")) == (2, {"next": 2})
    pausable.resume()
    world.source.__class__ = ListSource
    assert pausable.lane().poll() == {("published", ""): 2}
    assert len({message.event_id for message in world.published}) == len(world.published) == 4


def test_a_withdrawal_is_heeded_while_it_is_paused(pausable, world) -> None:
    lane = pausable.lane()
    world.source.given = [[world.absence(world.person())]]
    lane.poll()
    pausable.pause()
    world.directory.withdraw(world.person(), "11111111-2222-3333-4444-555555555555")
    with pytest.raises(PausedError):
        lane.poll()
    lane.keep()
    assert [message.kind for message in world.published[1:]] == ["receipt"]


def test_metric_and_log_tell_of_a_pause_once_and_after_a_restart(pausable, world) -> None:
    assert pausable.gauge() == 0
    pausable.pause()
    with capture_logs() as logs:
        pausable.standing.look()
        pausable.standing.look()
    assert [entry["event"] for entry in logs] == ["paused"]
    assert "why" not in repr(logs)
    assert pausable.gauge() == NOW.timestamp()
    assert Standing(world.ledger.engine, "paused-one").look() is not None
    pausable.resume()
    with capture_logs() as logs:
        assert pausable.standing.look() is None
    assert ([entry["event"] for entry in logs], pausable.gauge()) == (["resumed"], 0)


def test_a_source_that_offers_a_backfill_still_does_and_it_is_paused_too(pausable) -> None:
    class Again(ListSource):
        def backfill(self, subjects, since, progress=None):
            return iter(())

    assert isinstance(pausable.guard(Again()), Backfill)
    assert not isinstance(pausable.guard(ListSource()), Backfill)
    assert list(pausable.guard(Again()).backfill(lambda _: True, NOW)) == []
    pausable.pause()
    with pytest.raises(PausedError):
        list(pausable.guard(Again()).backfill(lambda _: True, NOW))


def test_a_source_that_is_told_still_listens_and_hears_what_is_safe_and_a_pause_leaves_it_waiting(pausable, world) -> None:
    class Told(ListSource):
        heard = safe = None

        def listen(self, wake, stop):
            self.heard = (wake, stop)

        def settled(self, cursor):
            self.safe = cursor

    world.source = source = Told()
    assert not isinstance(pausable.guard(ListSource()), Pushed)
    pausable.guard(source).listen("wake", "stop")
    assert source.heard == ("wake", "stop")
    source.given = [[world.absence(world.person())]]
    pausable.pause()
    with pytest.raises(PausedError):
        pausable.lane().poll()
    assert source.safe is None
    pausable.resume()
    pausable.lane().poll()
    assert source.safe == {"next": 1}


def test_the_source_is_closed_through_it(pausable, world) -> None:
    pausable.guard(world.source).close()
    assert world.source.closed


def test_while_it_is_paused_one_line_is_written_and_no_next_poll_stands_in_it(world) -> None:
    watch = LaneWatch(Conditions(world.ledger.engine, "events"))
    for minute, result in enumerate(("ok", "paused", "paused")):
        watch.note(NOW.replace(minute=minute), result, "", NOW)
    with world.ledger.engine.connect() as connection:
        condition = load_condition(connection, "events")
    assert condition is not None
    assert (condition.polled_at, condition.result) == (NOW.replace(minute=1), "paused")
    assert (condition.succeeded_at, condition.next_poll) == (NOW.replace(minute=0), None)
