"""Reads our own messages straight from their bytes, by one flat function for each schema, generated when a codec is built.

It reads what is in order and nothing else: what our writers write, each value checked by its field's own rule in the model.
Whatever else it meets (damage, an unusual spelling, a value the model refuses) it leaves to the `avro` library and the whole
model, which judge as if it had not been there. So what is refused, and why, is said in one place; a doubt costs time only.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeAlias, Union, cast, get_args, get_origin

import annotated_types
import avro.schema

from hub.compiled.form import compiled_readers
from hub.contract.bounded import MAX_NUMBERS
from hub.contract.checks import has_rules_of_its_own, is_dear, number_bounds, parts, remembering, validator
from hub.contract.fields import Instant, Message
from hub.contract.trusted import PUT, names_of
from hub.contract.varints import late, wide

__all__ = ["QuickReader", "name_of", "quick_reader", "source_of"]

QuickReader: TypeAlias = Callable[[bytes], Message | None]
"""The message in a whole record value, or None where somebody else has to judge. Raises nothing, whatever the bytes."""

_BODY = 5  # behind the magic byte and the schema id, which the codec has looked at
_RANGES = {"int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_EPOCH_DAY = date(1970, 1, 1).toordinal()
# Seven bits of each of six bytes; what the upper bits of the first five add is taken off at once.
_SIX_BYTES = "n0 + (n1 << 7) + (n2 << 14) + (n3 << 21) + (n4 << 28) + (n5 << 35)"
_UPPER_BITS = sum(0x80 << shift for shift in range(0, 35, 7))


class _NotStraightError(Exception):
    """Schema or model holds what no straight reader is written for."""


def quick_reader(schema: avro.schema.RecordSchema, model: type[Message]) -> QuickReader | None:
    """The reader of values written with `schema`; None when it cannot be sure to read them as `model` would.

    For the schema that the model belongs to, not for older versions, whose bytes `avro` resolves.
    """
    try:
        source, names = source_of(schema, model)
    except _NotStraightError:
        return None
    # The source is made of positions, numbers and reprs of field names; whatever else it needs goes in by `names`.
    name = name_of(source)
    maker = getattr(compiled_readers(), name, None)
    if maker is None:
        known: dict[str, Any] = {"Any": Any, "Callable": Callable, "late": late, "wide": wide}
        exec(compile(source, f"<reader of {model.__name__}>", "exec"), known)  # noqa: S102 - see above
        maker = known[name]
    return cast("QuickReader", maker(names))


def source_of(schema: avro.schema.RecordSchema, model: type[Message]) -> tuple[str, dict[str, Any]]:
    """The text of a function that makes that function, and what it must be given: what the names in it stand for.

    Its own name is made of all that follows it, so that a compiled one of that name is of this very text.
    """
    made = _Source()
    message = made.record(schema, model, 3)
    lines = (
        *(f"    {name}: Any = names[{name!r}]" for name in made.names),
        "    def read(data: bytes) -> Any:",
        # A value with fewer bytes cannot hold more numbers than the judge allows.
        f"        if len(data) > {MAX_NUMBERS}: return None",
        "        try:",
        f"            at = {_BODY}",
        *made.lines,
        # Slices end with the data and say nothing; a place beyond the end shows here, if no index has met it.
        "            if at != len(data): return None",
        f"            return {message}",
        "        except (ValueError, IndexError, OverflowError):",
        "            return None",
        "    return read",
    )
    body = "\n".join((*lines, ""))
    name = f"read_{sha256(body.encode()).hexdigest()[:32]}"
    return f"def {name}(names: dict[str, Any]) -> Callable[[bytes], Any]:\n{body}", made.names


def name_of(source: str) -> str:
    """Of the function in that text."""
    return source.removeprefix("def ").partition("(")[0]


class _Source:
    """Statements so far. Each method adds those that read one value at `at`, and gives the variable that holds it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"new": object.__new__} | dict(PUT)
        self.names |= {"instant": datetime.fromtimestamp, "utc": UTC, "day": date.fromordinal}
        self._variables = 0

    def value(self, schema: avro.schema.Schema, hint: Any, depth: int) -> str:  # noqa: PLR0911 - one for each type
        logical = getattr(schema, "logical_type", None)
        match schema.type:
            case "string":
                return self._text(hint, depth)
            case "long" if hint == Instant and logical == "timestamp-millis":
                return self._instant(depth)
            case "int" if hint is date and logical == "date":
                return self._date(depth)
            case "int" | "long" if logical is None and (bounds := number_bounds(hint, *_RANGES[schema.type])):
                return self._number(*bounds, depth)
            case "boolean" if hint is bool:
                return self._one_of((False, True), depth)
            case "enum" if isinstance(hint, type) and issubclass(hint, StrEnum):
                members = {member.value: member for member in hint}
                # Every other one would be negative. A symbol that is no member of ours is for the judge, and so is a long number.
                return self._one_of([kept for symbol in schema.symbols for kept in (members.get(symbol), None)][:0x80], depth)
            case "array":
                return self._array(schema, hint, depth)
            case "union":
                return self._optional(schema, hint, depth)
            case "record" if isinstance(hint, type) and issubclass(hint, Message):
                return self.record(schema, hint, depth)
        raise _NotStraightError

    def record(self, schema: avro.schema.RecordSchema, model: type[Message], depth: int) -> str:
        hints = {name: field.rebuild_annotation() for name, field in model.model_fields.items() if field.validation_alias is None}
        fields = {field.name: field.type for field in schema.fields}
        if not fields or fields.keys() != hints.keys() or model.model_config != Message.model_config:
            raise _NotStraightError
        values = {name: self.value(kind, hints[name], depth) for name, kind in fields.items()}
        found = "{" + ", ".join(f"{name!r}: {values[name]}" for name in model.model_fields) + "}"
        variable = self._variable()
        if has_rules_of_its_own(model):
            self._add(depth, f"{variable} = {self._name(model.model_validate)}({found})")
            return variable
        # As `trusted` builds one: every field has been checked, and pydantic's own way would check each once more.
        self._add(
            depth,
            f"{variable} = new({self._name(model)})",
            f"put_values({variable}, {found})",
            f"put_names({variable}, {self._name(names_of(model))})",
            f"put_extra({variable}, None)",
            f"put_private({variable}, None)",
        )
        return variable

    def _text(self, hint: Any, depth: int) -> str:
        base, rules = parts(hint)
        if base is not str:
            raise _NotStraightError
        check, raw = (remembering(hint), "data[at:end]") if is_dear(rules) else (validator(hint), "data[at:end].decode()")
        variable = self._variable()
        self._read_number(depth)
        self._add(
            depth,
            "if n & 1: return None",
            "end = at + (n >> 1)",
            f"{variable} = {self._name(check)}({raw})",
            "at = end",
        )
        return variable

    def _number(self, least: int, most: int, depth: int) -> str:
        variable = self._variable()
        self._read_number(depth)
        self._add(depth, f"{variable} = (n >> 1) ^ -(n & 1)", f"if not {least} <= {variable} <= {most}: return None")
        return variable

    def _instant(self, depth: int) -> str:
        """Those from July 1970 to September 2039 have six bytes: within the model's years, and to the millisecond in a float."""
        variable = self._variable()
        self._add(
            depth,
            "n0, n1, n2, n3, n4, n5 = data[at:at + 6]",
            "if n0 & n1 & n2 & n3 & n4 & 0x80 and n5 < 0x80 and not n0 & 1:",
            f"    {variable} = instant(({_SIX_BYTES} - {_UPPER_BITS} >> 1) / 1000, utc)",
            "    at += 6",
            "else:",
            f"    {variable}, at = late(data, at)",
        )
        return variable

    def _date(self, depth: int) -> str:
        days, variable = self._number(*_RANGES["int"], depth), self._variable()
        self._add(depth, f"{variable} = day({days} + {_EPOCH_DAY})")
        return variable

    def _one_of(self, values: tuple[Any, ...] | list[Any], depth: int) -> str:
        variable = self._variable()
        self._add(
            depth,
            f"{variable} = {self._name(tuple(values))}[data[at]]",
            f"if {variable} is None: return None",
            "at += 1",
        )
        return variable

    def _array(self, schema: avro.schema.ArraySchema, hint: Any, depth: int) -> str:
        base, rules = parts(hint)
        if get_origin(base) is not tuple or get_args(base)[1:] != (...,):
            raise _NotStraightError
        variable, left, items = self._variable(), self._variable(), self._variable()
        self._add(depth, f"{items}: list[Any] = []")
        self._read_number(depth)
        # One block, as our writer has it, or none. Nothing is set aside for items before they have been read.
        self._add(depth, "if n & 1: return None")
        for rule in rules:
            if not isinstance(rule, annotated_types.MaxLen):
                raise _NotStraightError
            self._add(depth, f"if n > {2 * rule.max_length}: return None")
        self._add(depth, f"{left} = n >> 1", f"if {left}:", f"    while {left}:", f"        {left} -= 1")
        item = self.value(schema.items, get_args(base)[0], depth + 2)
        self._add(depth + 2, f"{items}.append({item})")
        self._add(depth + 1, "if data[at]: return None", "at += 1")
        self._add(depth, f"{variable} = tuple({items})")
        return variable

    def _optional(self, schema: avro.schema.UnionSchema, hint: Any, depth: int) -> str:
        arms = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else ()
        branches = [branch.type for branch in schema.schemas]
        if len(arms) != 2 or types.NoneType not in arms or len(branches) != 2 or branches[0] != "null":
            raise _NotStraightError
        variable = self._variable()
        self._add(depth, "n = data[at]", "at += 1", f"{variable}: Any = None", "if n:", "    if n != 2: return None")
        given = self.value(schema.schemas[1], next(arm for arm in arms if arm is not types.NoneType), depth + 1)
        self._add(depth + 1, f"{variable} = {given}")
        return variable

    def _read_number(self, depth: int) -> None:
        """`n` becomes the number as it is written, before its sign is unfolded."""
        self._add(depth, "n = data[at]", "at += 1", "if n > 0x7F: n, at = wide(data, at, n)")

    def _add(self, depth: int, *lines: str) -> None:
        self.lines.extend("    " * depth + line for line in lines)

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _name(self, meant: Any) -> str:
        for name, known in self.names.items():
            if known is meant:
                return name
        name = f"k{len(self.names)}"
        self.names[name] = meant
        return name
