from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.contract.bounded import BoundedDecoder
from hub.errors import ContractError


def code_of(read) -> str:
    with pytest.raises(ContractError) as refusal:
        read()
    return refusal.value.code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x00", 0),
        (b"\x01", -1),
        (b"\x02", 1),
        (b"\x80\x01", 64),
        (b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 2**63 - 1),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", -(2**63)),
    ],
)
def test_numbers_are_zigzag_varints(data, value) -> None:
    decoder = BoundedDecoder(data)
    assert decoder.read_long() == value
    assert decoder.remaining == 0


def test_reading_begins_where_it_is_told() -> None:
    assert BoundedDecoder(b"xxxxx\x04", start=5).read_long() == 2


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "truncated"), (b"\x80" * 9, "truncated"), (b"\x80" * 10, "malformed"), (b"\xff" * 9 + b"\x02", "malformed")],
)
def test_a_number_that_ends_nowhere_or_too_late_is_refused(data, code) -> None:
    assert code_of(BoundedDecoder(data).read_long) == code


def test_skipping_is_bounded_like_reading() -> None:
    assert code_of(lambda: BoundedDecoder(b"ab").skip(3)) == "truncated"
    assert code_of(lambda: BoundedDecoder(b"ab").skip(-1)) == "malformed"
    assert code_of(BoundedDecoder(b"\x80" * 11).skip_long) == "malformed"
    assert code_of(BoundedDecoder(b"\x06ab").skip_bytes) == "truncated"


def test_a_value_of_very_many_parts_is_refused() -> None:
    decoder = BoundedDecoder(bytes(20_001))
    for _ in range(20_000):
        decoder.read_long()
    assert code_of(decoder.read_long) == "malformed"


def test_an_instant_is_in_utc_with_milliseconds() -> None:
    moment = BoundedDecoder(b"\xf2\x8d\x01").read_timestamp_millis_from_long()
    assert moment == datetime(1970, 1, 1, 0, 0, 9, 81000, tzinfo=UTC)
    assert moment.tzinfo is UTC


def test_a_boolean_is_one_byte_of_0_or_1() -> None:
    assert BoundedDecoder(b"\x01").read_boolean() is True
    assert BoundedDecoder(b"\x00").read_boolean() is False
    assert code_of(BoundedDecoder(b"\x03").read_boolean) == "malformed"
