"""How a record of the catalogue's topics is read: its key, its message, and that both name the same subject."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.contract.codec import Codec
from hub.contract.ids import key_form
from hub.contract.topics import CATALOGUE, Topic
from hub.errors import ContractError
from hub.runtime.effects import Read

__all__ = ["reader_of", "readers"]


def readers(codec: Codec, names: Iterable[str], key_of: Callable[[Any], str]) -> Mapping[str, Read]:
    """One for each of these topics."""
    return {name: reader_of(codec, CATALOGUE[name], key_of) for name in names}


def reader_of(codec: Codec, topic: Topic, key_of: Callable[[Any], str]) -> Read:
    """`key_of` tells which key a record of a message must carry. What is read wrongly is a ContractError: `bad_key`,
    `key_mismatch`, or what the codec says.
    """
    decode, fits = codec.reader(topic), key_form(topic.key)

    def read(raw: bytes | None, value: bytes | None) -> tuple[str, Any]:
        if raw is None or not fits(raw):
            raise ContractError(f"a key on {topic.name} is not of its form", code="bad_key")
        key, message = raw.decode("ascii"), decode(value)
        if key_of(message) != key:
            raise ContractError(f"key and message on {topic.name} name different subjects", code="key_mismatch")
        return key, message

    return read
