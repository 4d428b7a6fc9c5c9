"""FULL_TRANSITIVE compatibility: every version reads what every other version wrote."""

from __future__ import annotations

from collections.abc import Iterator

import avro.compatibility
import avro.schema

__all__ = ["hazards", "incompatibilities"]

_COMPATIBLE = avro.compatibility.SchemaCompatibilityType.compatible


def _one_way(reader: avro.schema.Schema, writer: avro.schema.Schema, words: str) -> list[str]:
    found = avro.compatibility.ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
    faults = []
    if found.compatibility is not _COMPATIBLE:
        faults.append(f"{words}: {', '.join(sorted(found.messages))} at {', '.join(sorted(found.locations))}")
    return faults


def _logical_types(schema: avro.schema.Schema) -> dict[str, str]:
    return {where: str(node.props.get("logicalType")) for where, node, _ in _walk(schema) if node.type in {"int", "long"}}


def incompatibilities(current: avro.schema.Schema, released: avro.schema.Schema) -> list[str]:
    """Why two versions cannot read each other, both ways; empty when they can.

    Besides Avro's own rules a logical type must stay: to Avro an instant and a number of minutes are both a `long`.
    """
    faults = _one_way(current, released, "the new cannot read the old") + _one_way(
        released, current, "the old cannot read the new"
    )
    before, after = _logical_types(released), _logical_types(current)
    faults += [
        f"logical type changed at {where}" for where in sorted(before.keys() & after.keys()) if before[where] != after[where]
    ]
    return faults


def _children(schema: avro.schema.Schema) -> Iterator[tuple[str, avro.schema.Schema]]:
    if isinstance(schema, avro.schema.RecordSchema):
        yield from ((f".{field.name}", field.type) for field in schema.fields)
    elif isinstance(schema, avro.schema.ArraySchema):
        yield "[]", schema.items
    elif isinstance(schema, avro.schema.MapSchema):
        yield "{}", schema.values
    elif isinstance(schema, avro.schema.UnionSchema):
        yield from (("", branch) for branch in schema.schemas)


def _walk(
    schema: avro.schema.Schema, path: str = "", above: tuple[str, ...] = ()
) -> Iterator[tuple[str, avro.schema.Schema, bool]]:
    """Every type in a schema: where it is, itself, and whether it stands within itself (it is not entered again)."""
    name = schema.fullname if isinstance(schema, avro.schema.RecordSchema) else None
    yield path, schema, name in above
    if name not in above:
        for step, child in _children(schema):
            yield from _walk(child, path + step, (*above, name) if name else above)


def _least_bytes(schema: avro.schema.Schema) -> int:
    if isinstance(schema, avro.schema.RecordSchema):
        return sum(_least_bytes(field.type) for field in schema.fields)
    if isinstance(schema, avro.schema.FixedSchema):
        return int(schema.size)
    return 0 if schema.type == "null" else 1


def hazards(schema: avro.schema.Schema) -> list[str]:
    """What no schema of ours may have, in words; empty when it has none of it.

    Hostile bytes could use recursion (stack) and array items of no bytes (memory); floating point lets NaN in; an enum
    without a default could never get a new symbol.
    """
    nodes = list(_walk(schema))
    recursive = [f"{path}: recursive type" for path, _, within_itself in nodes if within_itself]
    if recursive:
        return recursive
    faults = []
    for path, node, _ in nodes:
        if isinstance(node, avro.schema.ArraySchema) and _least_bytes(node.items) == 0:
            faults.append(f"{path}: items of no bytes")
        if node.type in {"float", "double"}:
            faults.append(f"{path}: floating point")
        if isinstance(node, avro.schema.EnumSchema) and node.default is None:
            faults.append(f"{path}: enum without a default")
    return faults
