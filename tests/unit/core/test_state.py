"""The bytes of a youth's state."""

from __future__ import annotations

import json

import pytest

from hub.core.state import StateError, body_bytes, from_bytes, new_state, to_bytes

from .former_state import former_bytes
from .make import NOW, YOUTH, ago, make_absence, make_consent, make_notice
from .make_rules import last, run


def some_state():
    retracted = make_notice("b2", ago(4), retracted=True, revision=2)
    return last(run(make_absence(1, ago(1), 480), make_notice("b1", ago(2), may_tell_youth=True), retracted))


def test_a_state_survives_its_bytes() -> None:
    state = some_state()
    assert from_bytes(to_bytes(state)) == state
    assert to_bytes(from_bytes(to_bytes(state))) == to_bytes(state)


def test_an_unknown_reference_is_empty_and_survives_too() -> None:
    state = new_state(YOUTH)
    assert state.empty
    assert from_bytes(to_bytes(state)) == state
    assert not new_state(YOUTH, make_consent()).empty


def test_the_body_holds_consent_and_events_and_no_bookkeeping() -> None:
    body = body_bytes(some_state())
    assert b"school_absence" in body
    assert b"absence-alone" not in body
    assert some_state().episodes["absence-alone"].task_id.encode() not in body


def test_the_bytes_hold_codes_and_references_only() -> None:
    held = [one for _, _, one in some_state().held()]
    assert {one.code for one in held} == {"unexcused", "narcotics", ""}
    assert NOW.isoformat().encode() not in to_bytes(some_state())


@pytest.mark.parametrize("value", [b"", b"null", b"{}", b"[]", b"\xff", b'{"v":1}', b"[" * 100_000, b"1"])
def test_other_bytes_are_refused(value: bytes) -> None:
    with pytest.raises(StateError):
        from_bytes(value)


def test_another_format_is_refused_without_quoting_it() -> None:
    content = json.loads(former_bytes(some_state()))
    content["v"] = 99
    with pytest.raises(StateError) as caught:
        from_bytes(json.dumps(content).encode())
    assert caught.value.__cause__ is None
    assert YOUTH not in str(caught.value)
