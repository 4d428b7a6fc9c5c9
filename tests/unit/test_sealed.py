"""What is sealed opens for its own purpose, place and key, and for no other."""

from __future__ import annotations

import pytest

from hub.sealed import Seal

KEY, OTHER = bytes(32), bytes([1]) * 32
SEAL = Seal(KEY, b"notes")


def test_what_was_sealed_is_opened_and_twice_the_same_lies_there_twice_differently() -> None:
    sealed = SEAL.seal(b"place", b"content")
    assert SEAL.open(b"place", sealed) == b"content"
    assert b"content" not in sealed
    assert SEAL.seal(b"place", b"content") != sealed


@pytest.mark.parametrize(
    ("seal", "place"), [(Seal(OTHER, b"notes"), b"place"), (Seal(KEY, b"letters"), b"place"), (SEAL, b"elsewhere")]
)
def test_another_key_purpose_or_place_opens_nothing(seal: Seal, place: bytes) -> None:
    assert seal.open(place, SEAL.seal(b"place", b"content")) is None


@pytest.mark.parametrize("kept", [0, 5, 12, 20])
def test_a_stump_opens_nothing(kept: int) -> None:
    assert SEAL.open(b"place", SEAL.seal(b"place", b"content")[:kept]) is None


def test_one_changed_byte_opens_nothing() -> None:
    sealed = bytearray(SEAL.seal(b"place", b"content"))
    sealed[-1] ^= 1
    assert SEAL.open(b"place", bytes(sealed)) is None
