"""Format 3 of a youth's state: canonical, small, whatever is held; and nothing but a StateError for what is none."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract.models import ConsentRecord, ConsentStatus, InfoKind, Scope
from hub.core.consent_bytes import RECORD_FIELDS, SCOPE_FIELDS, spell_consent
from hub.core.held import Held, in_order
from hub.core.reach import Reach
from hub.core.state import Episode, Spent, StateError, YouthState, body_bytes, from_bytes, new_state, to_bytes
from hub.core.step import step

from .former_state import former_bytes
from .make import (
    NOW,
    SIG_SCOPE,
    YOUTH,
    ago,
    event_id,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
    make_sig_scope,
)
from .make_rules import RULES, last, run

OTHER = "y" + "0" * 31 + "2"
CONSENTS = (
    None,
    make_consent(),
    make_consent(make_scope(withdrawn_at=ago(1)), make_sig_scope(), make_scope(scope_id=SIG_SCOPE, kinds=(), agencies=())),
    make_consent(version=2**31 - 1, age_years=None, age_valid_until=None, area=None).model_copy(update={"scopes": ()}),
    make_consent(youth_ref=OTHER),
)
WITHDRAWN = ConsentRecord(
    youth_ref=YOUTH, version=3, status=ConsentStatus.WITHDRAWN, age_years=None, age_valid_until=None, area=None,
    legal_basis="consent", scopes=(), recorded_at=NOW,
)  # fmt: skip
NOW_MS = 1_747_632_600_000

ids = st.integers(0, 16**40 - 1).map(lambda number: f"e{number:040x}")
times = st.integers(NOW_MS - 60, NOW_MS) | st.integers(-(2**45), 2**45)
minutes = st.sampled_from((0, 20, 40, 80, 1440, 4095)) | st.integers(0, 1440)
codes = st.sampled_from(("excused", "unexcused", "narcotics", ""))
agencies = st.sampled_from(("school-north", "police-east", ""))
fitting = st.builds(Held, st.sampled_from((1, 1, 2, 2**31 - 1)), times, times, codes, minutes, agencies, st.booleans(), minutes)
simple = st.builds(lambda at, code, agency: Held(1, at, at, code, 60, agency, True, 80), times, codes, agencies)
odd_ids = st.sampled_from(
    ("", "e", "f" + "0" * 40, "e" + "A" * 40, "e" + "0" * 39, " e" + "0" * 40, "e" + "0" * 41, "e 0", "å", "\ud800")
)
odd = st.builds(
    Held,
    st.integers(-(2**70), 2**70),
    st.integers(-(2**70), 2**70),
    times,
    st.text(),
    st.integers(-9, 9000),
    st.text(),
    st.booleans(),
)


def states_of(held: st.SearchStrategy[Held], keys: st.SearchStrategy[str]) -> st.SearchStrategy[YouthState]:
    rows = st.dictionaries(keys, held, min_size=1, max_size=12).map(lambda one: in_order(one.items()))
    events = st.dictionaries(st.sampled_from([kind.value for kind in InfoKind]), rows)
    numbers = st.dictionaries(st.text(max_size=9), st.integers(0, 2**60), max_size=3)
    openings = st.dictionaries(st.text(max_size=9), st.builds(Spent, st.integers(1, 99), st.integers(0, 2**60)), max_size=3)
    cooperation = make_scope().cooperation
    episodes = st.dictionaries(
        st.text(max_size=9),
        st.builds(Episode, *[st.text(max_size=9)] * 4, st.just(cooperation), st.text(max_size=9), times),
        max_size=2,
    )
    consents = st.sampled_from((*CONSENTS, WITHDRAWN))
    return st.builds(
        YouthState,
        st.just(YOUTH),
        consents,
        events,
        episodes,
        openings,
        numbers,
        st.text(max_size=16),
        st.none() | times,
        numbers,
    )


some_states = states_of(fitting | simple, ids) | states_of(odd | simple, ids | odd_ids)


def a_state() -> YouthState:
    """Of every kind, corrected and retracted ones among them, with a task open and one answered."""
    events = [make_absence(number, ago(number % 9, minutes=number), 40) for number in range(1, 12)]
    events += [make_notice("b1", ago(2)), make_notice("b1", ago(3), revision=2, retracted=True), make_observation("c1", ago(3))]
    return replace(last(run(*events, make_absence("a2", ago(1), 480))), answers={"rule|sspf": 7}, spent={"rule|e": Spent(1, 7)})


def with_sum(content: bytes) -> bytes:
    return struct.pack("<BI", 3, zlib.crc32(content)) + content


@settings(max_examples=150, deadline=None)
@given(some_states)
def test_whatever_is_held_survives_its_bytes(state: YouthState) -> None:
    value = to_bytes(state)
    again = from_bytes(value)
    assert again == state
    assert to_bytes(again) == value
    for kind, rows in again.events.items():
        assert list(rows) == list(in_order(rows.items())), kind


@settings(max_examples=80, deadline=None)
@given(some_states, st.randoms(use_true_random=False))
def test_equal_states_give_equal_bytes_whatever_came_first(state: YouthState, chance: random.Random) -> None:
    def shuffled(held: Any) -> dict[str, Any]:
        return dict(chance.sample(list(held.items()), k=len(held)))

    other = replace(
        state,
        events=shuffled({kind: in_order(shuffled(rows).items()) for kind, rows in state.events.items()}),
        episodes=shuffled(state.episodes),
        answers=shuffled(state.answers),
        reach=None if state.consent is None else Reach(state.consent),
    )
    assert other == state
    assert to_bytes(other) == to_bytes(state)
    assert to_bytes(other) == to_bytes(state), "and so once the consent's bytes are remembered"
    assert body_bytes(other) == body_bytes(state)


def test_what_occurred_at_one_instant_has_the_same_bytes_in_whichever_order_it_came() -> None:
    one, other, sooner = make_absence(1, ago(1)), make_absence(2, ago(1)), make_absence(3, ago(2))
    found = {to_bytes(last(run(*events))) for events in permutations((one, other, sooner))}
    assert len(found) == 1


@settings(max_examples=80, deadline=None)
@given(some_states, st.sampled_from((2, 1)))
def test_what_a_former_version_wrote_is_read_and_written_anew(state: YouthState, version: int) -> None:
    if version == 1:
        events = {kind: {key: replace(held, offered=0) for key, held in rows.items()} for kind, rows in state.events.items()}
        state = replace(state, events=events, answers={})
    read = from_bytes(former_bytes(state, version))
    assert read == state
    assert to_bytes(read) == to_bytes(state)
    assert to_bytes(read)[0] == 3


def test_a_stepped_state_goes_on_from_a_former_versions_bytes_as_from_its_own() -> None:
    state, event = a_state(), make_absence("a3", ago(0), 480)
    stepped = step(from_bytes(former_bytes(state)), event, RULES, NOW)
    assert stepped == step(from_bytes(to_bytes(state)), event, RULES, NOW) == step(state, event, RULES, NOW)
    assert to_bytes(stepped.state) == to_bytes(step(from_bytes(to_bytes(state)), event, RULES, NOW).state)


def test_bytes_that_end_early_or_go_on_are_refused() -> None:
    value = to_bytes(a_state())
    for end in range(len(value)):
        with pytest.raises(StateError):
            from_bytes(value[:end])
    for more in (b"\x00", b" ", b"\n"):
        with pytest.raises(StateError):
            from_bytes(value + more)


def test_every_flipped_bit_is_found() -> None:
    value = to_bytes(a_state())
    for place in range(len(value)):
        for bit in range(8):
            flipped = bytearray(value)
            flipped[place] ^= 1 << bit
            with pytest.raises(StateError):
                from_bytes(bytes(flipped))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.data())
def test_random_bytes_are_refused_even_where_their_sum_is_right(noise: bytes, data: st.DataObject) -> None:
    for value in (noise, b"\x03" + noise, b"{" + noise, with_sum(noise)):
        with pytest.raises(StateError):
            from_bytes(value)
    # Of a true state's parts only what reads as one may come through, and nothing may fail otherwise.
    content = to_bytes(a_state())[5:]
    at = data.draw(st.integers(0, len(content)))
    with suppress(StateError):
        from_bytes(with_sum(content[:at] + noise + content[at + len(noise) :]))


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        struct.pack("<III", 0, 0, 0xFFFFFFFF) + b"[[],{}]",
        struct.pack("<III", 1, 0, 0) + b"\x00" * 29 + b'[[["excused","school",true]],{"school_absence":1000000000},"y",{},{},{},{},"",null]',
        struct.pack("<III", 1, 0, 0) + b"\x00" * 29 + b'[[["excused","school",true]],{"school_absence":-1},"y",{},{},{},{},"",null]',
        struct.pack("<III", 1, 0, 0) + b"\x00" * 29 + b'[[["excused","school",true]],{},"y",{},{},{},{},"",null]',
        struct.pack("<III", 1, 0, 0) + b"\x00" * 29 + b'[[],{"school_absence":1},"y",{},{},{},{},"",null]',
        struct.pack("<III", 1, 0, 0) + b"\x00" * 29 + b'[[["excused","school",true]],{"weather":1},"y",{},{},{},{},"",null]',
        struct.pack("<III", 2, 0, 0) + b"\x00" * 58 + b'[[["excused","school",true]],{"school_absence":2},"y",{},{},{},{},"",null]',
        struct.pack("<III", 0, 1, 0) + b"\x00" * 14 + b'[[],{},"y",{},{},{},{},"",null]',
        struct.pack("<III", 0, 0, 0) + b'[[],{},"y",{},{},{},{},"",1e999]' + b"[" * 100_000,
        struct.pack("<III", 0, 0, 3) + b"1\x002" + b'[[],{},"y",{},{},{},{},"",null]',
    ],
    ids=["counts", "length", "many", "fewer than none", "no kind", "no shape", "a foreign kind", "twice", "no such place", "deep", "consent"],
)  # fmt: skip
def test_a_right_sum_over_what_is_no_state_does_not_help(content: bytes) -> None:
    with pytest.raises(StateError) as caught:
        from_bytes(with_sum(content))
    assert caught.value.__cause__ is None


def test_a_later_format_is_refused() -> None:
    value = to_bytes(a_state())
    with pytest.raises(StateError):
        from_bytes(b"\x04" + value[1:])


def test_a_youth_with_28_events_takes_no_more_than_one_and_a_half_kilobyte() -> None:
    events = [make_absence(number, ago(54 - 2 * number, minutes=number), (40, 60, 80)[number % 3]) for number in range(25)]
    notices = [make_notice("b1", ago(40)), make_observation("c1", ago(50)), make_observation("c2", ago(51))]
    state = last(run(*events, *notices))
    assert sum(1 for _ in state.held()) == 28
    assert len(to_bytes(replace(state, episodes={}, spent={}, due={}))) <= 1500
    assert len(to_bytes(state)) < len(former_bytes(state)) / 2


def test_what_is_stored_can_be_found_by_a_search_of_its_bytes() -> None:
    value = to_bytes(a_state())
    words = (YOUTH, "0581-hageby", make_scope().scope_id, "school-norrkoping", "unexcused", "absence-alone")
    assert [word for word in words if word.encode() not in value] == []
    assert bytes.fromhex(event_id(3)[1:]) in value
    assert YOUTH.encode() in to_bytes(new_state(YOUTH, WITHDRAWN))


def test_the_consents_fields_are_the_models() -> None:
    assert ("youth_ref", *RECORD_FIELDS) == tuple(ConsentRecord.model_fields)
    assert tuple(Scope.model_fields) == SCOPE_FIELDS
    names = [f'"{name}":'.encode() for name in (*RECORD_FIELDS, *SCOPE_FIELDS)]
    spelled = [spell_consent(consent, YOUTH) for consent in (*CONSENTS[1:4], WITHDRAWN)]
    assert [name for one in spelled for name in names if name in one] == []
    assert spell_consent(CONSENTS[4], YOUTH) == CONSENTS[4].model_dump_json().encode()  # type: ignore[union-attr,arg-type]


def test_a_consents_bytes_are_remembered_until_there_is_another_one() -> None:
    state = from_bytes(to_bytes(a_state()))
    assert state.reach is not None
    assert state.reach.spelled == spell_consent(make_consent(), YOUTH)
    narrower = make_consent(make_scope(recipients=("sspf",)), version=2)
    changed = step(state, narrower, RULES, NOW).state
    assert from_bytes(to_bytes(changed)).consent == narrower
    # A reach that is another consent's says nothing of this one.
    assert to_bytes(replace(changed, reach=state.reach)) == to_bytes(changed)


def test_an_event_id_that_could_be_read_as_two_stays_what_it_is() -> None:
    held = Held(1, NOW_MS, NOW_MS, "excused", 60, "school-north", may_tell=True)
    for odd_id in (f"{event_id(1)} {event_id(2)}", event_id(1)[:-1], event_id(1) + "0", event_id("A")):
        state = YouthState(YOUTH, events={"school_absence": {event_id(3): held, odd_id: held}})
        assert from_bytes(to_bytes(state)) == state
    short_and_long = YouthState(YOUTH, events={"school_absence": {event_id(1)[:-1]: held, event_id(2) + "0": held}})
    assert from_bytes(to_bytes(short_and_long)) == short_and_long


FITS = {
    "occurred_ms": (0, (1 << 42) - 1), "minutes": (0, (1 << 11) - 1), "offered": (0, (1 << 11) - 1),
    "revision": (0, (1 << 32) - 1), "keep_ms": (-(1 << 63), (1 << 63) - 1),
}  # fmt: skip


@pytest.mark.parametrize("field", FITS)
@pytest.mark.parametrize("end", [0, 1], ids=["least", "most"])
def test_an_event_that_just_fits_stands_in_columns_and_one_beyond_takes_all_into_rows_and_neither_is_changed(
    field: str, end: int
) -> None:
    usual = Held(1, NOW_MS, NOW_MS, "excused", 60, "school-north", may_tell=True, offered=80)
    edge = FITS[field][end]
    for value, fits in ((edge, True), (edge + (1 if end else -1), False)):
        rows = in_order([(event_id(1), usual), (event_id(2), replace(usual, **{field: value}))])
        state = YouthState(YOUTH, events={"school_absence": rows})
        packed = to_bytes(state)
        assert from_bytes(packed) == state
        assert (bytes.fromhex(event_id(1)[1:]) in packed, event_id(1).encode() in packed) == (fits, not fits)


@pytest.mark.parametrize("number", [256, 257])
def test_as_many_shapes_as_a_byte_can_tell_apart_stand_in_columns_and_one_more_takes_all_into_rows(number: int) -> None:
    rows = {event_id(one): Held(1, NOW_MS + one, NOW_MS + one, "excused", 60, f"school-{one}", may_tell=True)
            for one in range(number)}  # fmt: skip
    state = YouthState(YOUTH, events={"school_absence": rows})
    packed = to_bytes(state)
    assert from_bytes(packed) == state
    assert (event_id(1).encode() in packed) == (number > 256)


def test_of_nothing_held_the_bytes_are_the_same_whichever_kinds_there_once_were() -> None:
    assert to_bytes(YouthState(YOUTH, events={"school_absence": {}})) == to_bytes(YouthState(YOUTH))
