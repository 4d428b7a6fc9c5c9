from __future__ import annotations

import json

import avro.schema
import pytest

from hub.contract.compatibility import hazards, incompatibilities


def record(*fields, name="A"):
    named = [{"name": f"f{index}", "type": kind} for index, kind in enumerate(fields)]
    return avro.schema.parse(json.dumps({"type": "record", "name": name, "fields": named}))


EMPTY = {"type": "record", "name": "Empty", "fields": []}
HAZARDS = {
    "recursive type": ["null", "A"],
    "recursive type, in a list": {"type": "array", "items": "A"},
    "items of no bytes: null": {"type": "array", "items": "null"},
    "items of no bytes: an empty record": {"type": "array", "items": EMPTY},
    "items of no bytes: nothing fixed": {"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}},
    "floating point": ["null", "double"],
    "enum without a default": {"type": "enum", "name": "E", "symbols": ["a"]},
}


@pytest.mark.parametrize("name", HAZARDS)
def test_what_hostile_bytes_could_use_is_found(name) -> None:
    (fault,) = hazards(record("string", HAZARDS[name]))
    assert name.split(",")[0].split(":")[0] in fault


def test_a_record_used_twice_is_not_recursive() -> None:
    inner = {"type": "record", "name": "B", "fields": [{"name": "x", "type": "int"}]}
    assert hazards(record(inner, {"type": "array", "items": "B"})) == []


def test_a_schema_is_compatible_with_itself() -> None:
    assert incompatibilities(record("int", "string"), record("int", "string")) == []


def test_both_directions_are_judged() -> None:
    (fault,) = incompatibilities(record("long"), record("int"))
    assert fault.startswith("the old cannot read the new")
    (fault,) = incompatibilities(record("int"), record("long"))
    assert fault.startswith("the new cannot read the old")


def test_a_changed_logical_type_is_incompatible_although_avro_allows_it() -> None:
    plain, instant = record("long"), record({"type": "long", "logicalType": "timestamp-millis"})
    assert incompatibilities(plain, instant) == ["logical type changed at .f0"]
