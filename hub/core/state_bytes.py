"""The bytes of a youth's state, format 3: the held events in columns, one after the other, and JSON for what is small.

    1 byte    3 (the former formats are JSON, which begins with `{`)
    4 bytes   CRC-32 of all that follows
    12 bytes  how many events, how many of them are odd, how long the consent is
    columns   ids (20 bytes each), numbers (`occurred_ms`, minutes and offered minutes in 8 bytes), shapes (1 byte)
    odd ones  place, revision and `keep_ms` of the events for which these are not 1 and `occurred_ms`
    consent   `hub.core.consent_bytes`
    JSON      what the shapes are (code, agency, may_tell), how many events of each kind, and the rest of the state

All little-endian; events of a kind stand by time. Nothing is compressed or enciphered here, so that a search of what is stored
finds what it looks for. Where an event does not fit, which no contract lets in, all are written as rows of JSON instead.
A CRC finds damage, not forgery.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from itertools import chain
from operator import itemgetter
from typing import Any, Final
from zlib import crc32

from hub.compiled.form import form
from hub.contract.models import InfoKind
from hub.core.held import Events, Held, Rows, in_order

__all__ = ["FORMAT", "is_packed", "pack", "read_json", "read_rows", "unpack"]

FORMAT: Final = 3
_MARK: Final = bytes([FORMAT])
_SUM: Final = struct.Struct("<BI")
_HEAD: Final = struct.Struct("<III")
_ODD: Final = struct.Struct("<HIq")
_ID: Final = 20
_ROW: Final = _ID + 8 + 1
_LATEST: Final = (1 << 42) - 1
_MOST: Final = (1 << 11) - 1
"""Of the instants and the minutes in a number: the year 2109, and more than a day."""
_KINDS: Final = {kind.value: kind.value for kind in InfoKind}
_spell: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_read_value: Final = json.JSONDecoder().raw_decode


def is_packed(value: bytes) -> bool:
    """Whether it is of this format, by its first byte."""
    return value[:1] == _MARK


def pack(events: Events, consent: bytes, rest: list[Any]) -> bytes:
    """Canonical, whatever the order of kinds and of events at the same instant."""
    kinds = {kind: _ordered(rows) for kind, rows in sorted(events.items()) if rows}
    counts: dict[str, Any] = {kind: len(rows) for kind, rows in kinds.items()}
    ids, held = [*chain.from_iterable(kinds.values())], [*chain.from_iterable(rows.values() for rows in kinds.values())]
    try:
        shapes, columns, odd = _columns(ids, held)
    except (ValueError, struct.error):
        shapes, columns, odd = [], b"", b""
        counts = {kind: {event_id: one.row() for event_id, one in rows.items()} for kind, rows in kinds.items()}
    head = _HEAD.pack(len(columns) // _ROW, len(odd) // _ODD.size, len(consent))
    content = b"".join((head, columns, odd, consent, _spell([shapes, counts, *rest]).encode()))
    return _SUM.pack(FORMAT, crc32(content)) + content


def read_json(value: bytes) -> Any:
    """JSON as it is written here: UTF-8, and nothing around it. `json.loads` asks first which of five encodings it may be."""
    text = value.decode()
    found, end = _read_value(text)
    if end != len(text):
        raise ValueError("something stands behind it")
    return found


def _ordered(rows: Rows) -> Rows:
    """By time, then by id: rows of one instant stand in the order in which they came."""
    times = [held.occurred_ms for held in rows.values()]
    if len(set(times)) == len(times) and times == sorted(times):
        return rows
    return in_order(sorted(rows.items(), key=itemgetter(0)))


def _columns(ids: list[str], held: list[Held]) -> tuple[list[tuple[str, str, bool]], bytes, bytes]:
    """Shapes, columns and odd ones; ValueError or struct.error for what does not fit."""
    raw = bytes.fromhex((" " + " ".join(ids)).replace(" e", ""))
    if _named(raw) != ids:
        raise ValueError("an id of another spelling")
    numbers = [one.occurred_ms << 22 | one.minutes << 11 | one.offered for one in held]
    # What has more bits, or a sign, shows in the union, whichever of the two it is.
    minutes = [one.minutes | one.offered for one in held]
    if held and not (0 <= min(minutes) <= max(minutes) <= _MOST and 0 <= min(numbers) >> 22 <= max(numbers) >> 22 <= _LATEST):
        raise ValueError("out of the range of a number")
    shapes: dict[tuple[str, str, bool], int] = {}
    places = bytes([shapes.setdefault((one.code, one.agency, one.may_tell), len(shapes)) for one in held])
    odd = [
        _ODD.pack(place, one.revision, one.keep_ms)
        for place, one in enumerate(held)
        if one.revision != 1 or one.keep_ms != one.occurred_ms
    ]
    return [*shapes], raw + struct.pack(f"<{len(held)}Q", *numbers) + places, b"".join(odd)


def _named(raw: bytes) -> list[str]:
    return ("e" + raw.hex(" ", _ID).replace(" ", " e")).split(" ") if raw else []


def unpack(value: bytes) -> tuple[Events, bytes, list[Any]]:
    """What was packed; ValueError, LookupError, TypeError, AttributeError or struct.error for anything else."""
    if _SUM.unpack_from(value)[1] != crc32(memoryview(value)[_SUM.size :]):
        raise ValueError("damaged")
    count, odds, size = _HEAD.unpack_from(value, _SUM.size)
    at = _SUM.size + _HEAD.size
    odd_at = at + count * _ROW
    consent_at = odd_at + odds * _ODD.size
    json_at = consent_at + size
    shapes, counts, *rest = read_json(value[json_at:])
    numbers = struct.unpack_from(f"<{count}Q", value, at + count * _ID)
    held = _read_held(numbers, value[odd_at - count : odd_at], shapes)
    for place, revision, keep_ms in _ODD.iter_unpack(value[odd_at:consent_at]):
        held[place].revision, held[place].keep_ms = revision, keep_ms
    events = _by_kind(_named(value[at : at + count * _ID]), held, counts) if count else read_rows(counts)
    return events, value[consent_at:json_at], rest


def _read_held(numbers: tuple[int, ...], places: bytes, shapes: list[list[Any]]) -> list[Held]:
    if form().compiled:  # where there is no object without `__init__`, and that costs little
        told = zip(numbers, [shapes[place] for place in places], strict=True)
        return [
            Held(1, number >> 22, number >> 22, code, number >> 11 & _MOST, agency, may_tell, number & _MOST)
            for number, (code, agency, may_tell) in told
        ]
    # Filled in without `__init__`, which costs more than all the rest of this.
    most, bare, held = _MOST, object.__new__, list[Held]()
    for number, place in zip(numbers, places, strict=True):
        one = bare(Held)
        one.code, one.agency, one.may_tell = shapes[place]
        one.occurred_ms = one.keep_ms = number >> 22
        one.minutes = number >> 11 & most
        one.offered = number & most
        one.revision = 1
        held.append(one)
    return held


def _by_kind(ids: list[str], held: list[Held], counts: Mapping[str, int]) -> Events:
    events, begin = dict[str, Rows](), 0
    for kind, count in counts.items():
        end = begin + count
        rows = events[_KINDS[kind]] = dict(zip(ids[begin:end], held[begin:end], strict=True))
        if len(rows) != count:
            raise ValueError("an event twice, or missing")
        begin = end
    if begin != len(ids):
        raise ValueError("more events than kinds")
    return events


def read_rows(kinds: Mapping[str, Mapping[str, list[Any]]]) -> Events:
    """Events that are spelled as JSON."""
    return {_KINDS[kind]: in_order((event_id, _read_row(row)) for event_id, row in rows.items()) for kind, rows in kinds.items()}


def _read_row(row: list[Any]) -> Held:
    revision, occurred_ms, keep_ms, code, minutes, agency, may_tell, offered = row
    return Held(revision, occurred_ms, keep_ms, code, minutes, agency, may_tell, offered)
