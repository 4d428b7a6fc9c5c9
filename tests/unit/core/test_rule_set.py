"""Rules that are not rules are refused, with the path of the wrong field."""

from __future__ import annotations

import copy
import hashlib
import json
from datetime import date, timedelta
from typing import Any

import pytest

from hub.core.rule_set import Earlier, FellFrom, Measure, RulesError, parse_rules, rules_content, rules_digest
from hub.core.rules import compile_rules

from .make_rules import SHIPPED

YEARS = "must lie in the years 1900 to 2999"
LEAVE_OUT = f"{YEARS}: leave sunset out for a rule without an end"


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


@pytest.mark.parametrize("data", [None, [], "rules", 7])
def test_what_is_no_mapping_at_all_is_refused_as_the_rule_set(data: Any) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(data)
    assert str(caught.value) == "rule set: must be a mapping of names to values"


@pytest.mark.parametrize("field", ["area", "areas", "place", "places"])
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
        ("absence-alone", {"score": 3}, "rules.absence-alone.score: has no meaning here: known are about, "),
        ("absence-alone", {"when": []}, "rules.absence-alone.when"),
        ("absence-alone", {"respond_within_days": "5"}, "rules.absence-alone.respond_within_days"),
        ("absence-alone", {"respond_within_days": 0}, "rules.absence-alone.respond_within_days"),
        ("absence-alone", {"cooperation": "sig"}, "without_sig_consent belongs to every rule of cooperation sig"),
        ("repeated-notices", {"without_sig_consent": None}, "without_sig_consent belongs to every rule of cooperation sig"),
        ("place-presence", {"categories": ["fest"]}, "rules.place-presence.categories.0"),
        ("place-presence", {"about": "person"}, "rules.place-presence.function: is missing"),
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


