"""Model and schema say the same: computed from both, so that a change on either side alone fails."""

from __future__ import annotations

import json
import types
import typing
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
import pytest
from pydantic import AwareDatetime, BaseModel

from hub.contract import models
from hub.contract.compatibility import hazards
from hub.contract.lock import parse_schema
from hub.contract.topics import CATALOGUE

MESSAGES = sorted({topic.message for topic in CATALOGUE.values()}, key=lambda message: message.__name__)
INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)


def bounds(metadata: tuple[Any, ...]) -> tuple[int | None, int | None]:
    flat = [item for entry in metadata for item in (entry.metadata if hasattr(entry, "metadata") else [entry])]
    least = next((item.ge for item in flat if isinstance(item, annotated_types.Ge)), None)
    most = next((item.le for item in flat if isinstance(item, annotated_types.Le)), None)
    return least, most


def from_annotation(annotation: Any, metadata: tuple[Any, ...] = ()) -> Any:  # noqa: PLR0911 - one for each type
    """The Avro type that a field's annotation asks for, as a comparable value."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        return from_annotation(inner, (*metadata, *extra))
    if origin in {Union, types.UnionType}:
        (inner,) = [arm for arm in get_args(annotation) if arm is not types.NoneType]
        return ("optional", from_annotation(inner))
    if origin is tuple:
        inner, ellipsis = get_args(annotation)
        assert ellipsis is ...
        return ("array", from_annotation(inner))
    if annotation is int:
        least, most = bounds(metadata)
        assert least is not None, "an integer without bounds could leave its Avro type's range"
        assert most is not None, "an integer without bounds could leave its Avro type's range"
        return "int" if most <= INT32[1] else "long"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ("enum", annotation.__name__, ["unspecified", *annotation])
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return ("record", annotation.__name__, from_model(annotation))
    return {bool: "boolean", str: "string", date: "date", AwareDatetime: "timestamp-millis"}[annotation]


def from_model(model: type[BaseModel]) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(model, include_extras=True)
    return [(name, from_annotation(hints[name])) for name in model.model_fields]


def from_avro(node: Any, named: dict[str, Any]) -> Any:
    """The same value from the text of a schema."""
    if isinstance(node, list):
        assert node[0] == "null", "the first branch of a union is its default's"
        assert len(node) == 2
        return ("optional", from_avro(node[1], named))
    if isinstance(node, str):
        return named.get(node, node)
    match node["type"]:
        case "array":
            return ("array", from_avro(node["items"], named))
        case "enum":
            named[node["name"]] = ("enum", node["name"], node["symbols"])
            return named[node["name"]]
        case "record":
            fields = [(field["name"], from_avro(field["type"], named)) for field in node["fields"]]
            return ("record", node["name"], fields)
        case plain:
            assert (plain, node["logicalType"]) in {("long", "timestamp-millis"), ("int", "date")}
            return node["logicalType"]


def text_of(schemas: Any, message: type[BaseModel]) -> str:
    return (schemas / f"{message.__name__}.avsc").read_text(encoding="utf-8")


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in nodes(item)]
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in nodes(value))]
    return []


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_fields_order_optionality_symbols_and_logical_types_are_those_of_the_model(schemas, message) -> None:
    expected = ("record", message.__name__, from_model(message))
    assert from_avro(json.loads(text_of(schemas, message)), {}) == expected


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_an_optional_field_defaults_to_null_and_no_other_field_has_a_default(schemas, message) -> None:
    for node in nodes(json.loads(text_of(schemas, message))):
        for field in node.get("fields", []):
            assert ("default" in field) == isinstance(field["type"], list), field["name"]
            assert field.get("default") is None


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_every_record_enum_and_field_is_explained(schemas, message) -> None:
    for node in nodes(json.loads(text_of(schemas, message))):
        if node.get("type") in ("record", "enum"):
            assert node["doc"].strip()
        for field in node.get("fields", []):
            assert field["doc"].strip(), field["name"]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_an_enum_can_get_new_symbols_and_its_default_is_no_value_of_ours(schemas, message) -> None:
    for node in nodes(json.loads(text_of(schemas, message))):
        if node.get("type") == "enum":
            assert node["default"] == "unspecified"
            assert "unspecified" not in set(getattr(models, node["name"]))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_no_schema_has_what_hostile_bytes_could_use(schemas, message) -> None:
    assert hazards(parse_schema(text_of(schemas, message), message.__name__)) == []


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.__name__)
def test_the_namespace_names_no_host(schemas, message) -> None:
    assert json.loads(text_of(schemas, message))["namespace"] == "hub.v1"


def test_there_is_one_schema_for_each_message_and_no_other(schemas) -> None:
    assert sorted(path.stem for path in schemas.glob("*.avsc")) == [message.__name__ for message in MESSAGES]


def test_no_model_field_holds_free_text() -> None:
    for message in (*MESSAGES, models.Scope, models.Evidence):
        for name, rule in message.model_json_schema().get("properties", {}).items():
            arms = rule.get("anyOf", [rule])
            for arm in (arm.get("items", arm) for arm in arms):
                if arm.get("type") == "string":
                    assert {"pattern", "format", "enum"} & arm.keys(), f"{message.__name__}.{name}"
