"""JSON Schema of the files that hold rules, so that an editor completes and underlines while they are written.

A schema says less than `parse_rules` and the checks of a folder: what it accepts may still be refused, what it refuses is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from hub.core.rule_set import PlaceRule, Rule, RuleSet

__all__ = ["SCHEMA_FILES", "SchemaOf", "rules_schema"]

SchemaOf: TypeAlias = Literal["rule", "ruleset"]
SCHEMA_FILES: dict[SchemaOf, str] = {"rule": "rule.schema.json", "ruleset": "ruleset.schema.json"}
"""What each is called beside the rules: the first line of a file of theirs names it."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLES = {"rule": "One rule: a file of the rules folder", "ruleset": "ruleset.yaml: what all rules of the folder share"}


def rules_schema(of: SchemaOf) -> dict[str, Any]:
    """The schema of a rule's file, or of `ruleset.yaml`; every field with its meaning."""
    if of == "rule":
        made = TypeAdapter(Annotated[Rule | PlaceRule, Field(discriminator="about")]).json_schema()
        made.pop("discriminator", None)  # OpenAPI's word; `about` is a constant of either
    else:
        made = RuleSet.model_json_schema()
        made["properties"].pop("rules")
        made["required"].remove("rules")
        made.pop("description", None)
    definitions = made.pop("$defs", {})
    used: dict[str, Any] = {}
    waiting = list(_named(made))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = definitions[name]
            waiting += _named(used[name])
    return {
        "$schema": _DIALECT,
        "title": _TITLES[of],
        **{key: value for key, value in made.items() if key != "title"},
        "$defs": used,
    }


def _named(part: Any) -> Iterator[str]:
    """The definitions that a part of a schema refers to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rsplit("/", 1)[-1]
        for value in part.values():
            yield from _named(value)
    elif isinstance(part, list):
        for value in part:
            yield from _named(value)
