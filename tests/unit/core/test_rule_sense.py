"""A rule that can never hold, or never be told, is found before a town waits for it in vain."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import AgeSpan
from hub.core.rule_sense import Town, impossible, lapsed, most_school_days, senseless
from hub.core.rule_set import Rule, RuleSet, parse_rules

from .make_rules import SHIPPED

# Five weeks of a spring term, of which the middle one is free: 20 school days, at most ten in two weeks.
SCHOOL = {
    "terms": [{"first": "2026-02-02", "last": "2026-03-08"}],
    "free_days": [f"2026-02-{day}" for day in range(16, 21)],
}
AFTER = {"kind": "police_notice", "of": ["lob"], "within_hours": 48}
TOWN = Town(
    agencies={
        "school-a": frozenset({InfoKind.SCHOOL_ABSENCE}),
        "school-b": frozenset({InfoKind.SCHOOL_ABSENCE}),
        "police": frozenset({InfoKind.POLICE_NOTICE}),
        "public": frozenset(),
    },
    ages={Cooperation.SSPF: frozenset({AgeSpan(10, 18)}), Cooperation.SIG: frozenset({AgeSpan(15, None), AgeSpan(13, 20)})},
)


def make(changes: dict[str, Any] | None = None, school: dict[str, Any] | None = None, **condition: Any) -> RuleSet:
    data = copy.deepcopy(SHIPPED.model_dump(mode="json"))
    data["rules"] = [next(one for one in data["rules"] if one["id"] == "absence-alone")]
    data["rules"][0]["when"][0].update({"within_days": 14, "at_least": 1, "id": "some", **condition})
    data["rules"][0].update(changes or {})
    return parse_rules({**data, "school": school})


def rule_of(rules: RuleSet) -> Rule:
    (rule,) = rules.rules
    assert isinstance(rule, Rule)
    return rule


def told(rules: RuleSet, town: Town | None = None) -> list[str]:
    found = impossible(rule_of(rules), rules.school, town or Town())
    return [f"{'.'.join(map(str, one.location))}: {one.text}" for one in found]


def test_the_shipped_rules_can_hold() -> None:
    for rule in SHIPPED.rules:
        assert not isinstance(rule, Rule) or list(impossible(rule, None, Town())) == []


@pytest.mark.parametrize(
    ("condition", "most", "expected"),
    [
        ({"measure": "distinct_days"}, 15, "when.0.at_least: 14 days touch at most 15 different days"),
        ({"measure": "minutes"}, 14 * 1440, "when.0.at_least: 14 days have only 20160 minutes"),
        ({"measure": "distinct_days", "on_school_days": True}, 10, "the school days of 14 days touch at most 10 different days"),
        ({"measure": "distinct_days", "on_school_days": True, "within_school_days": 4}, 4, "touch at most 4 different days"),
        ({"measure": "minutes", "on_school_days": True}, 14400, "the school days of 14 days have only 14400 minutes"),
    ],
)
def test_more_than_a_window_has_is_found_and_as_much_is_not(condition: dict[str, Any], most: int, expected: str) -> None:
    assert told(make(school=SCHOOL, **condition, at_least=most)) == []
    (found,) = told(make(school=SCHOOL, **condition, at_least=most + 1))
    assert expected in found


def test_a_rate_above_all_and_a_time_of_day_that_is_the_whole_day_are_found() -> None:
    assert told(make(measure="rate", at_least=100)) == []
    assert told(make(measure="rate", at_least=101)) == ["when.0.at_least: a rate is a percentage: it must be at most 100"]
    assert told(make(between=["08:00", "08:01"])) == []
    (found,) = told(make(between=["08:00", "08:00"]))
    assert found.startswith("when.0.between: begins and ends at the same time, which is the whole day")


@pytest.mark.parametrize(
    ("school", "expected"),
    [
        (SCHOOL, []),
        ({**SCHOOL, "free_days": ["2026-02-02", "2026-03-08"]}, []),
        (
            {**SCHOOL, "terms": [*SCHOOL["terms"], {"first": "2026-03-08", "last": "2026-06-12"}]},
            ["school.terms: the terms from 2026-02-02 and from 2026-03-08 overlap: a date belongs to one term"],
        ),
        (
            {**SCHOOL, "free_days": ["2026-03-09", "2026-02-17", "2026-02-17"]},
            [
                "school.free_days.0: 2026-03-09 lies outside every term, so it is free already: leave it out",
                "school.free_days.2: 2026-02-17 stands twice: keep one of them",
            ],
        ),
    ],
)
def test_what_nobody_would_mean_by_a_calendar_is_found(school: dict[str, Any], expected: list[str]) -> None:
    found = senseless(make(school=school).school)
    assert [f"{'.'.join(map(str, one.location))}: {one.text}" for one in found] == expected
    assert list(senseless(None)) == []


@pytest.mark.parametrize(
    ("condition", "most"),
    [({}, 1024), ({"then": AFTER}, 1023), ({"then": {**AFTER, "happens": False}}, 1024)],
    ids=["alone", "followed", "not-followed"],
)
def test_more_events_than_are_held_of_one_youth_are_found_however_short_the_window(condition: dict[str, Any], most: int) -> None:
    assert told(make(measure="count", at_least=most, **condition)) == []
    (found,) = told(make(measure="count", at_least=most + 1, **condition))
    assert (
        found == f"when.0.at_least: of one youth no more than 1024 events are held, and {most} of them can count here: lower it"
    )


def beside(*conditions: dict[str, Any]) -> RuleSet:
    """A rule of several conditions, each of so many events within two weeks, unless it says otherwise."""
    rules = make()
    first = rules.model_dump(mode="json")["rules"][0]["when"][0]
    when = [first | {"id": f"some_{place}", "measure": "count"} | one for place, one in enumerate(conditions)]
    return make({"when": when})


NOTICES = {"kind": "police_notice", "of": ["narcotics"]}
MORNING, EVENING = {"between": ["08:00", "12:00"]}, {"between": ["20:00", "08:00"]}


@pytest.mark.parametrize(
    ("others", "most"),
    [
        ([NOTICES], 512),
        ([{"of": ["excused"]}], 512),
        ([{"of": ["excused", "unexcused"]}, NOTICES], 512),
        ([{**NOTICES, "measure": "distinct_days", "at_least": 15, "within_days": 14}], 1009),
        ([{"of": ["excused"], "measure": "minutes", "at_least": 2881}], 1021),
        ([{"of": ["excused"], "measure": "rate", "at_least": 50}], 1023),
    ],
    ids=["kind", "code", "widest", "days", "minutes", "rate"],
)
def test_more_events_than_are_held_of_one_youth_are_found_of_conditions_together(others: list[dict[str, Any]], most: int) -> None:
    numbers = [{"at_least": most} | one for one in others]
    assert told(beside({"of": ["unexcused"], "at_least": most}, *numbers)) == []
    (found,) = told(beside({"of": ["unexcused"], "at_least": most + 1}, *numbers))
    assert ", for 1025 different events at once: of one youth no more than 1024 are held" in found


def test_of_conditions_that_are_too_much_together_the_last_is_named_and_the_others_beside_it() -> None:
    (found,) = told(beside({"of": ["unexcused"], "at_least": 600}, {**NOTICES, "at_least": 600}))
    assert found.startswith("when.1.at_least: asks, together with when.0, for 1200 different events at once")
    morning, evening = ({"of": ["unexcused"], "at_least": 600, **part} for part in (MORNING, EVENING))
    assert told(beside(morning, evening))[0].startswith("when.1.at_least: asks, together with when.0, for 1200")


def test_of_three_conditions_that_are_too_much_together_the_later_of_the_two_that_ask_for_most_is_named() -> None:
    (found,) = told(
        beside({"of": ["unexcused"], "at_least": 600}, {**NOTICES, "at_least": 600}, {"of": ["excused"], "at_least": 9})
    )
    assert found.startswith("when.1.at_least: asks, together with when.0 and when.2, for 1209 different events at once")


def test_conditions_for_which_one_event_may_count_twice_are_not_added_up() -> None:
    for part in ({"of": ["excused", "unexcused"]}, {"of": ["unexcused"], **EVENING}, {"of": ["unexcused"], "within_days": 5}):
        assert told(beside({"of": ["unexcused"], "at_least": 1000}, {"at_least": 1000, **part})) == []
    both = ({"of": ["unexcused"], "at_least": 1000, "between": part} for part in (["08:00", "12:30"], ["12:15", "20:00"]))
    assert told(beside(*both)) == []


def test_of_an_impossible_number_one_thing_is_told_however_large_it_is() -> None:
    for measure in ("count", "rate", "distinct_days"):
        assert len(told(make(measure=measure, at_least=100_000))) == 1
    assert len(told(beside({"at_least": 1025}, {**NOTICES, "at_least": 1}))) == 1


def test_more_events_before_a_fall_than_are_held_of_one_youth_are_found() -> None:
    assert told(fall(measure="count", at_least=1024)) == []
    (found,) = told(fall(measure="count", at_least=1025))
    assert found.startswith("when.0.fell_from.at_least: of one youth no more than 1024 events are held")


@pytest.mark.parametrize(
    ("field", "sunset", "expected"),
    [
        (
            {"on_school_days": True},
            "2026-02-01",
            "when.0.on_school_days: ruleset.yaml names no school day up to the sunset, 2026-02-01",
        ),
        ({"on_school_days": True}, "2026-02-02", ""),
        (
            {"on_school_days": True, "measure": "distinct_days", "at_least": 2},
            "2026-02-02",
            "when.0.at_least: the school days of",
        ),
        ({"on_school_days": True, "measure": "distinct_days", "at_least": 2}, "2026-02-03", ""),
        ({"within_school_days": 3}, "2026-02-03", ""),
        ({"within_school_days": 3}, "2026-02-01", ""),  # where the calendar knows fewer, it narrows nothing
    ],
)
def test_school_days_that_all_come_after_the_sunset_are_found(field: dict[str, Any], sunset: str, expected: str) -> None:
    found = told(make({"sunset": sunset}, SCHOOL, **field))
    assert [one[: len(expected)] for one in found] == ([expected] if expected else [])


def test_a_calendar_without_a_single_school_day_is_found() -> None:
    weekend = {"terms": [{"first": "2026-02-07", "last": "2026-02-08"}]}
    (found,) = told(make(school=weekend, on_school_days=True))
    assert found.startswith("when.0.on_school_days: ruleset.yaml names no school day: add the terms")


def test_the_first_and_the_last_day_of_a_term_are_school_days() -> None:
    two = {"terms": [{"first": "2026-02-02", "last": "2026-02-03"}]}
    assert told(make(school=two, on_school_days=True, measure="distinct_days", at_least=2)) == []


def test_a_fall_over_school_days_that_all_come_after_the_sunset_is_found() -> None:
    rules = fall(school_days=2)
    rule = rule_of(rules)
    for sunset, number in ((date(2026, 2, 2), 1), (date(2026, 2, 3), 0)):
        assert len(list(impossible(rule.model_copy(update={"sunset": sunset}), rules.school, Town()))) == number


def test_more_left_than_another_condition_lets_be_is_found() -> None:
    rules = fall(60)
    (one,) = rule_of(rules).when
    more = one.model_copy(update={"id": "more", "fell_from": None, "at_most": None, "at_least": 480})
    found = told(rules.model_copy(update={"rules": (rule_of(rules).model_copy(update={"when": (one, more)}),)}))
    assert found == [
        "when.0.at_most: at most 60 is left only when when.1 does not hold, which asks for more of the same: take one of them out"
    ]
    less = more.model_copy(update={"at_least": 60})
    assert told(rules.model_copy(update={"rules": (rule_of(rules).model_copy(update={"when": (less, one)}),)})) == []


def test_school_days_that_a_window_cannot_hold_are_found() -> None:
    assert told(make(school=SCHOOL, within_school_days=11)) == []  # fifteen dates can hold eleven weekdays
    expected = "when.0.within_school_days: at most 11 school days lie within 14 days: raise within_days, or ask for fewer"
    assert told(make(school=SCHOOL, within_school_days=12)) == [expected]
    assert told(make(school=SCHOOL, within_days=4, within_school_days=5)) == []
    assert len(told(make(school=SCHOOL, within_days=5, within_school_days=6))) == 1


def test_school_days_of_which_the_calendar_knows_fewer_narrow_nothing_and_are_not_refused() -> None:
    short = {"terms": [{"first": "2026-02-02", "last": "2026-02-17"}]}
    assert told(make(school=short, within_days=40, within_school_days=20)) == []
    spring_and_autumn = {"terms": [*short["terms"], {"first": "2026-08-17", "last": "2026-09-04"}]}
    assert told(make(school=spring_and_autumn, within_days=40, within_school_days=20)) == []


def test_the_most_school_days_may_begin_in_the_middle_of_a_term() -> None:
    from_friday = {"terms": [{"first": "2026-02-06", "last": "2026-02-13"}], "free_days": []}
    assert told(make(school=from_friday, within_days=5, within_school_days=5)) == []


@pytest.mark.parametrize("field", [{"within_school_days": 5}, {"on_school_days": True}], ids=str)
def test_a_rule_that_asks_for_school_days_needs_the_calendar(field: dict[str, Any]) -> None:
    (found,) = told(make(**field))
    assert found.startswith(f"when.0.{next(iter(field))}: asks for school days: ruleset.yaml must name them")


def test_what_never_followed_must_be_over_within_the_window() -> None:
    never = {"then": {**AFTER, "happens": False, "within_hours": 14 * 24}}
    assert told(make(**never))[0].startswith("when.0.then.within_hours: when so many hours are over, nothing is left of 14 days")
    assert told(make(then={**AFTER, "happens": False, "within_hours": 14 * 24 - 1})) == []
    assert told(make(then={**AFTER, "within_hours": 14 * 24})) == []


def unfollowed(hours: int, **then: Any) -> dict[str, Any]:
    return {"measure": "distinct_days", "then": {**AFTER, "happens": False, "within_hours": hours, **then}}


@pytest.mark.parametrize(("hours", "most"), [(1, 15), (24, 14), (25, 14), (13 * 24, 2), (13 * 24 + 23, 2)])
def test_of_what_never_followed_the_days_are_fewer_by_the_hours_that_must_be_over(hours: int, most: int) -> None:
    assert told(make(at_least=most, **unfollowed(hours))) == []
    (found,) = told(make(at_least=most + 1, **unfollowed(hours)))
    left = 14 * 24 - hours
    assert found.startswith(f"when.0.at_least: those {left} of the hours of 14 days after which it is known what followed")
    assert f"touch at most {most} different days" in found


@pytest.mark.parametrize(("hours", "most"), [(48, 6), (100, 3), (200, 1)])
def test_what_may_not_follow_itself_is_apart_by_as_many_hours(hours: int, most: int) -> None:
    of = {"kind": "police_notice", "of": ["lob"]}
    assert told(make(**of, at_least=most, **unfollowed(hours))) == []
    (found,) = told(make(**of, at_least=most + 1, **unfollowed(hours)))
    assert f"touch at most {most} different days" in found
    assert told(make(**of, at_least=2, **unfollowed(hours, of=["narcotics"]))) == []
    assert told(make(**of, at_least=most + 1, **unfollowed(hours, happens=True))) == []


def test_of_what_never_followed_an_absence_may_last_beyond_the_hours_that_count() -> None:
    never = unfollowed(13 * 24) | {"measure": "minutes"}
    assert told(make(at_least=2 * 1440, **never)) == []
    (found,) = told(make(at_least=2 * 1440 + 1, **never))
    assert found.startswith("when.0.at_least: those 24 of the hours of 14 days")
    half = unfollowed(13 * 24 + 12) | {"measure": "minutes"}
    assert told(make(at_least=720 + 1440, **half)) == []
    assert len(told(make(at_least=720 + 1440 + 1, **half))) == 1


def fall(at_most: int = 0, within_days: int = 14, measure: str = "minutes", **fell: int) -> RuleSet:
    asked = {"days": 28, "at_least": 480, **fell}
    fields = {"at_most": at_most, "fell_from": asked, "within_days": within_days, "measure": measure, "at_least": None}
    return make(school=SCHOOL if "school_days" in fell else None, **fields)


def test_what_need_not_fall_is_found() -> None:
    assert told(fall(239)) == []
    expected = "when.0.at_most: 240 in 14 days is no less than 480 in 28, a day: nothing need fall"
    (found,) = told(fall(240))
    assert found.startswith(expected)
    assert told(fall(479, days=14)) == []
    assert len(told(fall(480, days=14))) == 1


def test_more_than_there_was_time_for_before_is_found() -> None:
    assert told(fall(measure="distinct_days", at_least=29)) == []
    (found,) = told(fall(measure="distinct_days", at_least=30))
    assert found.startswith("when.0.fell_from.at_least: 28 days touch at most 29 different days")
    assert told(fall(at_least=28 * 1440)) == []
    (found,) = told(fall(at_least=28 * 1440 + 1))
    assert found.startswith("when.0.fell_from.at_least: 28 days have only 40320 minutes")


def test_more_school_days_than_begin_in_the_window_of_a_fall_are_found() -> None:
    assert told(fall(school_days=10)) == []
    (found,) = told(fall(school_days=11))
    assert found.startswith("when.0.fell_from.school_days: at most 10 school days begin within 14 days")


def test_a_fall_over_school_days_needs_the_calendar() -> None:
    (found,) = told(fall(school_days=10).model_copy(update={"school": None}))
    assert found.startswith("when.0.fell_from.school_days: asks for school days: ruleset.yaml must name them")


def test_more_agencies_than_carry_it_are_found() -> None:
    assert told(make({"at_least_agencies": 2}), TOWN) == []
    (found,) = told(make({"at_least_agencies": 3}), TOWN)
    assert found.startswith(
        "at_least_agencies: agencies.yaml has 2 that carry school_absence (school-a, school-b): ask for no more"
    )
    assert told(make({"at_least_agencies": 3})) == []
    (found,) = told(make({"at_least_agencies": 2}), Town(agencies={"public": frozenset()}))
    assert found.startswith("at_least_agencies: agencies.yaml has 0 that carry school_absence (none): ask for no more")


def test_agencies_that_are_hidden_must_be_there_and_leave_something_to_show() -> None:
    assert told(make({"counts_but_not_shown": ["school-a"]}), TOWN) == []
    (found,) = told(make({"counts_but_not_shown": ["school-a", "school-x"]}), TOWN)
    assert found.startswith(
        "counts_but_not_shown.1: agencies.yaml has no agency school-x; it has police, public, school-a, school-b"
    )
    (found,) = told(make({"counts_but_not_shown": ["school-b", "school-a"]}), TOWN)
    assert found == "counts_but_not_shown: names every agency that carries school_absence: nothing would be left to show"


def test_what_followed_is_something_to_show_too() -> None:
    schools = {"counts_but_not_shown": ["school-a", "school-b"]}
    assert told(make(schools, then=AFTER), TOWN) == []
    expected = (
        "counts_but_not_shown: names every agency that carries police_notice or school_absence: nothing would be left to show"
    )
    assert told(make({"counts_but_not_shown": ["school-a", "police", "school-b"]}, then=AFTER), TOWN) == [expected]
    (found,) = told(make(schools, then={**AFTER, "happens": False}), TOWN)
    assert found.startswith("counts_but_not_shown: names every agency that carries school_absence: nothing")
    assert TOWN.agencies is not None
    silent = Town({code: kinds for code, kinds in TOWN.agencies.items() if code != "police"})
    (found,) = told(make(schools, then=AFTER), silent)
    assert found.startswith("counts_but_not_shown: names every agency that carries police_notice or school_absence: nothing")


@pytest.mark.parametrize(
    ("ages", "possible"), [({"from": 18}, True), ({"from": 19}, False), ({"to": 10}, True), ({"to": 9}, False)]
)
def test_ages_at_which_nobody_has_a_consent_are_found(ages: dict[str, int], possible: bool) -> None:
    found = told(make({"ages": ages}), TOWN)
    assert (found == []) is possible
    assert possible or found[0].startswith("ages: consents are given for the ages 10 to 18 (consent.yaml): nobody of ")


def test_the_ages_of_the_fallback_count_too() -> None:
    sig = {"cooperation": "sig", "team": "sig", "function": "sig_assessment"}
    rules = make({**sig, "without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"}, "ages": {"to": 11}})
    assert told(rules, TOWN) == []
    assert TOWN.ages is not None
    alone = Town(TOWN.agencies, {Cooperation.SIG: TOWN.ages[Cooperation.SIG]})
    assert told(rules, Town(TOWN.agencies, {})) == [], "of a cooperation that consent.yaml does not offer, something else is told"
    assert told(rules, alone)[0].startswith("ages: consents are given for the ages 13 to 20, 15 to any age (consent.yaml)")


def test_a_rule_lapses_the_day_after_its_sunset() -> None:
    rule = rule_of(make({"sunset": "2026-06-30"}))
    assert not lapsed(rule, date(2026, 6, 30))
    assert lapsed(rule, date(2026, 7, 1))
    assert not lapsed(rule_of(make()), date.max)


@pytest.mark.parametrize(("days", "most"), [(1, 1), (5, 5), (8, 6), (14, 10), (35, 20), (366, 20)])
def test_so_many_dates_in_a_row_hold_no_more_school_days_than_the_calendar_has_there(days: int, most: int) -> None:
    school = make(school=SCHOOL).school
    assert school is not None
    assert most_school_days(school, days) == most
