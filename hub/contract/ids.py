"""Identities on the bus: random references, keyed event identities, deterministic task ids."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Callable

from hub.contract.fields import holds_identifier, holds_long_number
from hub.contract.topics import KeyKind

__all__ = ["NOBODY", "event_id", "key_form", "key_id", "new_youth_ref", "place_event_id", "task_id", "valid_key"]

NOBODY = "y" + "0" * 32
"""A reference that is never issued, for a record that is about nobody."""
_TASKS = uuid.UUID("7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10").bytes
_VARIANTS = {digit: f"{int(digit, 16) & 0b11 | 0b1000:x}" for digit in "0123456789abcdef"}
_YOUTH_REF = re.compile(rb"y[0-9a-f]{32}").fullmatch
_AREA = re.compile(rb"[a-z0-9]+(-[a-z0-9]+){0,7}").fullmatch
_VERSION = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch
_MAX_KEY = 64


def new_youth_ref() -> str:
    """A fresh random reference: 128 bits, never derived from the person, never reused."""
    return f"y{secrets.token_hex(16)}"


def _bytes(text: str) -> bytes:
    # JSON may hold half a surrogate pair, which is no text in UTF-8: a source's id all the same.
    return text.encode("utf-8", "surrogatepass")


def event_id(link_key: bytes, kind: str, source_id: str) -> str:
    """Identity of a person's event: HMAC(link key, kind and source id). Without the link key there is no way back."""
    return "e" + hmac.new(link_key, _bytes(f"{kind}\x00{source_id}"), hashlib.sha256).hexdigest()[:40]


def key_id(secret: bytes) -> str:
    """A name for a key, which says nothing of it: eight hexadecimal digits."""
    return hmac.new(secret, b"hub key id", hashlib.sha256).hexdigest()[:8]


def place_event_id(connector: str, source_id: str) -> str:
    """Identity of a place event, whose source id is public: a plain hash."""
    return "e" + hashlib.sha256(_bytes(f"{connector}\x00{source_id}")).hexdigest()[:40]


def task_id(subject: str, rule_id: str, opened_by: str) -> str:
    """Deterministic id of a task: the same episode gives the same id on every replay."""
    named = hashlib.sha1(_TASKS + f"{subject}\x00{rule_id}\x00{opened_by}".encode(), usedforsecurity=False).hexdigest()
    # As `uuid.uuid5` makes and spells it (RFC 9562, 5.5), in a third of the time.
    return f"{named[:8]}-{named[8:12]}-5{named[13:16]}-{_VARIANTS[named[16]]}{named[17:20]}-{named[20:32]}"


def valid_key(kind: KeyKind, key: bytes | None) -> str | None:
    """The key as text when it has the form its topic demands, else None (a refused key is never copied anywhere)."""
    return key.decode("ascii") if key is not None and key_form(kind)(key) else None


def key_form(kind: KeyKind) -> Callable[[bytes], object]:
    """What is true of a key of this kind, and false of any other: to be asked for once where many keys are read."""
    match kind:
        case KeyKind.YOUTH_REF:
            return _YOUTH_REF
        case KeyKind.AREA:
            return _is_area
        case KeyKind.YOUTH_REF_OR_AREA | KeyKind.ANY_OR_NONE:
            return lambda key: _YOUTH_REF(key) or _is_area(key)
        case KeyKind.RULES_VERSION:
            return lambda key: _VERSION(key) and not holds_identifier(key.decode("ascii"))


def _is_area(key: bytes) -> bool:
    # An area code with six digits in a row, however hyphenated, could be a birth date: never accepted.
    return len(key) <= _MAX_KEY and _AREA(key) is not None and not holds_long_number(key.decode("ascii"))
