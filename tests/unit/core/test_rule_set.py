"""Rules that are not rules are refused, with the path of the wrong field."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

import pytest

from hub.core.rule_set import RulesError, parse_rules, rules_content, rules_digest

from .make_rules import SHIPPED


def plain() -> dict[str, Any]:
    return copy.deepcopy(SHIPPED.model_dump(mode="json"))


def place_of(rule_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return next(rule for rule in data["rules"] if rule["id"] == rule_id)


def refusal(change: Any) -> str:
    data = plain()
    change(data)
    with pytest.raises(RulesError) as caught:
        parse_rules(data)
    return str(caught.value)


def test_plain_data_gives_the_same_set() -> None:
    assert parse_rules(plain()) == SHIPPED


@pytest.mark.parametrize("field", ["area", "place"])
def test_an_area_is_no_condition(field: str) -> None:
    text = refusal(lambda data: place_of("absence-alone", data)["when"][0].update({field: "0581-hageby"}))
    assert text == f"rules.absence-alone.when.0.{field}: an area is no condition of a rule: it tells nothing about a person"


def test_place_events_are_no_condition_either() -> None:
    text = refusal(lambda data: place_of("absence-alone", data)["when"][0].update(kind="place_event"))
    assert text.startswith("rules.absence-alone.when.0.kind: ")


def test_an_unknown_code_is_named_with_its_path_and_the_known_ones() -> None:
    text = refusal(lambda data: place_of("repeated-notices", data)["when"][0].update(of=["narcotics", "loitering"]))
    assert text.startswith("rules.repeated-notices.when.0.of: unknown code loitering; police_notice knows lob, narcotics, ")


@pytest.mark.parametrize(
    ("rule", "changes", "expected"),
    [
        ("absence-alone", {"team": "SIG Group"}, "rules.absence-alone.team"),
        ("absence-alone", {"priority": "urgent"}, "rules.absence-alone.priority"),
        ("absence-alone", {"function": "surveillance"}, "unknown function surveillance; known: "),
        ("absence-alone", {"score": 3}, "rules.absence-alone.score: Extra inputs are not permitted"),
        ("absence-alone", {"when": []}, "rules.absence-alone.when"),
        ("absence-alone", {"respond_within_days": "5"}, "rules.absence-alone.respond_within_days"),
        ("absence-alone", {"respond_within_days": 0}, "rules.absence-alone.respond_within_days"),
        ("absence-alone", {"cooperation": "sig"}, "without_sig_consent belongs to every rule of cooperation sig"),
        ("repeated-notices", {"without_sig_consent": None}, "without_sig_consent belongs to every rule of cooperation sig"),
        ("place-presence", {"categories": ["fest"]}, "rules.place-presence.categories.0"),
        ("place-presence", {"about": "person"}, "rules.place-presence.function: Field required"),
        ("place-presence", {"about": "score"}, "rules.place-presence"),
        ("absence-alone", {"id": "absence-and-notice"}, "two rules share the id absence-and-notice"),
    ],
)
def test_wrong_fields_are_named(rule: str, changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(lambda data: place_of(rule, data).update(changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"at_least": 0}, "at_least"),
        ({"at_least": "480"}, "at_least"),
        ({"at_least": 480.5}, "at_least"),
        ({"within_days": 367}, "within_days"),
        ({"measure": "sum"}, "measure"),
        ({"of": []}, "of"),
        ({"of": ["unexcused", "unexcused"]}, "a code stands twice"),
        ({"of": ["excused"]}, "unexcused_absence is worded as unexcused: choose another id"),
        ({"kind": "police_notice", "of": ["lob"], "id": "lob"}, "only school_absence is measured in minutes"),
    ],
)
def test_wrong_conditions_are_named(changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(lambda data: place_of("absence-alone", data)["when"][0].update(changes))


def test_two_conditions_of_one_id_are_refused() -> None:
    def twice(data: dict[str, Any]) -> None:
        rule = place_of("absence-alone", data)
        rule["when"] = rule["when"] * 2

    assert "rules.absence-alone.when: two conditions share an id" in refusal(twice)


def test_a_version_is_text_and_fit_for_a_key() -> None:
    assert refusal(lambda data: data.update(version=2025.1)).startswith("version: ")
    assert refusal(lambda data: data.update(version="2025 1")).startswith("version: ")


def test_what_is_not_plain_data_is_refused() -> None:
    assert "only text" in refusal(lambda data: data.update(version={1, 2}))
    with pytest.raises(RulesError):
        parse_rules(None)


def test_the_digest_follows_content_not_order() -> None:
    data = plain()
    data["rules"].reverse()
    assert rules_digest(parse_rules(data)) == rules_digest(SHIPPED)
    place_of("absence-alone", data)["when"][0]["at_least"] = 481
    assert rules_digest(parse_rules(data)) != rules_digest(SHIPPED)


def test_the_canonical_content_gives_the_same_set_and_is_what_the_digest_is_of() -> None:
    content = rules_content(SHIPPED)
    assert parse_rules(json.loads(content)) == SHIPPED
    assert hashlib.sha256(content.encode()).hexdigest() == rules_digest(SHIPPED)
    assert rules_content(SHIPPED.model_copy(update={"rules": SHIPPED.rules[::-1]})) == content
