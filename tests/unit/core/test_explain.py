"""A task in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.evidence import Between, Earlier, Fallen, Followed, Narrowing
from hub.contract.models import AbsenceKind, Action, InfoKind, PoliceCategory, RiskConcern
from hub.core.explain import duration, explain, function_name, may_be_told
from hub.core.place import new_place_state, place_step
from hub.core.rule_set import CODES
from hub.core.texts import CONDITIONS, FUNCTIONS, PHRASES, UNITS, WORDED
from hub.installation import load_teams
from hub.resources import defaults_folder

from .make import NOW, SCHOOL, ago, make_absence, make_notice, make_observation, make_place_event
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
    assert explain(BOTH, title=TITLES[BOTH.rule_id]).sentence == (
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
    assert ([one.occurred_at for one in row.events], row.older, row.agencies) == ([ago(3)], 0, (SCHOOL,))


def test_a_row_says_how_many_more_events_counted_than_are_told() -> None:
    many = ABSENCE.model_copy(update={"evidence": (ABSENCE.evidence[0].model_copy(update={"older_events": 3}),)})
    assert explain(many).conditions[0].older == explain(many, audience="youth").conditions[0].older == 3
    untold = ABSENCE.model_copy(update={"evidence": (ABSENCE.evidence[0].model_copy(update={"events": None}),)})
    assert explain(untold).conditions[0].events == ()


def test_the_team_sees_the_rules_title_and_the_functions_name() -> None:
    told = explain(SEEK, title=TITLES[SEEK.rule_id])
    assert told.title == "Upprepade underrättelser från polisen"
    assert told.function == "fråga om samtycke till social insatsgrupp (SIG)"
    assert explain(SEEK).title == ""


def test_the_youth_learns_nothing_of_a_notice_that_was_not_released() -> None:
    told = explain(BOTH, audience="youth", title=TITLES[BOTH.rule_id])
    assert (told.title, told.function) == ("", "")
    assert [row.label for row in told.conditions] == ["ogiltig frånvaro"]
    assert "polis" not in repr(told).lower()
    assert "polis" not in repr(explain(SEEK, audience="youth", title=TITLES[SEEK.rule_id])).lower()
    assert "SIG" not in repr(explain(SEEK, audience="youth", title=TITLES[SEEK.rule_id]))


def test_of_a_task_on_hidden_sources_alone_the_youth_reads_only_that_there_is_one() -> None:
    hidden = ABSENCE.model_copy(update={"evidence": (), "agencies_withheld": True})
    team, youth = explain(hidden, title=TITLES[hidden.rule_id]), explain(hidden, audience="youth", title=TITLES[hidden.rule_id])
    assert team.sentence == (
        "Uppgifter från en källa som inte visas har också räknats. "
        "Förslag: vägledning till närvarande och fungerande skolgång."
    )  # fmt: skip
    assert (team.title, team.withheld) == (TITLES[ABSENCE.rule_id], True)
    of_old = explain(hidden.model_copy(update={"agencies_withheld": None}), audience="youth", title=TITLES[hidden.rule_id])
    for told in (youth, of_old):
        assert (told.title, told.sentence, told.function, told.withheld) == ("", PHRASES["untold"]["sv"], "", False)


def test_a_notice_of_a_source_that_is_not_shown_can_be_guessed_neither_from_title_nor_function() -> None:
    absence, notice = BOTH.evidence
    assert (absence.may_tell_youth, notice.may_tell_youth) == (True, False)
    hidden = BOTH.model_copy(update={"evidence": (absence,), "agencies_withheld": True})
    told = explain(hidden, audience="youth", title=TITLES[hidden.rule_id])
    assert (told.title, told.function, told.sentence) == ("", "", PHRASES["untold"]["sv"])
    assert [row.label for row in told.conditions] == ["ogiltig frånvaro"]


def test_the_youth_may_read_what_was_released() -> None:
    assert explain(RELEASED, audience="youth", title=TITLES[RELEASED.rule_id]) == explain(
        RELEASED, title=TITLES[RELEASED.rule_id]
    )


def after(kind: InfoKind, *, happens: bool) -> Followed:
    return Followed(condition=kind.value, kind=kind, within_hours=48, happens=happens)


EARLIER, FALLEN = Earlier(days=28, percent=200, compared=1), Fallen(within_days=14, at_most=0, left=0)
OF_ABSENCE, OF_NOTICES = RELEASED.evidence


@pytest.mark.parametrize(
    ("narrowing", "of_absence", "of_notices"),
    [
        ({"on_school_days": True}, True, True),
        ({"between": Between(from_minute=1320, to_minute=360)}, True, True),
        ({"then": after(InfoKind.POLICE_NOTICE, happens=True)}, True, True),
        ({"then": after(InfoKind.POLICE_NOTICE, happens=False)}, False, False),
        ({"then": after(InfoKind.RISK_EVENT, happens=False)}, True, True),
        ({"against_earlier": EARLIER}, True, False),
        ({"fallen": FALLEN}, True, False),
    ],
)
def test_the_youth_reads_nothing_that_tells_how_many_other_notices_there_are(
    narrowing: dict[str, Any], of_absence: bool, of_notices: bool
) -> None:
    """Released or not: that none followed, and how many came earlier, tells of those that the condition does not count."""
    narrowed = {"narrowing": Narrowing(**({"on_school_days": False} | narrowing))}
    assert may_be_told(OF_ABSENCE.model_copy(update=narrowed)) is of_absence
    assert may_be_told(OF_NOTICES.model_copy(update=narrowed)) is of_notices
    assert not may_be_told(OF_ABSENCE.model_copy(update=narrowed | {"may_tell_youth": False}))


def test_from_how_many_agencies_it_had_to_come_is_said() -> None:
    two = ABSENCE.model_copy(update={"at_least_agencies": 2})
    assert ". Det som räknas kommer från minst 2 olika verksamheter. Förslag: " in explain(two).sentence
    assert ". What counts comes from at least 2 different agencies. Proposal: " in explain(two, language="en").sentence
    assert "verksamheter" not in explain(ABSENCE).sentence


def test_lost_ground_is_said_as_such_and_to_the_youth_without_what_is_left() -> None:
    lost = BOTH.model_copy(update={"action": Action.GROUND_LOST, "evidence": BOTH.evidence[:1]})
    team = explain(lost, title=TITLES[lost.rule_id])
    assert team.sentence == "Underlaget för förslaget har ändrats och räcker inte längre."
    assert (team.title, team.function) == (TITLES[BOTH.rule_id], "stöd individuellt eller i grupp")
    assert [row.met for row in team.conditions] == [200]
    told = explain(lost, audience="youth", title=TITLES[lost.rule_id])
    assert (told.title, told.function, told.conditions) == ("", "", ())


def test_presence_names_incidents_and_week() -> None:
    event = make_place_event(1, datetime(2025, 5, 16, 10, tzinfo=UTC), 8)
    (task,) = place_step(new_place_state(event.area), event, RULES, NOW).tasks
    assert explain(task).sentence == "Minst 5 händelser i området på 7 dagar (här: 8). Förslag: närvaroinsats, vecka 20."
    assert explain(task, language="en").function == "presence in the area"
    assert (row := explain(task).conditions[0]).met == 8
    assert (row.events, row.older, row.agencies) == ((), 0, ())
    gone = task.model_copy(update={"action": Action.GROUND_LOST})
    assert explain(gone).sentence == PHRASES["ground_lost"]["sv"]


@pytest.mark.parametrize(
    ("minutes", "swedish", "english"),
    [
        (0, "0 minuter", "0 minutes"),
        (1, "1 minut", "1 minute"),
        (59, "59 minuter", "59 minutes"),
        (60, "1 timme", "1 hour"),
        (61, "1 timme 1 minut", "1 hour 1 minute"),
        (560, "9 timmar 20 minuter", "9 hours 20 minutes"),
    ],
)
def test_durations_read_well(minutes: int, swedish: str, english: str) -> None:
    assert (duration(minutes), duration(minutes, "en")) == (swedish, english)


@given(st.integers(0, 100_000))
def test_no_minute_is_lost_in_words(minutes: int) -> None:
    numbers = list(map(int, re.findall(r"\d+", duration(minutes, "en"))))
    hours = numbers.pop(0) if "hour" in duration(minutes, "en") else 0
    assert hours * 60 + sum(numbers) == minutes


CALLED = [
    ("outreach_contact", "uppsökande och trygghetsskapande insats", "outreach and safety-building contact"),
    ("event_presence", "medverkan vid riskevenemang", "presence at events with raised risk"),
    ("presence", "närvaroinsats", "presence in the area"),
    ("individual_support", "stöd individuellt eller i grupp", "individual or group support"),
    ("parental_support", "föräldraskapsstöd", "parental support"),
    ("information", "informationsinsats", "information, for example in school"),
    ("leisure_guidance", "vägledning till meningsfull fritid", "guidance to meaningful leisure"),
    (
        "school_attendance",
        "vägledning till närvarande och fungerande skolgång",
        "guidance to attendance and a working school day",
    ),
    ("sig_assessment", "bedömning inför social insatsgrupp (SIG)", "assessment for a social intervention group (SIG)"),
    ("seek_sig_consent", "fråga om samtycke till social insatsgrupp (SIG)", "ask for consent to SIG cooperation"),
    ("closing_review", "bedömning av om insatsen kan avslutas", "a look at whether the support can end"),
    (
        "contact_person_assessment",
        "bedömning av behov av särskilt kvalificerad kontaktperson",
        "assessment of the need for a specially qualified contact person",
    ),
]


@pytest.mark.parametrize(("code", "swedish", "english"), CALLED)
def test_a_function_has_the_name_of_the_plan(code: str, swedish: str, english: str) -> None:
    assert (function_name(code), function_name(code, "en")) == (swedish, english)


def test_every_function_that_a_team_may_be_asked_for_has_a_name() -> None:
    named = {code for code, *_ in CALLED}
    assert named == FUNCTIONS.keys()
    assert {code for team in load_teams(defaults_folder()).values() for code in team.functions} <= named


def test_every_text_exists_in_both_languages() -> None:
    for table in (FUNCTIONS, CONDITIONS, PHRASES, UNITS):
        for name, texts in table.items():
            assert set(texts) == {"sv", "en"}, name
    pairs = [pair for table in (CONDITIONS, UNITS) for texts in table.values() for pair in texts.values()]
    assert {len(pair) for pair in pairs} == {2}, "of one, of many"


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
