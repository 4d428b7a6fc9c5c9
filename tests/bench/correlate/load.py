"""The load of the fixed job: seeded, so that the oracle knows every record without reading it back.

Half a year of events, even over the youths. Two of a hundred records repeat the youth's last one, one of a hundred lies up to two
days back, one of a thousand is not valid, one of five thousand is cut in half.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from tests.bench.correlate.job import FRAME, youth_key

__all__ = ["Told", "encode", "load", "values"]

_BEGAN_MS = 1_760_000_000_000
_SPAN_MS = 180 * 86_400_000
_RECORDED_AFTER_MS = 500
_SEED = 7


class Told(NamedTuple):
    """One record as it was meant; `cut` ones reach the topic without their second half. Instants are Unix milliseconds."""

    youth: str
    event_id: str
    occurred_at: int
    recorded_at: int
    told_at: int
    severity: int
    scopes: tuple[str, ...]
    payload_ref: str
    cut: bool


def load(events: int, youths: int, seed: int = _SEED) -> Iterator[Told]:
    """So many records, in the order in which they are produced."""
    chance = random.Random(seed)
    keys = [youth_key(number) for number in range(youths)]
    last: dict[str, Told] = {}
    step = _SPAN_MS / events
    for number in range(events):
        youth, sort = keys[chance.randrange(youths)], chance.random()
        if sort < 0.02 and youth in last:
            yield last[youth]
            continue
        arrived = _BEGAN_MS + int(number * step)
        occurred = arrived - (chance.randrange(2 * 86_400_000) if sort > 0.99 else 0)
        severity = 99 if 0.02 <= sort < 0.021 else chance.randrange(5)
        told = Told(
            youth, f"01J{number:023d}", occurred, arrived + _RECORDED_AFTER_MS, number, severity, ("health", "education"),
            f"s3://b/k/{number:06d}", 0.021 <= sort < 0.0212,
        )  # fmt: skip
        if not told.cut:
            last[youth] = told
        yield told


def values(events: int, youths: int, seed: int = _SEED) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record."""
    for told in load(events, youths, seed):
        value = encode(told)
        yield told.youth.encode("ascii"), value[: len(value) // 2] if told.cut else value


def encode(told: Told) -> bytes:
    """The frame and the Avro bytes by `event.avsc`."""
    scopes = (_number(len(told.scopes)), *map(_text, told.scopes), b"\x00")
    return b"".join((
        FRAME, _text(told.event_id), _text(told.youth), _text("tenant-aa"), _text("SCHOOL_ABSENCE"), _text("school-mis"),
        _number(told.occurred_at), _number(told.recorded_at), _number(told.told_at), _number(told.severity), *scopes,
        b"\x02", _text(told.payload_ref),
    ))  # fmt: skip


def _text(text: str) -> bytes:
    raw = text.encode()
    return _number(len(raw)) + raw


def _number(value: int) -> bytes:
    """As Avro writes a long: zigzag, seven bits a byte, the least first."""
    left = value << 1 if value >= 0 else (-value << 1) - 1
    found = bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    found.append(left)
    return bytes(found)
