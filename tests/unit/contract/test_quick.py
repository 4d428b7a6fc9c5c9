from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import ConfigDict, Field, field_validator

from hub.contract.fields import Code, Count, Instant, Message
from hub.contract.lock import parse_schema
from hub.contract.quick import quick_reader

from .hostile import number, text

HEAD = bytes(5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class One(Message):
    code: Code
    count: Count


class Odd(Message):
    odd: Annotated[int, Field(multiple_of=3)]


class Assigned(Message):
    count: int = Field(ge=5, le=9)


class Lax(Message):
    model_config = ConfigDict(str_to_upper=True)
    code: Code


class Renamed(Message):
    code: Code = Field(validation_alias="coded")


class Checked(Message):
    count: Count

    @field_validator("count")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("odd")
        return value


class Moment(Message):
    at: Instant


def reader_of(model: type[Message], **kinds: Any):
    fields = [{"name": name, "type": kind} for name, kind in kinds.items()]
    return quick_reader(parse_schema(json.dumps({"type": "record", "name": model.__name__, "fields": fields}), "made"), model)


def test_what_is_in_order_becomes_the_message() -> None:
    read = reader_of(One, code="string", count="int")
    assert read(HEAD + text("school") + number(300)) == One(code="school", count=300)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        text("school"),
        text("school") + number(1) + b"\x00",
        text("School") + number(1),
        text("school") + number(-1),
        text("school") + b"\x80" * 9 + b"\x02",
        number(-1) + number(1),
        number(2**62) + b"school",
        text(b"\xff") + number(1),
    ],
)
def test_a_doubt_is_no_message_and_no_error(body) -> None:
    assert reader_of(One, code="string", count="int")(HEAD + body) is None


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        pytest.param(One, {"code": "string"}, id="a field is missing in the schema"),
        pytest.param(One, {"code": "string", "count": "int", "more": "int"}, id="a field is missing in the model"),
        pytest.param(One, {"code": "bytes", "count": "int"}, id="a type that our schemas do not have"),
        pytest.param(One, {"code": "int", "count": "int"}, id="model and schema differ"),
        pytest.param(One, {"code": ["null", "string"], "count": "int"}, id="null where the model takes none"),
        pytest.param(Odd, {"odd": "int"}, id="a rule that the reader does not know"),
        pytest.param(Lax, {"code": "string"}, id="a model with other settings"),
        pytest.param(Renamed, {"code": "string"}, id="a field of two names"),
        pytest.param(Moment, {"at": "long"}, id="an instant that the schema has as a plain number"),
        pytest.param(Moment, {"at": {"type": "long", "logicalType": "timestamp-micros"}}, id="microseconds"),
    ],
)
def test_no_reader_is_made_where_it_could_read_otherwise_than_the_model(model, kinds) -> None:
    assert reader_of(model, **kinds) is None


def test_bounds_given_beside_the_type_hold_too() -> None:
    read = reader_of(Assigned, count="int")
    assert [read(HEAD + number(count)) for count in (4, 10)] == [None, None]
    assert read(HEAD + number(9)) == Assigned(count=9)


def test_a_rule_of_the_models_own_is_asked() -> None:
    read = reader_of(Checked, count="int")
    assert read(HEAD + number(2)) == Checked(count=2)
    assert read(HEAD + number(3)) is None


class Moments(Message):
    at: Instant
    then: tuple[Code, ...]
    more: bool


MOMENTS = {
    "at": {"type": "long", "logicalType": "timestamp-millis"},
    "then": {"type": "array", "items": "string"},
    "more": "boolean",
}


@pytest.mark.parametrize(
    "millis",
    [0, 999, 2**34 - 1, 2**34, 1_747_037_700_123, 2**41 - 1, 2**41, -1, -(2**40), 32_503_679_999_999, -2_208_988_800_000],
)
def test_an_instant_is_read_to_the_millisecond(millis) -> None:
    codes = number(2) + text("school") * 2 + b"\x00"
    found = reader_of(Moments, **MOMENTS)(HEAD + number(millis) + codes + b"\x01")
    assert found == Moments(at=EPOCH + timedelta(milliseconds=millis), then=("school", "school"), more=True)
    assert found.at.tzinfo is UTC


@pytest.mark.parametrize("millis", [-2_208_988_800_001, 32_503_680_000_000, 2**62, -(2**63)])
def test_an_instant_outside_the_models_years_is_none(millis) -> None:
    assert reader_of(Moments, **MOMENTS)(HEAD + number(millis) + bytes(1) + b"\x01") is None


class Few(Message):
    codes: Annotated[tuple[Code, ...], Field(max_length=2)]


def test_a_list_is_no_longer_than_the_model_allows() -> None:
    read = reader_of(Few, codes={"type": "array", "items": "string"})
    lists = {count: HEAD + number(count) + text("a") * count + b"\x00" for count in (1, 2, 3)}
    assert [read(value) for value in lists.values()] == [Few(codes=("a",)), Few(codes=("a", "a")), None]
    assert read(HEAD + b"\x00") == Few(codes=())
    assert read(HEAD + (number(1) + text("a")) * 2 + b"\x00") is None, "several blocks are for the judge"


class Sort(StrEnum):
    LAST = "s99"
    FIRST = "s0"


class Sorted(Message):
    sort: Sort


def test_of_an_enum_of_very_many_symbols_the_last_are_for_the_judge() -> None:
    read = reader_of(Sorted, sort={"type": "enum", "name": "Sort", "symbols": [f"s{place}" for place in range(100)]})
    assert read(HEAD + number(0)) == Sorted(sort=Sort.FIRST)
    # Two bytes, the first of which would be the place of a symbol in the middle.
    assert [read(HEAD + number(place)) for place in (1, 64, 99)] == [None, None, None]
    assert read(HEAD + b"\xc6") is None
