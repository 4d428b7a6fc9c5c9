"""What `hub connectors` says of a connector: its settings field by field, and an example for hub.toml."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from hub.connector import Capability, Connector

__all__ = ["CAPABILITIES", "FieldTold", "example_block", "facts_of", "fields_of", "guarantee_of"]

CAPABILITIES = {
    Capability.EVENTS: "tells facts about persons; consent decides what leaves its process",
    Capability.PLACES: "tells facts about places, never about a person",
    Capability.STATUTORY: "every message goes to the statutory store first, whatever its consent or shape",
    Capability.CODING: "a notice without a readable code waits for the statutory officer: hub statutory uncoded",
    Capability.BACKFILL: "can be asked again for some persons, when a consent comes to cover earlier time",
    Capability.MOVING_WINDOW: "what one poll shows may be gone from the next: each batch is on disk before anything is published",
    Capability.WAKING: "can be told by the foreign system that something changed, and asks at once",
    Capability.DELIVERY: "hands tasks to a receiver: that they are there, never whom they are about",
    Capability.SIMULATOR: "brings a server that behaves as the foreign system",
}
"""What each capability means to an operator."""

_OF_A_SOURCE = "at least once: a crash repeats a batch under the same identities and revisions, and a repeat changes nothing"
_OF_A_SINK = "at least once, with one effect: a repeat has the same identity, which the sink looks for or the receiver takes once"
_INVENTED = {"{url}": "https://system.example.se", "{dataset}": "inbox", "{host}": "system.example.se", "{port}": "9093"}
_BOUNDS = (("minimum", "≥ {}"), ("exclusiveMinimum", "> {}"), ("maximum", "≤ {}"), ("exclusiveMaximum", "< {}"))
_NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list"}


@dataclass(frozen=True, slots=True)
class FieldTold:
    """One setting: its name (dotted where it is of a table within), what it may be, its default as TOML text, its meaning."""

    name: str
    type: str
    default: str | None
    meaning: str


def facts_of(connector: Connector) -> dict[str, Any]:
    """A connector as data."""
    return {
        "name": connector.name,
        "title": connector.title,
        "kinds": [*sorted(connector.kinds), *(["place"] if connector.places else [])],
        "capabilities": sorted(connector.capabilities),
        "statutory": connector.build_statutory is not None,
        "simulator": connector.build_simulator is not None,
        "guarantee": guarantee_of(connector),
        "secrets": sorted(connector.trial.secrets) if connector.trial else [],
        "expects": [expected.model_dump(mode="json") for expected in connector.expects],
        "fields": [asdict(field) for field in fields_of(connector)],
        "example": example_block(connector),
    }


def guarantee_of(connector: Connector) -> str:
    """What may be relied on when something crashes."""
    return _OF_A_SINK if connector.build_source is None else _OF_A_SOURCE


def fields_of(connector: Connector) -> list[FieldTold]:
    """Every setting, in the order of the model; the settings of a table within stand under its name and a dot."""
    schema = connector.config.model_json_schema()
    return list(_walk(schema, schema.get("$defs", {}), ""))


def example_block(connector: Connector) -> str:
    """What an operator may start from: the fields that are required, with invented values, and of those without a default the
    ones that the trial gives (of two ways in, one). A connector that is both is shown as the source.
    """
    name, sink = connector.name, connector.build_source is None
    given = dict(connector.trial.config) if connector.trial else {}
    bare = {name for name, field in connector.config.model_fields.items() if field.default is None and name in given}
    required = [field.name for field in fields_of(connector) if field.default is None or field.name in bare]
    if sink:
        lines = ["[sinks.NAME]              # the name that teams.yaml says at the team: sinks: [NAME]", f'connector = "{name}"']
        lines += ["most_per_minute = 120", "", "[sinks.NAME.settings]"]
    else:
        lines = [f"[connectors.{name}]", "enabled = true", 'agency = "…"             # who speaks: one of agencies.yaml']
        lines += ["poll_seconds = 300       # how often the source is asked", "", f"[connectors.{name}.source]"]
    lines += [f"{field} = {_toml(_invented(given.get(field, '…')))}" for field in required if "." not in field]
    secrets = sorted(connector.trial.secrets) if connector.trial else []
    kept = "sink-NAME" if sink else f"connector-{name}"
    lines += [f"# its secret {secret} lies in keys/{kept}-{secret}" for secret in secrets]
    return "\n".join(lines)


def _walk(schema: dict[str, Any], defined: dict[str, Any], prefix: str) -> Iterator[FieldTold]:
    for name, field in schema.get("properties", {}).items():
        whole = _resolved(field, defined)
        if whole.get("type") == "object" and "properties" in whole:
            yield from _walk(whole, defined, f"{prefix}{name}.")
            continue
        needed = name in schema.get("required", ()) and not prefix
        default = None if needed else _toml(field.get("default"))
        yield FieldTold(f"{prefix}{name}", _type(whole, defined), default, " ".join(field.get("description", "").split()))


def _resolved(field: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    options = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    if len(options) == 1:  # or nothing
        field = {**{name: value for name, value in field.items() if name != "anyOf"}, **options[0]}
    place = field.get("$ref", "").rpartition("/")[2]
    return {**defined[place], **field} if place in defined else field


def _type(field: dict[str, Any], defined: dict[str, Any]) -> str:
    """A schema in words: `whole number, ≥ 0, ≤ 400`."""
    if "anyOf" in field:
        return " or ".join(_type(_resolved(one, defined), defined) for one in field["anyOf"] if one.get("type") != "null")
    if "enum" in field:
        return "one of " + ", ".join(map(str, field["enum"]))
    if field.get("type") == "array" and "items" in field:
        return f"list of {_type(_resolved(field['items'], defined), defined)}"
    if field.get("type") == "object":
        return "table"
    bounds = [text.format(field[bound]) for bound, text in _BOUNDS if bound in field]
    return ", ".join([field.get("format") or _NAMES.get(field.get("type", ""), "any value"), *bounds])


def _invented(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_invented(one) for one in value]
    if isinstance(value, str):
        for place, text in _INVENTED.items():
            value = value.replace(place, text)
    return value


def _toml(value: Any) -> str:
    """A value as hub.toml writes it; JSON's text is TOML's for what settings hold."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)