TERMS = [{"first": "2026-01-08", "last": "2026-06-12"}]
FALL: dict[str, Any] = {"at_least": None, "at_most": 60, "fell_from": {"days": 28, "at_least": 480}}
AFTER = {"kind": "police_notice", "of": ["lob"], "within_hours": 48}


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"within_school_days": 20}, lambda one: one.within_school_days == 20),
        ({"on_school_days": True}, lambda one: one.on_school_days is True),
        ({"between": ["22:00", "06:00"]}, lambda one: one.between == ("22:00", "06:00")),
        ({"measure": "count"}, lambda one: one.measure is Measure.COUNT),
        ({"measure": "distinct_days", "at_least": 4}, lambda one: one.measure is Measure.DISTINCT_DAYS),
        ({"measure": "rate", "at_least": 100}, lambda one: one.measure is Measure.RATE),
        ({"against_earlier": {"days": 56, "percent": 200}}, lambda one: one.against_earlier == Earlier(days=56, percent=200)),
        (FALL, lambda one: (one.at_most, one.fell_from, one.at_least) == (60, FellFrom(days=28, at_least=480), None)),
        ({**FALL, "at_most": 0}, lambda one: one.at_most == 0),
        ({**FALL, "fell_from": {**FALL["fell_from"], "school_days": 10}}, lambda one: one.fell_from.school_days == 10),
        ({"then": AFTER}, lambda one: (one.then.within_hours, one.then.of, one.then.happens) == (48, ("lob",), True)),
        ({"then": {**AFTER, "happens": False}}, lambda one: one.then.happens is False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_field_of_a_condition_is_read_as_it_is_written(changes: dict[str, Any], asked: Any) -> None:
    data = plain()
    place_of("absence-alone", data)["when"][0].update(changes)
    rules = parse_rules(data)
    assert asked(next(rule for rule in rules.rules if rule.id == "absence-alone").when[0])
    assert parse_rules(rules.model_dump(mode="json")) == rules


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"ages": {"from": 12, "to": 17}}, lambda rule: (rule.ages.first, rule.ages.last) == (12, 17)),
        ({"ages": {"from": 12}}, lambda rule: (rule.ages.first, rule.ages.last) == (12, 130)),
        ({"ages": {"to": 17}}, lambda rule: (rule.ages.first, rule.ages.last) == (0, 17)),
        ({"at_least_agencies": 2}, lambda rule: rule.at_least_agencies == 2),
        ({"rest_days": 28}, lambda rule: rule.rest_days == 28),
        ({"lingers_days": 7}, lambda rule: rule.lingers_days == 7),
        ({"sunset": date(2026, 6, 30)}, lambda rule: rule.sunset == date(2026, 6, 30)),
        ({"sunset": "2026-06-30"}, lambda rule: rule.sunset == date(2026, 6, 30)),
        ({"sunset": "2999-12-31"}, lambda rule: compile_rules(parse_rules(plain())) and rule.sunset == date(2999, 12, 31)),
        ({"counts_but_not_shown": ["school-x"]}, lambda rule: rule.counts_but_not_shown == ("school-x",)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_field_of_a_rule_is_read_as_it_is_written(changes: dict[str, Any], asked: Any) -> None:
    data = plain()
    place_of("absence-alone", data).update(changes)
    rules = parse_rules(data)
    assert asked(next(rule for rule in rules.rules if rule.id == "absence-alone"))
    assert parse_rules(rules.model_dump(mode="json")) == rules


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"within_school_days": 0}, "when.0.within_school_days: must be at least 1"),
        ({"within_school_days": "20"}, "when.0.within_school_days: must be a whole number, without quotes"),
        ({"on_school_days": "true"}, "when.0.on_school_days: must be true or false, without quotes"),
        ({"between": ["22:00"]}, "when.0.between.1: is missing"),
        ({"between": ["22:00", "06:00", "07:00"]}, "when.0.between: must hold 2, as in [a, b]"),
        ({"between": ["22:00", "24:00"]}, 'when.0.between.1: must be a time of day in quotes, such as "22:00"'),
        ({"between": [1320, "06:00"]}, "when.0.between.0: must be text; what YAML takes for a number"),
        ({"between": "22-06"}, "when.0.between: must be a list, as in [a, b]"),
        ({"measure": "sum"}, "when.0.measure: must be one of minutes, count, distinct_days or rate"),
        ({"at_least": -1}, "when.0.at_least: must be at least 1"),
        ({"at_least": 480.5}, "when.0.at_least: must be a whole number, without quotes"),
        ({"at_leest": 480}, "when.0.at_leest: has no meaning here: did you mean at_least?"),
        ({"against_earlier": {"days": 56}}, "when.0.against_earlier.percent: is missing"),
        ({"against_earlier": {"days": -1, "percent": 200}}, "when.0.against_earlier.days: must be at least 1"),
        ({"against_earlier": 56}, "when.0.against_earlier: must be a mapping of names to values"),
        (
            {"measure": "rate", "at_least": 20, "against_earlier": {"days": 56, "percent": 200}},
            "when.0.against_earlier: a rate is not compared with earlier",
        ),
        (
            {"within_school_days": 20, "against_earlier": {"days": 56, "percent": 200}},
            "when.0.against_earlier: does not go together with within_school_days",
        ),
        ({"measure": "rate", "at_least": 20, "then": AFTER}, "when.0.then: a rate is not narrowed by what follows"),
        ({"then": AFTER, "against_earlier": {"days": 56, "percent": 200}}, "when.0.then: does not go together with against_earlier"),
        ({"at_least": None}, "when.0.at_least: is missing"),
        ({**FALL, "at_least": 1}, "when.0.at_least: does not go together with fell_from: leave one of them out"),
        ({**FALL, "at_most": -1}, "when.0.at_most: must be at least 0"),
        ({**FALL, "at_most": None}, "when.0.fell_from: at_most and fell_from go together"),
        ({**FALL, "fell_from": None}, "when.0.fell_from: at_most and fell_from go together"),
        ({**FALL, "fell_from": {"days": 28}}, "when.0.fell_from.at_least: is missing"),
        ({**FALL, "fell_from": {"days": 28, "at_leest": 9}}, "when.0.fell_from.at_leest: has no meaning here: did you mean at_least?"),
        ({**FALL, "measure": "rate"}, "when.0.fell_from: a rate is not compared with earlier"),
        ({**FALL, "then": AFTER}, "when.0.then: does not go together with fell_from: leave one of them out"),
        ({**FALL, "within_school_days": 9}, "when.0.within_school_days: does not go together with fell_from"),
        ({**FALL, "against_earlier": {"days": 9, "percent": 9}}, "when.0.against_earlier: does not go together with fell_from"),
        ({"then": {**AFTER, "of": ["excused"]}}, "when.0.then.of: unknown code excused; police_notice knows "),
        ({"then": {**AFTER, "within_hours": 0}}, "when.0.then.within_hours: must be at least 1"),
        ({"then": {**AFTER, "within_days": 2}}, "when.0.then.within_days: has no meaning here: did you mean within_hours?"),
    ],
)  # fmt: skip
def test_what_a_condition_must_not_say_is_refused_with_what_would_be_right(changes: dict[str, Any], expected: str) -> None:
    assert f"rules.absence-alone.{expected}" in refusal(lambda data: place_of("absence-alone", data)["when"][0].update(changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ages": {"from": 17, "to": 12}}, "ages: from 17 to 12 is no age at all: from must not be above to"),
        ({"ages": {"first": 12}}, "ages.first: has no meaning here: known are from, to"),
        ({"ages": {"from": -1}}, "ages.from: must be at least 0"),
        ({"ages": {"from": "12"}}, "ages.from: must be a whole number, without quotes"),
        ({"at_least_agencies": 0}, "at_least_agencies: must be at least 1"),
        ({"rest_days": -1}, "rest_days: must be at least 0"),
        ({"lingers_days": 367}, "lingers_days: must be at most 366"),
        ({"sunset": "2026-6-30"}, "sunset: must be a date such as 2026-06-30"),
        ({"sunset": 20260630}, "sunset: must be a date such as 2026-06-30"),
        *(({"sunset": day}, f"sunset: {LEAVE_OUT}") for day in ("1899-12-31", "3000-01-01", "9999-12-31")),
        ({"counts_but_not_shown": "school-x"}, "counts_but_not_shown: must be a list, as in [a, b]"),
        ({"counts_but_not_shown": ["school-x", "school-x"]}, "counts_but_not_shown: an agency stands twice"),
        ({"title_sv": 7}, "title_sv: must be text; what YAML takes for a number"),
        ({"title_sv": ""}, "title_sv: must not be empty"),
        ({"title_sv": "x" * 201}, "title_sv: must be at most 200 characters long"),
        ({"about": "thing"}, "about: must be person or place"),
        ({"team": "SIG Group"}, "team: must be a name of small letters, digits, _ and -"),
    ],
)
def test_what_a_rule_must_not_say_is_refused_with_what_would_be_right(changes: dict[str, Any], expected: str) -> None:
    assert f"rules.absence-alone.{expected}" in refusal(lambda data: place_of("absence-alone", data).update(changes))


