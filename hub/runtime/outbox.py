"""What a batch says, kept beside the states that it belongs to until Kafka has acknowledged it.

A task's id is made of the event that opened it, and which one that is depends on the order in which topics came. A batch that is
run again after a kill may come in another order, and would say its tasks under other ids. So tasks are written into the changelog
first, in the batch that holds their states, and said after it: whoever restores the states says the very same tasks again.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence

from hub.errors import FatalError
from hub.kafka import Outgoing

__all__ = ["BEGIN", "END", "changes_of", "unsaid"]

BEGIN, END = b"\x00outbox", b"\x00outboy"
"""Its keys lie between these; one for each record, for together they could be more than Kafka takes in one."""
_PLACE = struct.Struct(">I")
_FORM = 1
_spell = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make one anew for each task


def changes_of(records: Sequence[Outgoing], before: int) -> dict[bytes, bytes | None]:
    """The outbox with these records in the place of the `before` ones that it held, in the order in which it is to be written.

    From its end downwards, should they ever be more than one batch takes: a kill between two leaves no gap, behind which nobody
    would look for what an erasure must take.
    """
    changes: dict[bytes, bytes | None] = {_key(place): _packed(one) for place, one in enumerate(records)}
    return changes | {_key(place): None for place in reversed(range(len(records), before))}


def unsaid(get: Callable[[bytes], bytes | None]) -> Iterator[Outgoing]:
    """The records that stand in it. Raises FatalError for a form this version does not know."""
    place = 0
    while (value := get(_key(place))) is not None:
        yield _unpacked(value)
        place += 1


def _key(place: int) -> bytes:
    return BEGIN + _PLACE.pack(place)


def _packed(one: Outgoing) -> bytes:
    """A line of JSON with the lengths, then the bytes as they are: a search of what is stored finds what it looks for."""
    parts = [one.key, one.value, *(value for _, value in one.headers)]
    lengths = [None if part is None else len(part) for part in parts]
    head = _spell([_FORM, one.topic, [name for name, _ in one.headers], lengths])
    return b"".join((head.encode(), b"\n", *(part or b"" for part in parts)))


def _unpacked(value: bytes) -> Outgoing:
    head, _, rest = value.partition(b"\n")
    form, *told = json.loads(head)
    if form != _FORM:
        raise FatalError("the worker's outbox was written by another version of the hub", code="unknown_state_form")
    topic, names, lengths = told
    parts: list[bytes | None] = []
    for length in lengths:
        parts.append(None if length is None else rest[:length])
        rest = rest[length or 0 :]
    key, content, *values = parts
    return Outgoing(topic, key, content, tuple((name, part or b"") for name, part in zip(names, values, strict=True)))
