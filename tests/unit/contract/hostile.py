"""Bytes that are refused, each with its code: shared by the tests and the run without assertions."""

from __future__ import annotations

from hub.contract.bounded import MAX_VALUE_BYTES
from hub.contract.codec import Codec
from hub.contract.topics import SCHOOL_ABSENCES

REF = "y" + "5" * 32
EVENT = "e" + "7" * 40
CANARY = "Canary-Name"


def number(value: int) -> bytes:
    """A long as Avro writes it: zigzag, then seven bits at a time, lowest first."""
    rest = (value << 1) ^ (value >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return number(len(raw)) + raw


MILLIS = number(1_747_037_700_000)
ABSENCE = {
    "youth_ref": text(REF),
    "event_id": text(EVENT),
    "revision": number(1),
    "retracted": b"\x00",
    "agency": text("school"),
    "connector": text("ss12000"),
    "occurred_at": MILLIS,
    "recorded_at": MILLIS,
    "kind": number(1),
    "minutes": number(60),
    "offered_minutes": number(0),
}
# A consent record up to its list of scopes.
CONSENT = text(REF) + number(1) + number(1) + number(0) * 3 + text("consent")
SCOPE = text("7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10") + number(1) + number(0) * 3 + MILLIS * 2 + number(0)


def absence(**changes: bytes) -> bytes:
    return b"".join({**ABSENCE, **changes}.values())


def framed(codec: Codec, topic, body: bytes) -> bytes:
    return b"\x00" + codec.schema_id(topic).to_bytes(4, "big") + body


REFUSED = {
    "no value": ("no_value", lambda c: None),
    "empty value": ("truncated", lambda c: b""),
    "frame cut": ("truncated", lambda c: b"\x00\x00\x00"),
    "frame only": ("truncated", lambda c: framed(c, SCHOOL_ABSENCES, b"")),
    "wrong magic byte": ("bad_magic", lambda c: b"\x01" + framed(c, SCHOOL_ABSENCES, absence())[1:]),
    "JSON": ("bad_magic", lambda c: b'{"youth_ref": "x"}'),
    "unknown schema id": ("unknown_schema_id", lambda c: b"\x00\xff\xff\xff\xff" + absence()),
    "schema id nought": ("unknown_schema_id", lambda c: bytes(5) + absence()),
    "last byte missing": ("truncated", lambda c: framed(c, SCHOOL_ABSENCES, absence()[:-1])),
    "one byte more": ("trailing_bytes", lambda c: framed(c, SCHOOL_ABSENCES, absence() + b"\x00")),
    "two messages": ("trailing_bytes", lambda c: framed(c, SCHOOL_ABSENCES, absence() * 2)),
    "20,000 deep": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, b"\x02" * 20_000)),
    "huge string length": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, number(2**60) + b"y")),
    "string longer than the value": ("truncated", lambda c: framed(c, SCHOOL_ABSENCES, number(2000) + b"y")),
    "negative string length": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(youth_ref=number(-5)))),
    "invalid UTF-8": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(agency=text(b"\xff\xfe\xfd")))),
    "a surrogate in UTF-8": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(agency=text(b"\xed\xa0\x80")))),
    "a number without end": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, b"\xff" * 5000)),
    "a number of eleven bytes": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(minutes=b"\x80" * 10 + b"\x00"))),
    "a number beyond 64 bits": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(minutes=b"\xff" * 9 + b"\x7f"))),
    "a number cut": ("truncated", lambda c: framed(c, SCHOOL_ABSENCES, absence(offered_minutes=number(1) + b"\x80"))),
    "an int beyond 32 bits": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(minutes=number(2**31)))),
    "union branch too high": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(offered_minutes=number(2)))),
    "union branch negative": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(offered_minutes=number(-1)))),
    "enum symbol too high": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(kind=number(3)))),
    "enum symbol negative": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(kind=number(-1)))),
    "enum symbol unspecified": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(kind=number(0)))),
    "boolean of two": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(retracted=b"\x02"))),
    "instant beyond the calendar": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, absence(occurred_at=number(2**62)))),
    "instant in year 9000": (
        "invalid_message",
        lambda c: framed(c, SCHOOL_ABSENCES, absence(occurred_at=number(221_845_392_000_000))),
    ),
    "reference of another form": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(youth_ref=text(CANARY)))),
    "code with a line break": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(agency=text("school\n")))),
    "code with a birth date": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(agency=text("s20100101")))),
    "minutes beyond a day": ("invalid_message", lambda c: framed(c, SCHOOL_ABSENCES, absence(minutes=number(1441)))),
    "larger than allowed": ("malformed", lambda c: framed(c, SCHOOL_ABSENCES, bytes(MAX_VALUE_BYTES))),
}
REFUSED_CONSENTS = {
    "2^60 items": (("malformed", "truncated"), CONSENT + number(2**60) + SCOPE),
    "2^63 items, counted from below": (("malformed", "truncated"), CONSENT + number(-(2**63)) + number(1) + SCOPE),
    "a thousand items, none there": (("truncated",), CONSENT + number(1000)),
    "items that are almost nothing": (("malformed",), CONSENT + number(200_000) + bytes(200_000)),
    "empty strings without end": (
        ("malformed", "truncated"),
        CONSENT + number(1) + text("") + number(1) + number(250_000) + bytes(250_000),
    ),
    "blocks of one item without end": (("malformed",), CONSENT + (number(1) + SCOPE) * 3000),
    "20,000 lists opened": (("malformed", "truncated"), CONSENT + number(1) * 20_000),
}
