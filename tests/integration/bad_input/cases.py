"""The eight kinds of bad input, made from one good record."""

from __future__ import annotations

from dataclasses import dataclass

from hub.contract.topics import Topic
from hub.kafka import Outgoing
from tests.unit.contract.hostile import number

__all__ = ["NUMBER", "Bad", "make_bad"]

NUMBER = "200601019802"  # of the published test series
_DEPTH = 20_000
_ITEMS = 2**60


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that must end as one dead letter of class `code`."""

    name: str
    code: str
    record: Outgoing


def make_bad(
    topic: Topic, key: str, partition: int, *, good: bytes, foreign: bytes, bomb: tuple[Topic, bytes], depth_code: str
) -> list[Bad]:
    """All eight for `topic`, on one partition. `good`: a value that is right there; `foreign`: one that is right elsewhere.

    `bomb`: a topic, and a value of it up to the count of a list: what follows claims a list of 2^60 items in no bytes.
    `depth_code`: how the nesting ends, which depends on the topic's first fields.
    """

    def made(name: str, code: str, value: bytes, *, to: Topic = topic, own_key: str = key) -> Bad:
        return Bad(name, code, Outgoing(to.name, own_key.encode(), value, partition=partition))

    return [
        made("wrong magic byte", "bad_magic", b"\x01" + good[1:]),
        made("unknown schema id", "unknown_schema_id", b"\x00\x7f\xff\xff\xff" + good[5:]),
        made("truncated record", "truncated", good[:-3]),
        made("trailing bytes", "trailing_bytes", good + b"bytes that nobody asked for"),
        # Our schemas have no recursive type: what would open 20,000 levels of one is fields and lists of the wrong form.
        made("20,000-deep nesting", depth_code, good[:5] + b"\x02" * _DEPTH),
        # Nor items of no bytes: whoever claims them is refused before anything is allocated.
        made("zero-byte-item bomb", "malformed", bomb[1] + number(_ITEMS), to=bomb[0]),
        made("valid record of another topic", "schema_of_another_topic", foreign),
        made("personnummer as key", "bad_key", good, own_key=NUMBER),
    ]
