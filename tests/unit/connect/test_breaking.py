"""A source's circuit breaker around the events lane: what is asked, what is told, what a restart knows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.breaker import BreakerState
from hub.connect.breaking import SourceBreaker, load_breaker
from hub.connect.watching import Standing, watched
from hub.errors import BreakerOpenError, RejectedError, RetriableError
from tests.unit.connect.conftest import ListSource

MINUTE = timedelta(minutes=1)


class Failing(ListSource):
    """Fails while it is `down`, before it gives anything."""

    down: Exception | None = None

    def batches(self, cursor):
        if self.down is not None:
            self.pulls += 1
            raise self.down
        yield from super().batches(cursor)


class Guarded:
    def __init__(self, world) -> None:
        self.world = world
        self.source = Failing()
        self.source.given = [[world.absence(world.person(), f"a{number}")] for number in range(3)]
        world.grant(world.person())
        self.restart()

    def restart(self) -> None:
        engine = self.world.ledger.engine
        self.breaker = SourceBreaker(engine, "broken-one", self.world.clock, most=3, longest=120.0)
        self.lane = self.world.lane(source=watched(self.source, Standing(engine, "broken-one"), self.breaker))

    def fail(self, times: int) -> None:
        self.source.down = RetriableError("down", code="source_down")
        for _ in range(times):
            with pytest.raises(RetriableError):
                self.lane.poll()

    def stored(self):
        with self.world.ledger.engine.connect() as connection:
            return load_breaker(connection)

    @staticmethod
    def told() -> list[str]:
        labels = [{"connector": "broken-one", "state": state.value} for state in BreakerState]
        return [one["state"] for one in labels if REGISTRY.get_sample_value("hub_connector_breaker", one)]


@pytest.fixture
def guarded(world) -> Guarded:
    return Guarded(world)


def test_a_source_that_fails_again_and_again_is_left_alone_and_then_tried_once(guarded, world) -> None:
    with capture_logs() as logs:
        guarded.fail(3)
        for _ in range(5):
            with pytest.raises(BreakerOpenError):
                guarded.lane.poll()
        assert (guarded.source.pulls, guarded.told()) == (3, ["open"])
        world.clock.advance(2 * MINUTE)
        guarded.fail(1)
        with pytest.raises(BreakerOpenError):
            guarded.lane.poll()
    assert guarded.source.pulls == 4
    told = [(entry["event"], entry["code"]) for entry in logs if entry["event"].startswith("breaker")]
    assert told == [(f"breaker_{state}", "source_down") for state in ("open", "half_open", "open")]


def test_when_it_is_back_everything_comes_once_from_where_the_cursor_stood(guarded, world) -> None:
    guarded.source.fail_before = {1: RetriableError("down", code="source_down")}
    with pytest.raises(RetriableError):
        guarded.lane.poll()
    guarded.fail(2)
    guarded.source.down = None
    world.clock.advance(2 * MINUTE)
    assert guarded.lane.poll() == {("published", ""): 2}
    assert (guarded.told(), guarded.stored().state) == (["closed"], BreakerState.CLOSED)
    assert len({message.event_id for message in world.published}) == len(world.published) == 3


def test_a_restart_does_not_ask_what_was_left_alone(guarded, world) -> None:
    guarded.fail(3)
    assert (guarded.stored().state, guarded.stored().code) == (BreakerState.OPEN, "source_down")
    world.crash()
    guarded.restart()
    with pytest.raises(BreakerOpenError):
        guarded.lane.poll()
    assert (guarded.source.pulls, guarded.told()) == (3, ["open"])


def test_a_refused_whole_answer_counts_and_what_kafka_or_the_registry_fails_does_not(guarded, world) -> None:
    world.publisher.failures.extend(RetriableError("no broker", code="kafka") for _ in range(4))
    for _ in range(4):
        with pytest.raises(RetriableError):
            guarded.lane.poll()
    assert guarded.told() == ["closed"]
    guarded.source.down = RejectedError("no", code="bad_answer")
    for _ in range(3):
        with pytest.raises(RejectedError):
            guarded.lane.poll()
    assert guarded.told() == ["open"]


def test_a_source_that_gets_no_further_is_broken_and_one_that_does_is_not(guarded) -> None:
    class Stuck(ListSource):
        """Gives its first batch again and again, under the cursor that it was given, and then fails."""

        moves = False

        def batches(self, cursor):
            for batch in super().batches(None):
                yield type(batch)(batch.records, {"next": self.pulls} if self.moves else cursor or {})
                raise RetriableError("down", code="source_down")

    guarded.source = Stuck()
    guarded.source.given = [[guarded.world.absence(guarded.world.person())]]
    guarded.source.moves = True
    guarded.restart()
    for _ in range(5):
        with pytest.raises(RetriableError):
            guarded.lane.poll()
    guarded.source.moves = False
    for _ in range(2):  # the last one that did get further failed behind it
        with pytest.raises(RetriableError):
            guarded.lane.poll()
    with pytest.raises(BreakerOpenError):
        guarded.lane.poll()


def test_what_the_source_asks_for_is_waited_up_to_the_longest(guarded, world) -> None:
    guarded.source.down = RetriableError("busy", code="busy", retry_after=3600.0)
    for _ in range(3):
        with pytest.raises(RetriableError):
            guarded.lane.poll()
    assert guarded.stored().retry_at == world.clock.now() + 2 * MINUTE


def test_withdrawals_are_heeded_while_the_source_is_left_alone(guarded, world) -> None:
    guarded.lane.poll()
    guarded.fail(3)
    world.directory.withdraw(world.person(), "11111111-2222-3333-4444-555555555555")
    guarded.lane.keep()
    assert world.published[-1].kind == "receipt"
