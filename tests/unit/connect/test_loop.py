from __future__ import annotations

import threading
from collections import Counter

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.connect.loop import Loop
from hub.errors import BreakerOpenError, ConfigError, FatalError, PausedError, RejectedError, RetriableError, StaleDirectoryError


class CountedStop(threading.Event):
    """Waits for nothing; is set after `waits` waits."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


class ScriptedLane:
    """Answers polls in order, the last one for ever."""

    def __init__(self, *answers) -> None:
        self.name = "events"
        self.answers = list(answers)
        self.polls = 0
        self.keeps = 0
        self.keep_failure: Exception | None = None

    def poll(self):
        answer = self.answers[min(self.polls, len(self.answers) - 1)]
        self.polls += 1
        if isinstance(answer, Exception):
            raise answer
        return Counter(answer)

    def keep(self) -> None:
        self.keeps += 1
        if self.keep_failure:
            raise self.keep_failure


class Noting:
    """A watch that remembers; its store may be away."""

    def __init__(self, *, away: bool = False) -> None:
        self.noted: list = []
        self.looks = 0
        self.away = away

    def look(self) -> None:
        self.looks += 1
        if self.away:
            raise RetriableError("no store", code="database")

    def note(self, now, result, code, next_poll) -> None:
        if self.away:
            raise RetriableError("no store", code="database")
        self.noted.append((result, code, next_poll and (next_poll - now).total_seconds()))


def make_loop(world, lane, stop, *, after=None, poll=300.0, keep=5.0, watch=None) -> Loop:
    return Loop(lane, "looped", poll_seconds=poll, keep_seconds=keep, clock=world.clock, stop=stop, after=after, watch=watch)


def caught_up() -> float | None:
    return REGISTRY.get_sample_value("hub_connector_caught_up", {"connector": "looped", "lane": "events"})


def polls(result: str) -> float:
    labels = {"connector": "looped", "lane": "events", "result": result}
    return REGISTRY.get_sample_value("hub_connector_polls_total", labels) or 0.0


def test_a_poll_with_news_is_not_caught_up_and_the_next_without_is(world) -> None:
    lane = ScriptedLane({("handled", ""): 3}, {("published", ""): 1, ("refused", "no_reference"): 2})
    loop = make_loop(world, lane, CountedStop(99))
    assert loop.once().counts == {("handled", ""): 3}
    assert caught_up() == 0
    assert loop.once().result == "ok"
    assert caught_up() == 1
    last = REGISTRY.get_sample_value("hub_connector_last_success_seconds", {"connector": "looped", "lane": "events"})
    assert last == world.clock.now().timestamp()


def test_events_are_not_caught_up_before_the_statutory_lane_was(world) -> None:
    first = make_loop(world, ScriptedLane({("secured", ""): 1}, {}), CountedStop(99))
    second = make_loop(world, ScriptedLane({}), CountedStop(99), after=first)
    first.once()
    second.once()
    assert not second.caught_up.is_set()
    first.once()
    second.once()
    assert second.caught_up.is_set()


def test_a_retriable_error_is_tried_again_a_few_times_and_then_left_for_the_next_poll(world) -> None:
    lane, before = ScriptedLane(RetriableError("down", code="source_down")), polls("retry")
    polled = make_loop(world, lane, CountedStop(99)).once()
    assert (polled.result, polled.code, lane.polls) == ("retry", "source_down", 4)
    assert polls("retry") == before + 1
    assert caught_up() == 0


def test_the_other_side_may_say_when_to_come_again(world) -> None:
    stop = CountedStop(99)
    make_loop(world, ScriptedLane(RetriableError("busy", retry_after=17.0), {}), stop).once()
    assert stop.waited == [17.0]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (RejectedError("no", code="bad_answer"), "rejected"),
        (StaleDirectoryError("old", code="stale_directory"), "stale"),
    ],
)
def test_refusals_are_counted_and_the_loop_goes_on(world, error, result: str) -> None:
    lane = ScriptedLane(error, {})
    loop = make_loop(world, lane, CountedStop(3), poll=1.0, keep=1.0)
    loop.run()
    assert lane.polls > 1
    assert polls(result) >= 1


def test_after_a_failure_the_next_poll_comes_sooner(world) -> None:
    stop = CountedStop(1)
    make_loop(world, ScriptedLane(StaleDirectoryError("old", code="stale_directory")), stop).run()
    assert stop.waited[-1] <= 5.5


@pytest.mark.parametrize("error", [ConfigError("wrong"), FatalError("lost"), KeyError("bug")])
def test_what_cannot_be_waited_out_ends_the_loop(world, error) -> None:
    loop = make_loop(world, ScriptedLane(error), CountedStop(99))
    with pytest.raises(type(error)):
        loop.run()
    assert loop.first_poll_over.is_set()


def test_between_polls_the_lane_is_kept(world) -> None:
    lane, stop = ScriptedLane({}), CountedStop(200)
    lane.keep_failure = RetriableError("no broker")
    make_loop(world, lane, stop, poll=30.0, keep=5.0).run()
    assert lane.polls > 5
    assert lane.keeps > 4 * lane.polls


def test_each_poll_is_noted_with_when_the_next_one_is_due(world) -> None:
    watch = Noting()
    make_loop(world, ScriptedLane({}), CountedStop(200), watch=watch).run()
    make_loop(world, ScriptedLane({}), CountedStop(1), watch=watch).once()
    (ok, code, due), *_, last = watch.noted
    assert (ok, code, last) == ("ok", "", ("ok", "", None))
    assert 270 <= due <= 330
    assert watch.looks > 40


def test_a_paused_lane_is_tried_again_soon_is_kept_and_its_last_success_stands(world) -> None:
    lane = ScriptedLane({}, PausedError("paused", code="paused"))
    watch = Noting()
    loop = make_loop(world, lane, CountedStop(12), poll=4.0, keep=1.0, watch=watch)
    loop.run()
    assert [result for result, *_ in watch.noted[:2]] == ["ok", "paused"]
    assert lane.polls > 3
    assert lane.keeps > 1
    assert polls("paused") >= 2
    assert not loop.caught_up.is_set()


def test_a_watch_whose_store_is_away_stops_neither_polls_nor_what_is_due_between_them(world) -> None:
    lane = ScriptedLane({})
    make_loop(world, lane, CountedStop(30), poll=10.0, keep=1.0, watch=Noting(away=True)).run()
    assert lane.polls > 1
    assert lane.keeps > 10


def test_a_source_that_is_left_alone_is_not_tried_again_within_a_poll_and_not_logged_each_time(world) -> None:
    lane = ScriptedLane(BreakerOpenError("open", code="breaker_open"))
    with capture_logs() as logs:
        assert make_loop(world, lane, CountedStop(99)).once().result == "open"
    assert (lane.polls, logs) == (1, [])
