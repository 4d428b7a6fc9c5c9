"""What was decoded stays at hand, within bounds."""

from __future__ import annotations

from hub.runtime.remembered import Remembered


def test_what_was_put_is_got_and_the_newest_counts() -> None:
    states = Remembered(100)
    states.put("a", "first", 10)
    states.put("a", "second", 20)
    assert (states.get("a"), states.get("b")) == ("second", None)
    assert len(states) == 1


def test_more_bytes_than_allowed_push_out_what_was_put_longest_ago() -> None:
    states = Remembered(100)
    for key in "abc":
        states.put(key, key, 40)
    assert [states.get(key) for key in "abc"] == [None, "b", "c"]
    states.put("b", "again", 40)
    states.put("d", "d", 40)
    assert [states.get(key) for key in "bcd"] == ["again", None, "d"]


def test_a_state_that_is_gone_or_was_never_stored_is_not_held() -> None:
    states = Remembered(100)
    states.put("a", "a", 60)
    states.put("a", None, 0)
    states.put("b", "new", 0)
    states.put("c", "c", 60)
    assert [states.get(key) for key in "abc"] == [None, None, "c"]


def test_a_state_larger_than_all_that_may_be_held_is_not_held() -> None:
    states = Remembered(100)
    states.put("a", "a", 101)
    assert (states.get("a"), len(states)) == (None, 0)
    states.put("b", "b", 100)
    assert states.get("b") == "b"
