"""A look at what the worker holds: how long it is waited for, how many there are at once, and what comes out of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hub.core.state import new_state
from hub.errors import RejectedError, RetriableError
from hub.web.consents.looking import Looking
from tests.unit.core.make import YOUTH
from tests.unit.core.make_rules import RULES
from tests.unit.web.held import FoundThere

FOUND = FoundThere(new_state(YOUTH), RULES, {})
PATIENCE = 30


class Slow:
    """A reading that goes on until `free` is set; `ended` counts those that are over."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.ended = threading.Semaphore(0)
        self.expired: list[bool] = []

    def read(self, reference: str, expired: Callable[[], bool]) -> FoundThere:
        assert self.free.wait(PATIENCE)
        self.expired.append(expired())
        self.ended.release()
        return FOUND


def test_what_is_found_is_given_to_whoever_waits() -> None:
    asked: list[str] = []

    def read(reference: str, expired: Callable[[], bool]) -> FoundThere:
        asked.append(reference)
        assert not expired()
        return FOUND

    assert Looking(read).at(YOUTH) is FOUND
    assert asked == [YOUTH]


@pytest.mark.parametrize("error", [RetriableError("nobody listens", code="kafka"), ValueError("not expected")])
def test_what_ends_the_reading_comes_to_whoever_waits_and_the_next_may_look(error: Exception) -> None:
    def read(reference: str, expired: Callable[[], bool]) -> FoundThere:
        raise error

    looking = Looking(read, at_once=1)
    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            looking.at(YOUTH)
        assert raised.value is error


def test_nobody_waits_longer_than_that_and_the_reading_learns_that_nobody_does() -> None:
    slow = Slow()
    looking = Looking(slow.read, seconds=0)
    with pytest.raises(RetriableError) as raised:
        looking.at(YOUTH)
    assert raised.value.code == "slow"
    assert YOUTH not in str(raised.value)
    slow.free.set()
    assert slow.ended.acquire(timeout=PATIENCE)
    assert slow.expired == [True]


def test_as_many_as_are_under_way_keep_the_next_from_looking_though_nobody_waits_for_them() -> None:
    slow = Slow()
    looking = Looking(slow.read, seconds=0, at_once=2)
    for _ in range(2):
        with pytest.raises(RetriableError):
            looking.at(YOUTH)
    with pytest.raises(RejectedError) as raised:
        looking.at(YOUTH)
    assert raised.value.code == "busy"
    slow.free.set()