def test_a_rule_that_does_not_say_what_it_is_about_is_told_what_it_may_be() -> None:
    text = refusal(lambda data: place_of("absence-alone", data).pop("about"))
    assert text == "rules.absence-alone.about: is missing: it must be person or place"


def test_whoever_asks_for_a_consent_to_sig_works_under_one_to_sspf() -> None:
    text = refusal(lambda data: place_of("repeated-notices", data)["without_sig_consent"].update(cooperation="sig"))
    assert text == "rules.repeated-notices.without_sig_consent.cooperation: must be sspf"


def test_a_field_that_a_rule_set_does_not_have_is_refused_with_those_that_it_has() -> None:
    text = refusal(lambda data: data.update(colour="red"))
    assert text == "colour: has no meaning here: known are owner, rules, school, version"


def test_a_rule_of_sig_says_who_asks_for_a_consent_even_where_the_field_is_left_out() -> None:
    text = refusal(lambda data: place_of("repeated-notices", data).pop("without_sig_consent"))
    assert text.startswith(
        "rules.repeated-notices.without_sig_consent: without_sig_consent belongs to every rule of cooperation sig"
    )


@pytest.mark.parametrize(
    ("school", "expected"),
    [
        ({"terms": []}, "school.terms: needs at least 1"),
        ({"terms": [{"first": "2026-06-12", "last": "2026-01-08"}]}, "school.terms.0: the term ends (2026-01-08) before it begins"),
        ({"terms": TERMS, "free_days": ["3 April"]}, "school.free_days.0: must be a date such as 2026-06-30"),
        ({"terms": TERMS, "free_days": ["9999-12-31"]}, f"school.free_days.0: {YEARS}"),
        ({"terms": [{"first": "0001-01-01", "last": "2026-06-12"}]}, f"school.terms.0.first: {YEARS}"),
        ({"terms": [{"first": "2026-01-08", "last": "9999-12-31"}]}, f"school.terms.0.last: {YEARS}"),
        (
            {"terms": [*TERMS, {"first": "1900-01-01", "last": "2000-01-01"}]},
            "school.terms: name 36681 days together: at most 36600 (a hundred years) may stand here: give each term its own dates",
        ),
        ({"terms": TERMS, "holidays": []}, "school.holidays: has no meaning here: known are free_days, terms"),
    ],
)  # fmt: skip
def test_a_school_calendar_that_is_none_is_refused(school: dict[str, Any], expected: str) -> None:
    assert refusal(lambda data: data.update(school=school)).startswith(expected)


