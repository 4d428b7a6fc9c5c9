"""Ten scenarios explained, to the team and to the youth, in Swedish and English; `pytest -s` prints them for reading aloud."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hub.core.asked import when_text
from hub.core.explain import Audience, explain
from hub.core.texts import PHRASES, Language
from hub.core.written import written

from .scenarios import HIDDEN, SCENARIOS, SECRET, Scenario

LANGUAGES: tuple[Language, ...] = ("sv", "en")
TITLE = "Regel"
NAMES = {"school-norrkoping": "Skolan", "police-ost": "Polisen", "leisure-norrkoping": "Fritid"}
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)


def numbers_in(text: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", text)))


def said(scenario: Scenario, language: Language = "sv", audience: Audience = "team") -> Any:
    return explain(scenario.task(), language=language, audience=audience, title=TITLE)


@pytest.mark.parametrize("language", LANGUAGES)
@every_scenario
def test_every_number_in_the_text_is_the_rules_or_added_up_from_the_events(scenario: Scenario, language: Language) -> None:
    found = said(scenario, language)
    asked = scenario.changes.get("at_least_agencies", 0)
    expected = set().union(*(one.numbers() for one in scenario.conditions)) | ({asked} - {0})
    # Twice as much is said in words, and English says the minutes of whole hours, which are nought.
    assert numbers_in(found.sentence) <= expected
    assert expected - numbers_in(found.sentence) <= {200, 0}
    for told, counted in zip(found.conditions, scenario.conditions, strict=True):
        assert numbers_in(told.text) <= counted.numbers()
        assert told.met == counted.value(counted.events)


@every_scenario
def test_the_events_that_are_told_are_those_that_count_and_no_other(scenario: Scenario) -> None:
    for told, counted in zip(said(scenario).conditions, scenario.conditions, strict=True):
        expected = [one for one in (*counted.events, *counted.followers) if one.agency != HIDDEN]
        assert [(one.occurred_at, one.agency) for one in told.events] == [(one.occurred_at, one.agency) for one in expected]


@pytest.mark.parametrize("language", LANGUAGES)
@every_scenario
def test_a_written_explanation_adds_nothing_but_the_times_of_its_events(scenario: Scenario, language: Language) -> None:
    found = said(scenario, language)
    times = {
        number
        for one in found.conditions
        for event in one.events
        for number in numbers_in(when_text(event.occurred_at, language))
    }
    assert numbers_in(written(found, language, NAMES)) <= numbers_in(found.sentence) | times


@pytest.mark.parametrize("language", LANGUAGES)
@every_scenario
def test_the_youth_is_told_what_the_team_is_or_neither_title_nor_function(scenario: Scenario, language: Language) -> None:
    team, youth = said(scenario, language), said(scenario, language, "youth")
    if scenario.told and not team.withheld:
        assert youth == team
    elif scenario.told:
        assert (youth.title, youth.function, youth.sentence) == ("", "", PHRASES["untold"][language])
        assert [(one.events, one.older, one.agencies) for one in youth.conditions] == [((), 0, ())] * 2
    else:
        assert (youth.title, youth.function, youth.sentence) == ("", "", PHRASES["untold"][language])
        assert when_text(SECRET.occurred_at, language) not in written(youth, language, NAMES)
        assert not re.search("polis|police|underrättelse|notice", written(youth, language))


@pytest.mark.parametrize("audience", ["team", "youth"])
@every_scenario
def test_the_source_that_is_not_shown_is_named_in_no_text(scenario: Scenario, audience: Audience) -> None:
    assert HIDDEN not in repr(said(scenario, audience=audience))
    assert HIDDEN not in written(said(scenario, audience=audience))


def test_the_scenarios_use_every_word_of_the_language() -> None:
    used = {key for scenario in SCENARIOS for one in scenario.conditions for key in one.condition}
    used |= {key for scenario in SCENARIOS for key in scenario.changes}
    assert used >= {
        "within_school_days", "on_school_days", "between", "against_earlier", "then", "at_least_agencies", "counts_but_not_shown",
        "lingers_days", "ages",
    }  # fmt: skip
    measures = {one.condition["measure"] for scenario in SCENARIOS for one in scenario.conditions}
    assert measures == {"minutes", "count", "distinct_days", "rate"}
    assert len(SCENARIOS) == 10


def test_the_ten_explanations_are_printed_for_reading() -> None:
    for number, scenario in enumerate(SCENARIOS, 1):
        for language in LANGUAGES:
            for audience in ("team", "youth"):
                text = written(said(scenario, language, audience), language, NAMES)  # type: ignore[arg-type]
                print(f"\n{number}. {scenario.name} [{language}, {audience}]\n{text}")
                assert text
