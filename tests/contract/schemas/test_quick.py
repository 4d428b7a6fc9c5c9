"""The readers made for our schemas give what the `avro` library and the whole model give, value for value and refusal for refusal."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import avro.io
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.contract.bounded import MAX_NUMBERS
from hub.contract.codec import Codec
from hub.contract.lock import load_lock
from hub.contract.models import Message, RuleMarker, SchoolAbsence
from hub.contract.topics import CATALOGUE, CONSENTS, RULES, SCHOOL_ABSENCES, Topic
from hub.errors import ContractError
from tests.unit.contract.hostile import REFUSED, REFUSED_CONSENTS, framed, number, text

from .spelling import plain, written
from .test_round_trip import ARBITRARY, PRIMARY

ENOUGH = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
INT, LONG = 2**31, 2**63
EDGES = sorted(
    {edge + by for edge in (0, 63, 64, 150, 1440, 8191, 8192, 100_000, INT, 2**34, LONG, -INT, -LONG) for by in (-1, 0, 1)}
)
# Where an instant's bytes become more or fewer, and where the model's years and the calendar begin and end.
INSTANTS = [
    sign * edge + by
    for edge in (0, 2**34, 2**41, 2**48, 2_208_988_800_000, 32_503_680_000_000, 253_402_300_800_000, LONG - 1)
    for sign in (-1, 1)
    for by in (-1, 0, 1)
    if sign * edge + by < LONG
]
TEXTS = [
    "",
    "y",
    "Y" + "0" * 32,
    "e" + "0" * 39,
    "a-b\n",
    "a" * 64,
    "a" * 65,
    "a_200101",
    "20-01-01",
    "å",
    "{}",
    "{ }\n",
    "x" * 300,
]


@pytest.fixture(scope="session")
def judge(codec) -> Codec:
    """The same codec without the readers made for its schemas."""
    return Codec({schema_id: replace(each, quick=None) for schema_id, each in codec._written.items()}, codec._writing)


def exact(value: Any) -> Any:
    """A value with its types, in its order, and all that pydantic keeps with it: more than equality asks."""
    match value:
        case Message():
            state = value.__getstate__()
            kept = [(name, exact(item)) for name, item in state.pop("__dict__").items()]
            return type(value), kept, type(state["__pydantic_fields_set__"]), state
        case tuple():
            return [tuple, *map(exact, value)]
        case datetime():
            return value, value.tzinfo
    return type(value), value


def outcome(codec: Codec, topic: Topic, value: bytes) -> Any:
    try:
        return exact(codec.decode(topic, value))
    except ContractError as refusal:
        return refusal.code, str(refusal), refusal.__cause__, refusal.__suppress_context__


def quick(codec: Codec, value: bytes) -> Message | None:
    return codec._written[int.from_bytes(value[1:5], "big")].quick(value)


def varint(value: int, longer: int = 0) -> bytes:
    """A number's bytes with so many more than it needs."""
    body = number(value)
    return body if not longer else body[:-1] + bytes([body[-1] | 0x80]) + b"\x80" * (longer - 1) + b"\x00"


def test_the_newest_version_of_every_schema_has_a_reader_and_no_older_one(codec, schemas) -> None:
    lock = load_lock(schemas)
    for versions in lock.versions.values():
        assert [codec._written[version.id].quick is not None for version in versions] == [False] * (len(versions) - 1) + [True]


@pytest.mark.parametrize("name", PRIMARY)
@ENOUGH
@given(data=st.data())
def test_what_we_write_is_read_by_the_reader_made_for_it_as_avro_reads_it(codec, judge, name, data) -> None:
    topic = CATALOGUE[name]
    value = codec.encode(topic, data.draw(ARBITRARY[name]))
    assert quick(codec, value) is not None
    assert outcome(codec, topic, value) == outcome(judge, topic, value)
    body = io.BytesIO(value[5:])
    raw = avro.io.DatumReader(codec._writing[topic.subject].schema).read(avro.io.BinaryDecoder(body))
    assert topic.message.model_validate(raw) == codec.decode(topic, value)
    assert not body.read()


