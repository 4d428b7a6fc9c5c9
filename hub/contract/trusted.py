"""Messages of values that have been held against the contract before, made without being judged once more.

A task tells of events that were validated when they were read, under rules that were when they were loaded; judging each again
took a tenth of the core's time. Whatever goes to the bus is validated there in any case (`Codec.encode`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from hub.contract.fields import Message

__all__ = ["PUT", "names_of", "trusted"]

_M = TypeVar("_M", bound=Message)
_new: Final = object.__new__
_SLOTS: Final = {
    "put_values": "__dict__",
    "put_names": "__pydantic_fields_set__",
    "put_extra": "__pydantic_extra__",
    "put_private": "__pydantic_private__",
}
PUT: Final[Mapping[str, Callable[[Any, Any], None]]] = MappingProxyType(
    {name: BaseModel.__dict__[slot].__set__ for name, slot in _SLOTS.items()}
)
"""What fills a bare message: its values, the names of those that were given, and twice None. Each is the slot's own, which takes
half the time of asking the object for it.
"""
_put_values: Final = PUT["put_values"]
_put_names: Final = PUT["put_names"]
_put_extra: Final = PUT["put_extra"]
_put_private: Final = PUT["put_private"]


@cache
def names_of(model: type[Message]) -> set[str]:
    """The names of its fields, one set for all messages that were given every one of them: whoever changes a copy of a message
    changes a copy of this.
    """
    return {*model.model_fields}


def trusted(model: type[_M], **fields: Any) -> _M:
    """The message of these values, which must be of its fields' own types: instants in UTC and to the millisecond, enumerations
    by their members. Every field is to be given. Raises TypeError when one is missing or none of the model's.
    """
    names = names_of(model)
    if fields.keys() != names:
        raise TypeError(f"not the fields of {model.__name__}")
    made = _new(model)
    # As pickle builds one; `model_construct` looks at each field for what is not given, and takes three times as long.
    _put_values(made, fields)
    _put_names(made, names)
    _put_extra(made, None)
    _put_private(made, None)
    return made
