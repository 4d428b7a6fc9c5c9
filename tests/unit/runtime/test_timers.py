"""Clocks of keys, in memory and in front of stored states."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import given

from hub.runtime.effects import Change
from hub.runtime.timers import Timers, sealed, unsealed

AT = datetime(2025, 5, 19, tzinfo=UTC)


def ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def test_a_sealed_state_carries_its_clock() -> None:
    assert unsealed(sealed(Change(b"state", ms(AT))) or b"") == (ms(AT), b"state")
    assert unsealed(sealed(Change(b"state")) or b"") == (None, b"state")
    assert sealed(Change(None, ms(AT))) is None


def test_due_keys_come_earliest_first_and_once() -> None:
    timers = Timers()
    for key, hours in ((b"b", 2), (b"a", 1), (b"c", 9)):
        timers.set(key, ms(AT + timedelta(hours=hours)))
    assert timers.due(AT + timedelta(hours=3), 10) == [b"a", b"b"]
    assert timers.due(AT + timedelta(hours=3), 10) == []
    assert len(timers) == 1


def test_only_the_last_clock_of_a_key_counts() -> None:
    timers = Timers()
    timers.set(b"a", ms(AT))
    timers.set(b"a", ms(AT + timedelta(hours=5)))
    timers.set(b"b", ms(AT))
    timers.set(b"b", None)
    assert timers.due(AT + timedelta(hours=1), 10) == []
    assert timers.due(AT + timedelta(hours=5), 10) == [b"a"]


def test_a_clock_that_is_learned_does_not_take_the_place_of_one_that_was_set() -> None:
    timers = Timers()
    timers.set(b"a", ms(AT + timedelta(hours=5)))
    timers.due(AT, 9)
    for key in (b"a", b"b"):
        timers.learn(key, ms(AT))
    timers.learn(b"c", None)
    assert timers.due(AT, 9) == [b"b"]
    assert timers.due(AT + timedelta(hours=5), 9) == [b"a"]


def test_no_more_than_asked_for_are_taken() -> None:
    timers = Timers()
    for number in range(5):
        timers.set(b"%d" % number, ms(AT))
    assert len(timers.due(AT, 2)) == 2
    assert len(timers.due(AT, 9)) == 3


def test_a_clock_that_is_moved_often_before_it_comes_leaves_nothing_behind() -> None:
    timers = Timers()
    timers.due(AT, 1)
    timers.set(b"a", ms(AT + timedelta(days=20)))
    tracemalloc.start()
    try:
        for minute in range(5_000):
            timers.set(b"a", ms(AT + timedelta(days=20, minutes=minute)))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 5_000


_MINUTES = st.integers(0, 60 * 24 * 3)
_KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])


@given(st.lists(st.one_of(st.tuples(_KEYS, st.none() | _MINUTES), st.tuples(_MINUTES, st.integers(1, 3))), max_size=60))
def test_whatever_is_set_and_however_the_clock_goes_due_keys_are_those_of_a_plain_table(steps: list[tuple]) -> None:
    timers, plain = Timers(), dict[bytes, int]()
    for one, other in steps:
        if isinstance(one, bytes):
            at = None if other is None else ms(AT + timedelta(minutes=other))
            timers.set(one, at)
            plain.pop(one, None) if at is None else plain.update({one: at})
        else:
            now = AT + timedelta(minutes=one)
            due = sorted((at, key) for key, at in plain.items() if at <= ms(now))[:other]
            assert timers.due(now, other) == [key for _, key in due]
            for _, key in due:
                del plain[key]
        assert len(timers) == len(plain)