@pytest.mark.parametrize("name", PRIMARY)
@ENOUGH
@given(data=st.data())
def test_a_value_that_its_schema_allows_is_judged_alike_whatever_it_is(codec, judge, examples, name, data) -> None:
    message = data.draw(st.one_of(ARBITRARY[name], st.just(examples[name])))
    compare(codec, judge, name, message, Change(data, {
        "string": lambda old: text(data.draw(st.one_of(st.sampled_from(TEXTS), st.sampled_from([old + "\n", old + "0", old[:-1], old.upper()]), st.text(max_size=50)))),
        "int": lambda _: number(data.draw(st.sampled_from(EDGES))),
        "long": lambda _: number(data.draw(st.sampled_from(EDGES))),
        "date": lambda _: number(data.draw(st.sampled_from(EDGES))),
        "timestamp-millis": lambda _: number(data.draw(st.one_of(st.sampled_from(INSTANTS), st.integers(-LONG, LONG - 1)))),
        "enum": lambda _: number(data.draw(st.sampled_from([-1, *range(12), 63, 64, 65]))),
        "boolean": lambda _: bytes([data.draw(st.integers(0, 255))]),
        "array": lambda items: number(len(items) * 20) + b"".join(items) * 20 + b"\x00" if items else None,
    }))  # fmt: skip


@pytest.mark.parametrize("name", PRIMARY)
@ENOUGH
@given(data=st.data())
def test_another_spelling_of_a_value_is_judged_alike(codec, judge, examples, name, data) -> None:
    longer = st.integers(1, 11)

    def spelt(value: int) -> bytes:
        return data.draw(st.sampled_from([varint(value, data.draw(longer)), number(value)[:-1], b"\xff" * 9 + b"\x02"]))

    def blocks(items: list[bytes]) -> bytes:
        one_by_one = b"".join(number(1) + item for item in items)
        sized = number(-len(items)) + number(sum(map(len, items))) + b"".join(items) if items else b""
        count = data.draw(st.sampled_from([2**20, 2**62, len(items) + 1, -(2**62), -1]))
        return data.draw(st.sampled_from([one_by_one, sized, number(count) + b"".join(items)])) + b"\x00"

    def string(old: str) -> bytes:
        raw = old.encode()
        size = data.draw(st.sampled_from([2**60, -(2**60), 300_000, 20_000, -1, len(raw) + 1, len(raw) - 1]))
        damaged = data.draw(st.sampled_from([b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x00"]))
        lengths = [spelt(len(raw)), number(size)]
        return data.draw(st.sampled_from([*(each + raw for each in lengths), text(raw + damaged), text(damaged + raw[2:])]))

    kinds = dict.fromkeys(("int", "long", "date", "timestamp-millis", "enum"), spelt)
    branch = {"branch": lambda old: data.draw(st.sampled_from([number(1 - old), number(2), number(-1), spelt(old)]))}
    message = data.draw(st.one_of(ARBITRARY[name], st.just(examples[name])))
    compare(codec, judge, name, message, Change(data, {**kinds, **branch, "string": string, "array": blocks}))


class Change:
    """Changes one to three of a message's values, drawn among them, each by the way of its kind."""

    def __init__(self, data, ways) -> None:
        self._data, self._ways, self._left = data, ways, None

    def counting(self, kind: str, value: Any) -> None:
        self._left = (self._left or 0) + (kind in self._ways)

    def __call__(self, kind: str, value: Any) -> bytes | None:
        if kind not in self._ways:
            return None
        if not isinstance(self._left, set):
            self._left = self._data.draw(st.sets(st.integers(1, self._left), min_size=1, max_size=3))
        self._left = {place - 1 for place in self._left}
        return self._ways[kind](value) if 0 in self._left else None


def compare(codec: Codec, judge: Codec, name: str, message: Message, change: Change) -> None:
    topic = CATALOGUE[name]
    schema = codec._writing[topic.subject].schema
    assert framed(codec, topic, written(schema, plain(message), change.counting)) == codec.encode(topic, message)
    value = framed(codec, topic, written(schema, plain(message), change))
    assert outcome(codec, topic, value) == outcome(judge, topic, value)


@pytest.mark.parametrize("name", PRIMARY)
@ENOUGH
@given(data=st.data())
def test_damage_is_judged_alike(codec, judge, examples, name, data) -> None:
    topic = CATALOGUE[name]
    value = bytearray(codec.encode(topic, data.draw(st.one_of(ARBITRARY[name], st.just(examples[name])))))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value)))
        value[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(value))))
    assert outcome(codec, topic, bytes(value[:cut])) == outcome(judge, topic, bytes(value[:cut]))


