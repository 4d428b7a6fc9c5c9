"""Numbers as Avro writes them, for the readers that are made for a schema: seven bits a byte, the lowest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from hub.contract.checks import validator
from hub.contract.fields import Instant

__all__ = ["late", "wide"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def wide(data: bytes, at: int, first: int) -> tuple[int, int]:
    """A number of more than one byte, and the place behind it; `first` stands before `at`. ValueError: longer than any."""
    number = first & 0x7F
    for shift in range(7, 70, 7):
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
    raise ValueError("a number is too long")


def late(data: bytes, at: int) -> tuple[datetime, int]:
    """Any instant that the model takes, and the place behind it."""
    number, behind = wide(data, at + 1, data[at]) if data[at] > 0x7F else (data[at], at + 1)
    instant = _EPOCH + timedelta(milliseconds=(number >> 1) ^ -(number & 1))
    return validator(Instant)(instant), behind
