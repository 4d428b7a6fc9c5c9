"""What a rule's numbers may be, and that its lists choose something: the least and the most, and one beyond."""

from __future__ import annotations

from typing import Any

import pytest

from hub.core.rule_set import Rule, RulesError, parse_rules

from .test_rule_set import AFTER, place_of, plain, refusal

BOUNDS: dict[str, tuple[int, int]] = {
    "when.0.at_least": (1, 100_000),
    "when.0.within_days": (1, 366),
    "when.0.within_school_days": (1, 366),
    "when.0.at_most": (0, 100_000),
    "when.0.fell_from.days": (1, 366),
    "when.0.fell_from.at_least": (1, 100_000),
    "when.0.fell_from.school_days": (1, 366),
    "when.0.against_earlier.days": (1, 366),
    "when.0.against_earlier.percent": (1, 10_000),
    "when.0.then.within_hours": (1, 8784),
    "ages.from": (0, 130),
    "ages.to": (0, 130),
    "at_least_agencies": (1, 20),
    "rest_days": (0, 366),
    "lingers_days": (0, 366),
    "respond_within_days": (1, 366),
}


@pytest.mark.parametrize("field", BOUNDS)
def test_every_number_of_a_rule_has_a_least_and_a_most_and_beyond_them_is_told_which(field: str) -> None:
    least, most = BOUNDS[field]

    def asking(number: int) -> dict[str, Any]:
        data = plain()
        rule = place_of("absence-alone", data)
        condition, (*above, name) = rule["when"][0], field.removeprefix("when.0.").split(".")
        if name == "at_most" or "fell_from" in above:
            del condition["at_least"]
            condition.update(at_most=9, fell_from={"days": 28, "at_least": 99})
        elif above == ["against_earlier"]:
            condition["against_earlier"] = {"days": 28, "percent": 200}
        elif above == ["then"]:
            condition["then"] = dict(AFTER)
        elif above == ["ages"]:
            rule["ages"] = {}
        place = condition if field.startswith("when") else rule
        for part in above:
            place = place[part]
        place[name] = number
        return data

    assert parse_rules(asking(least))
    assert parse_rules(asking(most))
    for number, words in ((least - 1, f"must be at least {least}"), (most + 1, f"must be at most {most}")):
        with pytest.raises(RulesError, match=f"^rules.absence-alone.{field}: {words}$"):
            parse_rules(asking(number))


def test_as_many_days_of_term_as_a_calendar_may_name_are_read() -> None:
    first, second = {"first": "1900-01-01", "last": "1999-12-31"}, {"first": "2000-01-01", "last": "2000-03-16"}
    assert parse_rules(plain() | {"school": {"terms": [first, second]}}).school
    assert "name 36601 days" in refusal(lambda data: data.update(school={"terms": [first, {**second, "last": "2000-03-17"}]}))


@pytest.mark.parametrize(("field", "least", "most"), [("at_least", 1, 100_000), ("within_days", 1, 366)])
def test_every_number_of_a_rule_about_a_place_has_a_least_and_a_most_too(field: str, least: int, most: int) -> None:
    for number in (least, most):
        data = plain()
        place_of("place-presence", data)[field] = number
        assert parse_rules(data)
    for number, words in ((least - 1, f"must be at least {least}"), (most + 1, f"must be at most {most}")):
        text = refusal(lambda data, number=number: place_of("place-presence", data).update({field: number}))
        assert text == f"rules.place-presence.{field}: {words}"


@pytest.mark.parametrize(
    ("rule", "field"), [("absence-alone", "when"), ("absence-alone", "when.0.of"), ("place-presence", "categories")]
)
def test_a_list_that_chooses_nothing_is_refused(rule: str, field: str) -> None:
    def emptied(data: dict[str, Any]) -> None:
        place = place_of(rule, data)
        (place["when"][0] if field == "when.0.of" else place)[field.rpartition(".")[2]] = []

    assert refusal(emptied) == f"rules.{rule}.{field}: needs at least 1"


@pytest.mark.parametrize(
    ("changes", "asks"),
    [
        ({}, False),
        ({"on_school_days": True}, True),
        ({"within_school_days": 5}, True),
        ({"at_least": None, "at_most": 60, "fell_from": {"days": 28, "at_least": 480}}, False),
        ({"at_least": None, "at_most": 60, "fell_from": {"days": 28, "at_least": 480, "school_days": 10}}, True),
    ],
)
def test_a_condition_asks_for_school_days_by_any_of_three_fields(changes: dict[str, Any], asks: bool) -> None:
    data = plain()
    place_of("absence-alone", data)["when"][0].update(changes)
    (rule,) = [rule for rule in parse_rules(data).rules if isinstance(rule, Rule) and rule.id == "absence-alone"]
    assert rule.when[0].asks_for_school_days is asks
