from __future__ import annotations

import threading

import pytest

from hub.connect.loop import Loop
from hub.connect.waking import listening
from hub.errors import ConfigError

from .test_loop import CountedStop, ScriptedLane, make_loop


def test_a_wake_ends_the_wait_but_not_before_a_few_seconds(world) -> None:
    stop = CountedStop(12)
    lane = ScriptedLane({})
    loop = make_loop(world, lane, stop)
    loop.heed_wakes()
    loop.wake()
    loop.run()
    assert lane.polls == 2
    assert stop.waited[:5] == [1.0] * 5
    assert lane.keeps >= 1


def test_without_a_waker_the_wait_is_in_the_steps_of_the_directory(world) -> None:
    stop = CountedStop(3)
    make_loop(world, ScriptedLane({}), stop).run()
    assert stop.waited == [5.0] * 3


class Once:
    """Wakes once, and fails in the way it is told to."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.heard = threading.Event()

    def listen(self, wake, stop) -> None:
        wake()
        self.heard.set()
        if self.failure:
            raise self.failure
        stop.wait()


@pytest.mark.parametrize("failure", [None, ConfigError("taken", code="port_taken"), ValueError("a name")])
def test_what_becomes_of_the_waker_never_ends_the_lane(world, failure) -> None:
    stop, waker = threading.Event(), Once(failure)
    loop: Loop = make_loop(world, ScriptedLane({}), stop)
    with listening(waker, loop, "looped", stop):
        assert waker.heard.wait(5)
        assert not stop.is_set()
    assert stop.is_set()


def test_a_connector_without_one_has_no_thread(world) -> None:
    stop = threading.Event()
    with listening(None, make_loop(world, ScriptedLane({}), stop), "looped", stop):
        assert "waker" not in {thread.name for thread in threading.enumerate()}
    assert not stop.is_set()
