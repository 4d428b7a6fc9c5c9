"""How a record of the catalogue's topics is read: its key, its message, and that both name the same subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final

from hub.contract.codec import Codec
from hub.contract.ids import key_form
from hub.contract.topics import CATALOGUE, COOPERATIONS, KeyKind, Topic
from hub.core.courses import Forgotten
from hub.errors import ContractError
from hub.runtime.effects import Read

__all__ = ["reader_of", "readers"]

_SUBJECT: Final[Mapping[KeyKind, Callable[[Any], str]]] = {
    KeyKind.YOUTH_REF: attrgetter("youth_ref"),
    KeyKind.AREA: attrgetter("area"),
    KeyKind.YOUTH_REF_OR_AREA: lambda message: message.youth_ref or message.area or "",
    KeyKind.RULES_VERSION: attrgetter("version"),
}
"""Whom a message is about, which is what its record's key must say."""


def readers(codec: Codec, names: Iterable[str]) -> Mapping[str, Read]:
    """One for each of these topics."""
    return {name: reader_of(codec, CATALOGUE[name]) for name in names}


def reader_of(codec: Codec, topic: Topic) -> Read:
    """What is read wrongly is a ContractError: `bad_key`, `key_mismatch`, or what the codec says."""
    decode, fits, subject = codec.reader(topic), key_form(topic.key), _SUBJECT[topic.key]

    def check(raw: bytes | None) -> None:
        if raw is None or not fits(raw):
            raise ContractError(f"a key on {topic.name} is not of its form", code="bad_key")

    def read(raw: bytes | None, value: bytes | None) -> tuple[str, Any]:
        check(raw)
        message = decode(value)
        key = subject(message)
        if raw != key.encode("ascii"):
            raise ContractError(f"key and message on {topic.name} name different subjects", code="key_mismatch")
        return key, message

    def read_straight(raw: bytes | None, value: bytes | None) -> tuple[str, Any]:
        """The same, but the key is looked at last: a message's reference is of its form, and so is the key that equals it."""
        try:
            message = decode(value)
        except ContractError:
            check(raw)
            raise
        key = subject(message)
        return (key, message) if raw == key.encode("ascii") else read(raw, value)

    chosen = read_straight if topic.key is KeyKind.YOUTH_REF else read
    return _or_mark(chosen, topic) if topic is COOPERATIONS else chosen


def _or_mark(read: Read, topic: Topic) -> Read:
    """A topic that ends a key by a record without a value."""
    fits = key_form(topic.key)

    def read_either(raw: bytes | None, value: bytes | None) -> tuple[str, Any]:
        if value is not None or raw is None or not fits(raw):
            return read(raw, value)
        key = raw.decode("ascii")
        return key, Forgotten(key)

    return read_either
