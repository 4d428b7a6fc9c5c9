"""Messages of values that have been held against the contract before, made without being judged once more.

A task tells of events that were validated when they were read, under rules that were when they were loaded; judging each again
took a tenth of the core's time. Whatever goes to the bus is validated there in any case (`Codec.encode`).
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from hub.contract.fields import Message

__all__ = ["trusted"]

_M = TypeVar("_M", bound=Message)
_new: Final = object.__new__
_set: Final = object.__setattr__


def trusted(model: type[_M], **fields: Any) -> _M:
    """The message of these values, which must be of its fields' own types: instants in UTC and to the millisecond, enumerations
    by their members. Every field is to be given. Raises TypeError when one is missing or none of the model's.
    """
    if fields.keys() != model.model_fields.keys():
        raise TypeError(f"not the fields of {model.__name__}")
    made = _new(model)
    # As pickle builds one; `model_construct` looks at each field for what is not given, and takes three times as long.
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", {*fields})
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made
