"""Reading Avro's primitive values from bytes of doubtful origin, with bounds that do not depend on the library's version."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import cast

import avro.io

from hub.errors import ContractError

__all__ = ["MAX_NUMBERS", "MAX_VALUE_BYTES", "BoundedDecoder"]

MAX_VALUE_BYTES = 256 * 1024
MAX_NUMBERS = 20_000
_MAX_VARINT_BYTES = 10
_INT32 = range(-(2**31), 2**31)
_INT64_END = 1 << 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BoundedDecoder(avro.io.BinaryDecoder):  # type: ignore[misc]
    """`avro`'s decoder over a byte string, strict where the library is lenient.

    No read goes past the end (`truncated`), and nothing is allocated before its bytes are known to be there. Every item of
    an array of ours holds at least one number (a length, an index, a count), and a value has at most 20,000 of these, so an
    array's stated count is harmless. Numbers are checked against their type's range, and a boolean is 0 or 1.
    """

    def __init__(self, data: bytes, *, start: int = 0) -> None:
        super().__init__(cast("io.BytesIO", None))  # no stream: every method that would read one is overridden
        self._data = data
        self._at = start
        self._end = len(data)
        self._numbers_left = MAX_NUMBERS

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return self._end - self._at

    def bytes_remaining(self) -> int:
        return self._end - self._at

    def read(self, n: int) -> bytes:
        if not 0 <= n <= MAX_VALUE_BYTES:
            raise ContractError("a length is negative or larger than any value", code="malformed")
        start = self._at
        end = start + n
        if end > self._end:
            raise ContractError("the value ends within a field", code="truncated")
        self._at = end
        return self._data[start:end]

    def skip(self, n: int) -> None:
        self.read(n)

    def skip_long(self) -> None:
        self.read_long()

    def skip_bytes(self) -> None:
        self.read(self.read_long())

    def read_long(self) -> int:
        self._numbers_left -= 1
        if self._numbers_left < 0:
            raise ContractError("the value holds too many parts", code="malformed")
        data, at, end = self._data, self._at, self._end
        number = shift = 0
        for position in range(at, min(end, at + _MAX_VARINT_BYTES)):
            byte = data[position]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                if number >= _INT64_END:
                    break
                self._at = position + 1
                return (number >> 1) ^ -(number & 1)
            shift += 7
        else:
            if end < at + _MAX_VARINT_BYTES:
                raise ContractError("the value ends within a number", code="truncated")
        raise ContractError("a number is too long", code="malformed")

    def read_int(self) -> int:
        number = self.read_long()
        if number not in _INT32:
            raise ContractError("a number does not fit its type", code="malformed")
        return number

    def read_boolean(self) -> bool:
        byte = self.read(1)
        if byte == b"\x00":
            return False
        if byte == b"\x01":
            return True
        raise ContractError("a boolean is neither 0 nor 1", code="malformed")

    def read_timestamp_millis_from_long(self) -> datetime:
        # The standard library's UTC: the library's own class makes every later comparison slow.
        return _EPOCH + timedelta(milliseconds=self.read_long())