def test_a_school_calendar_may_name_a_hundred_years_of_days() -> None:
    first = date(1900, 1, 1)
    term = {"first": first, "last": first + timedelta(days=36_599)}
    assert parse_rules(plain() | {"school": {"terms": [term]}}).school is not None


def test_a_school_calendar_is_read_as_it_is_written() -> None:
    later = {"first": date(2026, 8, 17), "last": date(2026, 12, 18)}
    school = parse_rules(plain() | {"school": {"terms": [later, *TERMS], "free_days": ["2026-04-03"]}}).school
    assert school is not None
    assert school.terms[0].first == date(2026, 8, 17)
    assert school.free_days == (date(2026, 4, 3),)


@pytest.mark.parametrize("rule", ["absence-alone", 7, [], None], ids=repr)
def test_a_rule_that_is_no_mapping_is_refused_in_the_same_words_as_a_condition_that_is_none(rule: Any) -> None:
    words = "must be a mapping of names to values"
    assert refusal(lambda data: data.update(rules=[rule])) == f"rules.0: {words}"
    assert refusal(lambda data: place_of("absence-alone", data).update(when=[rule])) == f"rules.absence-alone.when.0: {words}"


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    data = plain()
    place_of("absence-alone", data).update(priority="urgent", sunset="soon")
    place_of("place-presence", data).update(at_least=0, score=3)
    with pytest.raises(RulesError) as caught:
        parse_rules(data)
    ids = [rule["id"] for rule in data["rules"]]
    assert [(problem.location, problem.at_name) for problem in caught.value.problems] == [
        (("rules", ids.index("absence-alone"), "priority"), False),
        (("rules", ids.index("absence-alone"), "sunset"), False),
        (("rules", ids.index("place-presence"), "at_least"), False),
        (("rules", ids.index("place-presence"), "score"), True),
    ], "a field that is none is shown at its name, what a field holds at its value"


@pytest.mark.parametrize(("number", "refused"), [(20, False), (21, True)])
def test_a_rule_of_more_conditions_than_anybody_reads_is_refused(number: int, refused: bool) -> None:
    def many(data: dict[str, Any]) -> None:
        rule = place_of("absence-alone", data)
        rule["when"] = [{**rule["when"][0], "id": f"condition-{each}"} for each in range(number)]

    told = "rules.absence-alone.when: holds 21 conditions, and a rule may hold 20: make it several rules"
    if refused:
        assert told in refusal(many)
    else:
        data = plain()
        many(data)
        parse_rules(data)


def test_two_conditions_of_one_id_are_refused() -> None:
    def twice(data: dict[str, Any]) -> None:
        rule = place_of("absence-alone", data)
        rule["when"] = rule["when"] * 2

    assert "rules.absence-alone.when: two conditions share an id" in refusal(twice)


def test_a_version_is_text_and_fit_for_a_key() -> None:
    assert refusal(lambda data: data.update(version=2025.1)).startswith("version: ")
    words = "version: must be of letters, digits, full stops, _ and -, at most 64, without spaces"
    assert refusal(lambda data: data.update(version="2025 1")) == words


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


def test_a_field_that_is_not_used_changes_no_digest() -> None:
    """Or a new release would make every set in force another one."""
    assert "fell_from" not in rules_content(SHIPPED)
    assert "at_most" not in rules_content(SHIPPED)


@pytest.mark.parametrize("fall", [{"at_most": "60"}, {"fell_from": {"days": 0, "at_least": 1}}], ids=str)
def test_what_is_wrong_with_a_fall_is_told_once(fall: dict[str, Any]) -> None:
    text = refusal(lambda data: place_of("absence-alone", data)["when"][0].update({**FALL, **fall}))
    assert text.count("when.0") == 1
