from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hub.errors import FatalError, RetriableError
from hub.registry.threads import Threads


def after(stop: threading.Event, call: Callable[[], None]) -> None:
    stop.wait()
    call()


def test_all_parts_end_when_the_process_shall_stop() -> None:
    stop = threading.Event()
    threads = Threads(stop)
    ended: list[str] = []
    for name in ("a", "b"):
        threads.start(name, lambda name=name: after(threads.stop, lambda: ended.append(name)))
    stop.set()
    threads.wait()
    threads.join()
    assert sorted(ended) == ["a", "b"]


def test_a_part_that_dies_stops_the_others_and_the_process() -> None:
    threads = Threads(threading.Event())
    other = threading.Event()
    threads.start("other", lambda: after(threads.stop, other.set))

    def dies() -> None:
        raise RetriableError("x", code="kafka")

    threads.start("relay", dies)
    with pytest.raises(FatalError) as caught:
        threads.wait()
    assert caught.value.code == "thread_died"
    assert "relay" in str(caught.value)
    threads.join()
    assert other.is_set()


def test_a_part_that_ends_by_itself_has_died_too() -> None:
    threads = Threads(threading.Event())
    threads.start("relay", lambda: None)
    with pytest.raises(FatalError):
        threads.wait()