@pytest.mark.parametrize("name", PRIMARY)
def test_every_cut_and_every_byte_changed_are_judged_alike(codec, judge, examples, name) -> None:
    topic = CATALOGUE[name]
    whole = {each: "0581-hageby" for each in ("area",) if each in topic.message.model_fields}
    value = codec.encode(topic, examples[name].model_copy(update=whole))
    assert [quick(codec, value[:cut]) for cut in range(5, len(value))] == [None] * (len(value) - 5)
    for at in range(5, len(value)):
        for by in (0x01, 0x80, 0xFF):
            damaged = value[:at] + bytes([value[at] ^ by]) + value[at + 1 :]
            assert outcome(codec, topic, damaged) == outcome(judge, topic, damaged)


@pytest.mark.parametrize("name", PRIMARY)
@ENOUGH
@given(tail=st.binary(max_size=200), schema_id=st.integers(0, 25))
def test_arbitrary_bytes_under_any_schema_id_are_judged_alike(codec, judge, name, tail, schema_id) -> None:
    value = b"\x00" + schema_id.to_bytes(4, "big") + tail
    assert outcome(codec, CATALOGUE[name], value) == outcome(judge, CATALOGUE[name], value)


@pytest.mark.parametrize("name", REFUSED)
def test_no_known_attack_is_read(codec, judge, name) -> None:
    value = REFUSED[name][1](codec)
    if value is not None and value[:5] == framed(codec, SCHOOL_ABSENCES, b""):
        assert quick(codec, value) is None
        assert outcome(codec, SCHOOL_ABSENCES, value) == outcome(judge, SCHOOL_ABSENCES, value)


@pytest.mark.parametrize("name", REFUSED_CONSENTS)
def test_no_known_attack_by_lists_is_read(codec, name) -> None:
    assert quick(codec, framed(codec, CONSENTS, REFUSED_CONSENTS[name][1])) is None


def test_a_consent_of_more_parts_than_a_value_may_hold_is_refused_though_each_is_right(codec, judge, examples) -> None:
    scope = examples[CONSENTS.name].scopes[0]
    wide = examples[CONSENTS.name].model_copy(update={"scopes": (scope.model_copy(update={"agencies": ("a",) * MAX_NUMBERS}),)})
    value = codec.encode(CONSENTS, wide)
    assert outcome(codec, CONSENTS, value) == outcome(judge, CONSENTS, value)
    assert outcome(codec, CONSENTS, value)[0] == "malformed"


def test_a_rule_set_longer_than_the_readers_take_is_read_by_avro(codec, examples) -> None:
    long = RuleMarker(**examples[RULES.name].model_dump() | {"content": json.dumps({"": "x" * MAX_NUMBERS})})
    value = codec.encode(RULES, long)
    assert quick(codec, value) is None
    assert codec.decode(RULES, value) == long


def test_a_message_made_by_a_reader_is_as_immutable_as_any(codec, examples) -> None:
    value = codec.encode(SCHOOL_ABSENCES, examples[SCHOOL_ABSENCES.name])
    first, second = quick(codec, value), quick(codec, value)
    with pytest.raises(ValueError, match="frozen"):
        first.minutes = 1
    changed = first.model_copy(update={"unknown": 1})
    assert "unknown" in changed.model_fields_set
    assert first.model_fields_set == second.model_fields_set == set(SchoolAbsence.model_fields)
    assert hash(first) == hash(examples[SCHOOL_ABSENCES.name])
    assert first.model_copy(update={"minutes": 1}).minutes == 1
    assert first.model_dump_json() == examples[SCHOOL_ABSENCES.name].model_dump_json()
