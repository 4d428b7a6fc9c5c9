"""Avro written by hand from a schema: as a writer would, or with one value or spelling of it changed by whoever draws."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import avro.schema

from hub.contract.models import Message
from tests.unit.contract.hostile import number, text

__all__ = ["plain", "written"]

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
Changed = Callable[[str, Any], bytes | None]
"""From a kind of value and the value (as Avro has it: instants and days are numbers) to its bytes; None: as usual."""


def plain(value: Any) -> Any:
    """A message as the values that Avro writes."""
    match value:
        case Message():
            return {name: plain(getattr(value, name)) for name in type(value).model_fields}
        case tuple():
            return [plain(item) for item in value]
        case datetime():
            return (value - _EPOCH) // timedelta(milliseconds=1)
        case date():
            return value.toordinal() - _EPOCH.toordinal()
    return value


def written(schema: avro.schema.Schema, value: Any, changed: Changed) -> bytes:
    """Its bytes; `changed` is asked about each value, in the order in which they are written."""
    kind = schema.type
    if kind == "enum":
        value = schema.symbols.index(value)
    elif kind == "union":
        branch = 0 if value is None else 1
        head = changed("branch", branch)
        rest = b"" if value is None else written(schema.schemas[1], value, changed)
        return (number(branch) if head is None else head) + rest
    elif kind == "record":
        return b"".join(written(field.type, value[field.name], changed) for field in schema.fields)
    elif kind == "array":
        items = [written(schema.items, item, changed) for item in value]
        body = changed("array", items)
        return (number(len(items)) + b"".join(items) if items else b"") + b"\x00" if body is None else body
    body = changed(getattr(schema, "logical_type", None) or kind, value)
    if body is not None:
        return body
    return text(value) if kind == "string" else bytes([value]) if kind == "boolean" else number(value)
