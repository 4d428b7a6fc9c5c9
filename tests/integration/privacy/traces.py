"""What a person could be found by, in every spelling and encoding, and a search for all of it at once."""

from __future__ import annotations

import base64
import sys
import uuid
from collections.abc import Iterable, Iterator, KeysView, Mapping
from dataclasses import dataclass
from hashlib import md5, sha1, sha256

from hub.demo.datasets import _identity
from hub.demo.facts import Town, Youth

__all__ = ["Person", "Trace", "add_trace", "encodings", "index_traces", "scan", "town_people"]

_GRAM = 8  # every trace is longer; what ends with none of these eight bytes need not be compared whole


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to look for. `label` says who in a report; `identities` are UUIDs and the like that source systems use."""

    label: str
    number: str
    name: str
    identities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A byte string that would betray `label`. `what`: number, name or source id; `how`: the encoding."""

    label: str
    what: str
    how: str
    content: bytes


def town_people(town: Town) -> dict[int, Person]:
    """Everybody of the demo's town, by number: with the ids of the attendances, messages and rows that tell of them."""
    return {
        youth.number: Person(f"youth {youth.number}", youth.person_id, youth.name, _identities(youth)) for youth in town.youths
    }


def _identities(youth: Youth) -> tuple[str, ...]:
    attendances = (_identity("attendance", fact.lesson.lesson_id, youth.number) for fact in youth.absences)
    messages = [
        identity
        for fact in youth.notices
        for identity in (fact.message_id, _identity("sdk", fact.message_id), _identity("conversation", fact.message_id))
    ]
    return (youth.person_uuid, *attendances, *messages, *(fact.row_id for fact in youth.observations))


def _spellings(person: Person) -> Iterator[tuple[str, str]]:
    """Twelve digits hold the ten, so both ways of writing a long number are found by the short one; listed all the same."""
    number = person.number
    for text in (number, number[2:]):
        yield "number", text
        for dash in "-+–\u2010 ":
            yield "number", f"{text[:-4]}{dash}{text[-4:]}"
    yield "number", "".join(chr(ord("0") + ord(digit) - ord("0") + 0xFEE0) for digit in number[2:])  # full-width
    yield "name", person.name
    yield "name", person.name.split(" ", 1)[1]  # the given names are shared by many
    for identity in person.identities:
        yield "source id", identity
        if identity != identity.upper():
            yield "source id", identity.upper()


def _raw_forms(person: Person) -> Iterator[tuple[str, bytes]]:
    """Not text: UUIDs as sixteen bytes, and digests of the number that anybody could compute."""
    for identity in person.identities:
        try:
            yield "source id", uuid.UUID(identity).bytes
        except ValueError:
            continue
    for text in (
        person.number,
        person.number[2:],
        f"{person.number[:8]}-{person.number[8:]}",
        f"{person.number[2:8]}-{person.number[8:]}",
    ):
        for digest in (md5, sha1, sha256):
            yield "number", digest(text.encode()).digest()


def encodings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Base64 of both alphabets at each of the three alignments, hex in both cases. What surrounds `raw` may be anything."""
    for shift in range(3):
        # Only the characters that `raw` alone decides: those at its edges depend on the neighbours, too.
        whole = base64.b64encode(bytes(shift) + raw)
        sure = whole[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6]
        yield f"base64+{shift}", sure
        yield f"base64url+{shift}", sure.translate(bytes.maketrans(b"+/", b"-_"))
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()


def _traces(person: Person) -> Iterator[Trace]:
    for what, text in _spellings(person):
        yield Trace(person.label, what, "UTF-8", text.encode())
        yield Trace(person.label, what, "UTF-16LE", text.encode("utf-16-le"))
        yield Trace(person.label, what, "UTF-16BE", text.encode("utf-16-be"))
        for how, content in encodings(text.encode()):
            yield Trace(person.label, what, how, content)
    for what, raw in _raw_forms(person):
        yield Trace(person.label, what, "raw", raw)
        for how, content in encodings(raw):
            yield Trace(person.label, what, how, content)


Index = Mapping[int, list[Trace]]


def add_trace(index: dict[int, list[Trace]], trace: Trace) -> None:
    """Look for `trace`, too."""
    index.setdefault(int.from_bytes(trace.content[-_GRAM:], sys.byteorder), []).append(trace)


def index_traces(people: Iterable[Person]) -> dict[int, list[Trace]]:
    """All traces of `people` by their last eight bytes, as a number; one that two encodings share is kept under the first."""
    index: dict[int, list[Trace]] = {}
    known: set[bytes] = set()
    for person in people:
        for trace in _traces(person):
            if trace.content in known:
                continue
            assert len(trace.content) >= _GRAM
            known.add(trace.content)
            add_trace(index, trace)
    return index


def _grams(content: bytes, known: KeysView[int]) -> Iterator[bytes]:
    """The different eight bytes at any place of `content` that some trace ends with, read as numbers, which is quick."""
    for shift in range(_GRAM):
        whole = (len(content) - shift) // _GRAM * _GRAM
        if whole > 0:
            for number in known & memoryview(content)[shift : shift + whole].cast("Q"):
                yield number.to_bytes(_GRAM, sys.byteorder)


def _ends(content: bytes, gram: bytes) -> Iterator[int]:
    start = content.find(gram)
    while start >= 0:
        yield start + _GRAM
        start = content.find(gram, start + 1)


def scan(content: bytes, index: Index) -> set[Trace]:
    """Every trace that stands in `content`."""
    return {
        trace
        for gram in set(_grams(content, index.keys()))
        for end in _ends(content, gram)
        for trace in index[int.from_bytes(gram, sys.byteorder)]
        if content.endswith(trace.content, max(0, end - len(trace.content)), end)
    }
