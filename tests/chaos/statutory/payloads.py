"""Reports as they come when nothing about them is right: by number, so that whoever checks can make each again."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

__all__ = ["payload"]

_Maker = Callable[[random.Random], bytes]


def _cut(chance: random.Random) -> bytes:
    whole = json.dumps({"data": {"attributes": {"messageId": str(chance.random()), "label": "orosanmälan"}}}).encode()
    return whole[: chance.randrange(1, len(whole))]


def _deep(chance: random.Random) -> bytes:
    return b"[" * chance.randrange(1000, 9000)


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 4096))


def _wrong_types(chance: random.Random) -> bytes:
    return json.dumps({"data": chance.choice([None, 7, [], "text", {"attributes": chance.random()}])}).encode()


def _no_text(chance: random.Random) -> bytes:
    return b'{"label": "\xff\xfe' + chance.randbytes(8) + b'"}'


def _document(chance: random.Random) -> bytes:
    return b"%PDF-1.7\n" + chance.randbytes(20_000) + b"\n%%EOF"


def _zeros(chance: random.Random) -> bytes:
    return bytes(chance.randrange(1, 2000))


_MAKERS: tuple[_Maker, ...] = (_cut, _deep, _noise, _wrong_types, _no_text, _document, _zeros)


def payload(seed: int, number: int) -> bytes:
    """The content of one report; each is another, the first one is empty."""
    if number == 0:
        return b""
    chance = random.Random(f"{seed}.{number}")
    return chance.choice(_MAKERS)(chance) + number.to_bytes(4, "big")
