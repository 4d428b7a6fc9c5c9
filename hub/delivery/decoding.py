"""A record of the bus as the message it holds, or what is wrong with it."""

from __future__ import annotations

from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import Message, PlaceEvent, PresenceTask
from hub.contract.topics import CATALOGUE
from hub.errors import ContractError
from hub.kafka import Incoming

__all__ = ["decoded"]


def decoded(codec: Codec, record: Incoming) -> Message | ContractError:
    """The message, or what is wrong with the record."""
    topic = CATALOGUE[record.topic]
    key = valid_key(topic.key, record.key)
    if key is None:
        return ContractError("the key has not the form of its topic", code="bad_key")
    try:
        message = codec.decode(topic, record.value)
    except ContractError as error:
        return error
    subject = message.area if isinstance(message, PresenceTask | PlaceEvent) else getattr(message, "youth_ref", None)
    return message if subject == key else ContractError("the key is not that of the message", code="key_mismatch")
