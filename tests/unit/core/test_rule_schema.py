"""What an editor is told of a rule file agrees with what the hub accepts, and explains every field."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.core.rule_schema import SCHEMA_FILES, rules_schema
from hub.resources import defaults_folder

RULES = defaults_folder() / "rules"
FILES = sorted(RULES.glob("*.yaml"))


def plain(value: Any) -> Any:
    """As an editor sees it: a date is text."""
    return json.loads(json.dumps(value, default=lambda day: day.isoformat()))


def errors(of: Any, written: Any) -> list[str]:
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message}" for one in deep(validator(of).iter_errors(plain(written)))]


def validator(of: Any) -> Draft202012Validator:
    return Draft202012Validator(rules_schema(of), format_checker=Draft202012Validator.FORMAT_CHECKER)


def deep(found: Any) -> Iterator[Any]:
    """Without the choice between the two sorts of rules: what is wrong in the one that is meant."""
    for one in found:
        inside = [each for each in one.context or () if "about" not in each.absolute_path]
        yield from deep(inside) if inside else [one]


def shipped(name: str) -> Any:
    return yaml.safe_load((RULES / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("of", SCHEMA_FILES)
def test_the_schema_is_one(of: Any) -> None:
    Draft202012Validator.check_schema(rules_schema(of))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_file_is_valid_and_names_its_schema(path: Any) -> None:
    of: Any = "ruleset" if path.stem == "ruleset" else "rule"
    text = path.read_text(encoding="utf-8")
    assert list(validator(of).iter_errors(plain(yaml.safe_load(text)))) == []
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={SCHEMA_FILES[of]}"


@pytest.mark.parametrize("of", SCHEMA_FILES)
def test_what_is_shipped_beside_the_rules_is_what_the_models_say(of: Any) -> None:
    told = f"run: hub rules schema {of} > hub/defaults/rules/{SCHEMA_FILES[of]}"
    assert json.loads((RULES / SCHEMA_FILES[of]).read_text(encoding="utf-8")) == rules_schema(of), told


@pytest.mark.parametrize("of", SCHEMA_FILES)
def test_every_field_has_a_description(of: Any) -> None:
    made = rules_schema(of)
    objects = [made, *made["$defs"].values()]
    fields = {(one.get("title"), name): field for one in objects for name, field in one.get("properties", {}).items()}
    assert {place for place, field in fields.items() if not field.get("description", "").endswith(".")} == set()
    assert len(fields) > (5 if of == "ruleset" else 40)


def test_every_field_of_the_language_can_be_written() -> None:
    written = shipped("absence-alone")
    after = {"kind": "police_notice", "of": ["lob"], "within_hours": 48, "happens": False}
    written["when"][0].update(between=["22:00", "06:00"], on_school_days=True, within_school_days=20, then=after)
    written["when"].append({**written["when"][0], "id": "more", "against_earlier": {"days": 56, "percent": 200}})
    fall = {"days": 28, "at_least": 480, "school_days": 10}
    written["when"].append({**written["when"][0], "id": "back", "at_most": 0, "fell_from": fall})
    del written["when"][2]["at_least"]
    written.update(ages={"from": 12, "to": 17}, sunset=date(2026, 6, 30), at_least_agencies=2, rest_days=28, lingers_days=7)
    written.update(counts_but_not_shown=["school-x"])
    assert errors("rule", written) == []
    school = {"terms": [{"first": date(2026, 1, 8), "last": date(2026, 6, 12)}], "free_days": [date(2026, 4, 3)]}
    assert errors("ruleset", {**shipped("ruleset"), "school": school}) == []


def test_an_editor_underlines_a_title_over_lines_and_a_year_that_is_none() -> None:
    written = {**shipped("absence-alone"), "title_sv": "a\nb", "owner": "a\x1bb", "sunset": "9999-12-31"}
    assert {"title_sv", "owner", "sunset"} <= {one.split(":")[0] for one in errors("rule", written)}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"of": ["lob"]}, "when.0.of.0: 'lob' is not one of"),
        ({"at_leest": 3}, "when.0: Additional properties are not allowed ('at_leest' was unexpected)"),
        ({"at_least": 0}, "when.0.at_least: 0 is less than the minimum of 1"),
        ({"within_days": "28"}, "when.0.within_days: '28' is not of type 'integer'"),
        ({"at_most": 0}, "when.0: 'fell_from' is a dependency of 'at_most'"),
        ({"at_most": 0, "fell_from": {"days": 28, "at_least": 480}}, "when.0: "),
        ({"measure": "sum"}, "when.0.measure: 'sum' is not one of"),
        ({"area": "0581-hageby"}, "when.0: Additional properties are not allowed ('area' was unexpected)"),
    ],
)
def test_an_editor_underlines_what_the_hub_would_refuse(changes: dict[str, Any], place: str) -> None:
    written = copy.deepcopy(shipped("absence-alone"))
    written["when"][0].update(changes)
    assert any(one.startswith(place) for one in errors("rule", written))
