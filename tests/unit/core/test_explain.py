"""A task in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.models import AbsenceKind, Action, InfoKind, PoliceCategory, RiskConcern
from hub.core.explain import duration, explain, function_name
from hub.core.place import new_place_state, place_step
from hub.core.rule_set import CODES
from hub.core.texts import CONDITIONS, FUNCTIONS, PHRASES, UNITS, WORDED

from .make import NOW, ago, make_absence, make_notice, make_observation, make_place_event
from .make_rules import RULES, SHIPPED, run

ABSENCE = run(make_absence(1, ago(3), 560))[0].tasks[0]
BOTH = run(make_absence(1, ago(3), 200), make_notice(2, ago(2)))[1].tasks[0]
RELEASED = run(make_absence(1, ago(3), 200), make_notice(2, ago(2), may_tell_youth=True))[1].tasks[0]
SEEK = run(*(make_notice(number, ago(number + 1)) for number in range(4)))[2].tasks[0]
SEEN = run(*(make_observation(number, ago(number + 1)) for number in range(3)))[2].tasks[0]
TITLES = {rule.id: rule.title_sv for rule in SHIPPED.rules}


def test_absence_reads_as_hours_and_minutes() -> None:
    assert explain(ABSENCE).sentence == (
        "Minst 8 timmar ogiltig frånvaro på 28 dagar (här: 9 timmar 20 minuter). "
        "Förslag: vägledning till närvarande och fungerande skolgång."
    )
    assert explain(ABSENCE, language="en").sentence == (
        "At least 8 hours of unexcused absence in 28 days (here: 9 hours 20 minutes). "
        "Proposal: guidance to attendance and a working school day."
    )


def test_two_conditions_are_joined() -> None:
    assert explain(BOTH, titles=TITLES).sentence == (
        "Minst 3 timmar ogiltig frånvaro på 28 dagar (här: 3 timmar 20 minuter) och minst 1 underrättelse av visst slag från "
        "polisen på 28 dagar (här: 1). Förslag: stöd individuellt eller i grupp."
    )


def test_days_are_counted_as_different_days() -> None:
    assert explain(SEEN).sentence == (
        "Minst 3 observationer på 21 dagar (här: 3) och minst 2 olika dagar med observationer på 21 dagar (här: 3 olika dagar). "
        "Förslag: uppsökande och trygghetsskapande insats."
    )


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("task", [ABSENCE, BOTH, SEEK, SEEN])
def test_every_number_in_the_sentence_is_the_evidences(task, language) -> None:
    expected = [number for one in task.evidence for number in numbers_of(one)]
    sentence = explain(task, language=language).sentence
    assert list(map(int, re.findall(r"\d+", sentence))) == expected


def numbers_of(one) -> list[int]:
    if one.unit == "minutes":
        return [*parts(one.at_least), one.window_days, *parts(one.met)]
    return [one.at_least, one.window_days, one.met]


def parts(minutes: int) -> list[int]:
    return [number for number in divmod(minutes, 60) if number]


def test_the_conditions_are_given_as_rows_too() -> None:
    (row,) = explain(ABSENCE).conditions
    assert (row.label, row.met, row.at_least, row.window_days, row.unit) == ("ogiltig frånvaro", 560, 480, 28, "minutes")


def test_the_team_sees_the_rules_title_and_the_functions_name() -> None:
    told = explain(SEEK, titles=TITLES)
    assert told.title == "Upprepade underrättelser från polisen"
    assert told.function == "fråga om samtycke till social insatsgrupp (SIG)"


def test_the_youth_learns_nothing_of_a_notice_that_was_not_released() -> None:
    told = explain(BOTH, audience="youth", titles=TITLES)
    assert (told.title, told.function) == ("", "")
    assert [row.label for row in told.conditions] == ["ogiltig frånvaro"]
    assert "polis" not in repr(told).lower()
    assert "polis" not in repr(explain(SEEK, audience="youth", titles=TITLES)).lower()
    assert "SIG" not in repr(explain(SEEK, audience="youth", titles=TITLES))


def test_the_youth_may_read_what_was_released() -> None:
    assert explain(RELEASED, audience="youth", titles=TITLES) == explain(RELEASED, titles=TITLES)


def test_lost_ground_is_said_as_such_and_to_the_youth_without_what_is_left() -> None:
    lost = BOTH.model_copy(update={"action": Action.GROUND_LOST, "evidence": BOTH.evidence[:1]})
    assert explain(lost).sentence == PHRASES["ground_lost"]["sv"]
    told = explain(lost, audience="youth", titles=TITLES)
    assert (told.title, told.function, told.conditions) == ("", "", ())


def test_presence_names_incidents_and_week() -> None:
    event = make_place_event(1, datetime(2025, 5, 16, 10, tzinfo=UTC), 8)
    (task,) = place_step(new_place_state(event.area), event, RULES, NOW).tasks
    assert explain(task).sentence == "Minst 5 händelser i området på 7 dagar (här: 8). Förslag: närvaroinsats, vecka 20."
    assert explain(task, language="en").function == "presence in the area"
    gone = task.model_copy(update={"action": Action.GROUND_LOST})
    assert explain(gone).sentence == PHRASES["ground_lost"]["sv"]


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0 minuter"),
        (1, "1 minut"),
        (59, "59 minuter"),
        (60, "1 timme"),
        (61, "1 timme 1 minut"),
        (560, "9 timmar 20 minuter"),
    ],
)
def test_durations_read_well(minutes: int, text: str) -> None:
    assert duration(minutes) == text


@given(st.integers(0, 100_000))
def test_no_minute_is_lost_in_words(minutes: int) -> None:
    numbers = list(map(int, re.findall(r"\d+", duration(minutes, "en"))))
    hours = numbers.pop(0) if "hour" in duration(minutes, "en") else 0
    assert hours * 60 + sum(numbers) == minutes


def test_every_text_exists_in_both_languages() -> None:
    for table in (FUNCTIONS, CONDITIONS, PHRASES, UNITS):
        for name, texts in table.items():
            assert set(texts) == {"sv", "en"}, name


def test_every_kind_has_words_and_worded_ids_know_their_codes() -> None:
    assert {kind.value for kind in InfoKind} <= CONDITIONS.keys()
    assert WORDED.keys() <= CONDITIONS.keys()
    assert {kind: frozenset(codes) for kind, codes in CODES.items()} == {
        InfoKind.SCHOOL_ABSENCE: set(AbsenceKind),
        InfoKind.POLICE_NOTICE: set(PoliceCategory),
        InfoKind.RISK_EVENT: set(RiskConcern),
    }


def test_an_unknown_function_stands_as_its_code() -> None:
    assert function_name("night_walk") == "night_walk"
