"""Why a rule proposes nothing: the first thing that it waits for, and what each condition lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.contract.models import ConsentStatus, InfoKind
from hub.core.lacking import RuleStanding, Standing, why_not
from hub.core.lacking_texts import standing_lines, standing_text
from hub.core.rules import CompiledRules
from hub.core.state import YouthState, new_state
from hub.core.step import step

from .make import NOW, POLICE, SCHOOL, YOUTH, ago, make_absence, make_consent, make_notice, make_scope, make_sig_scope
from .make_rules import RULES, last, run
from .test_weighing import ABSENCE, NOTICE, answered, lesson, lob, rules_of

HOURS = ABSENCE | {"id": "unexcused_absence", "measure": "minutes", "at_least": 480, "within_days": 28}
EIGHT = rules_of(HOURS)


def standing(state: YouthState, rules: CompiledRules = EIGHT, now: Any = NOW, **asked: Any) -> RuleStanding:
    (found,) = why_not(state, rules, now, **asked)
    return found


def after(*events: Any, rules: CompiledRules = EIGHT, consent: Any = None) -> YouthState:
    start = new_state(YOUTH) if consent is None else step(new_state(YOUTH), consent, rules, NOW).state
    first = [make_consent()] if consent is None else []
    steps = run(*first, *events, state=start, rules=rules)
    return last(steps) if steps else start


def said(found: RuleStanding, language: Any = "sv") -> list[str]:
    return [standing_text(found, language), *standing_lines(found, language)]


DAY = datetime(2025, 5, 26, 5, 30, tzinfo=UTC)
WAITING: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "untold",
        {},
        "Vad den här regeln räknar kan inte sägas här. Det gäller alla, oavsett om det finns något eller inte.",
        "What this rule counts cannot be told here. That goes for everybody, whether there is anything or not.",
    ),
    (
        "sunset",
        {"until": date(2025, 5, 18)},
        "Regeln gällde till och med 18 maj 2025.",
        "The rule applied up to and including 18 May 2025.",
    ),
    (
        "age",
        {"ages": (12, 17)},
        "Regeln gäller bara från 12 till och med 17 år, men inte där samtycket saknar ålder.",
        "The rule applies only from age 12 to 17, but not where the consent record has no age.",
    ),
    ("open", {}, "Ett förslag är öppet.", "A proposal is open."),
    (
        "no_consent",
        {},
        "Inget samtycke som gäller nu låter enheten få veta något.",
        "No consent that is in force now lets the team be told anything.",
    ),
    (
        "rests",
        {"until": DAY},
        "Enheten har svarat på ett förslag. Regeln vilar till 26 maj 2025 kl. 07.30.",
        "The team has answered a proposal. The rule rests until 26 May 2025, 07:30.",
    ),
    ("lacks", {}, "Villkoren är inte uppfyllda.", "The conditions are not met."),
    (
        "answered",
        {},
        "Enheten har redan svarat på ett förslag om detta. Något nytt måste hända innan det får ett till.",
        "The team has already answered a proposal about this. Something new must happen before it gets another.",
    ),
    (
        "holds",
        {},
        "Villkoren är uppfyllda. Ett förslag är på väg.",
        "The conditions are met. A proposal is on its way.",
    ),
    (
        "shared",
        {},
        "Villkoren är uppfyllda. Ett förslag är på väg, öppet eller besvarat, här eller hos en annan enhet som regeln gäller.",
        "The conditions are met. A proposal is on its way, open or answered, here or with another unit that the rule turns to.",
    ),
    (
        "possible",
        {},
        "Villkoren är uppfyllda av det som enheten får veta. Ett förslag kan vara på väg eller öppet, men behöver inte komma.",
        "The conditions are met by what the team may be told. A proposal may be on its way or open, but need not come.",
    ),
    (
        "case",
        {},
        "Villkoren är uppfyllda. Regeln frågar också om det finns ett öppet ärende. Om det gör det sägs inte här.",
        "The conditions are met. The rule also asks whether there is an open case. Whether there is one is not told here.",
    ),
]


@pytest.mark.parametrize(("word", "changes", "swedish", "english"), WAITING)
def test_whatever_a_rule_waits_for_is_said_in_both_languages(
    word: str, changes: dict[str, Any], swedish: str, english: str
) -> None:
    """By the word that `hub explain --json` gives for it."""
    found = RuleStanding("rule", Standing(word), **changes)
    assert (standing_text(found, "sv"), standing_text(found, "en")) == (swedish, english)


def test_no_standing_is_left_unsaid() -> None:
    assert [one.value for one in Standing] == [word for word, *_ in WAITING]


def test_a_condition_says_how_much_was_met_and_how_much_is_lacking() -> None:
    found = standing(after(make_absence(1, ago(1), 240)))
    assert said(found) == [
        "Villkoren är inte uppfyllda.",
        "Inte uppfyllt: minst 8 timmar ogiltig frånvaro på 28 dagar (här: 4 timmar; 4 timmar saknas).",
    ]
    assert said(found, "en") == [
        "The conditions are not met.",
        "Not met: at least 8 hours of unexcused absence in 28 days (here: 4 hours; 4 hours lacking).",
    ]
    assert [(one.met, one.needed, one.missing) for one in found.conditions] == [(240, 480, 240)]


def test_of_two_conditions_each_is_said_to_be_met_or_not() -> None:
    rules = rules_of(HOURS | {"at_least": 60}, NOTICE)
    lines = standing_lines(standing(after(make_absence(1, ago(1), 60), rules=rules), rules))
    assert lines == (
        "Uppfyllt: minst 1 timme ogiltig frånvaro på 28 dagar (här: 1 timme).",
        "Inte uppfyllt: minst 1 underrättelse av visst slag från polisen på 10 dagar (här: 0; 1 saknas).",
    )


@pytest.mark.parametrize(
    ("lessons", "here", "english"),
    [
        ([(12, 100)], "12 %; 13 procentenheter saknas", "12%; 13 percentage points lacking"),
        ([(24, 100)], "24 %; 1 procentenhet saknas", "24%; 1 percentage point lacking"),
        (
            [(60, None)],
            "okänt, eftersom ingen lektions längd har uppgetts",
            "unknown, because no lesson's length has been told",
        ),
    ],
)
def test_a_rate_lacks_percentage_points_or_is_unknown(lessons: list[tuple[int, int | None]], here: str, english: str) -> None:
    rules = rules_of(ABSENCE | {"id": "unexcused_absence", "measure": "rate", "at_least": 25})
    events = [lesson(number, ago(1), *one) for number, one in enumerate(lessons)]
    found = standing(after(*events, rules=rules), rules)
    assert standing_lines(found) == (
        f"Inte uppfyllt: ogiltig frånvaro under minst 25 % av tiden i de lektioner där frånvaro rapporterats på 10 dagar (här: {here}).",
    )
    assert standing_lines(found, "en") == (
        f"Not met: unexcused absence for at least 25% of the time in lessons with any known absence in 10 days (here: {english}).",
    )


def test_what_earlier_time_asks_is_part_of_what_is_lacking() -> None:
    rules = rules_of(HOURS | {"at_least": 60, "against_earlier": {"days": 56, "percent": 200}})
    found = standing(after(make_absence(1, ago(40), 181), make_absence(2, ago(1), 120), rules=rules), rules)
    assert [(one.met, one.needed) for one in found.conditions] == [(120, 181)], "twice the average of 90.5"
    (line,) = standing_lines(found)
    assert line == (
        "Inte uppfyllt: minst 1 timme ogiltig frånvaro på 28 dagar (här: 2 timmar; 1 timme 1 minut saknas), och minst dubbelt så "
        "mycket som i snitt på 28 dagar under de 56 dagarna före (då: 3 timmar 1 minut sammanlagt)."
    )
    assert after(make_absence(1, ago(40), 181), make_absence(2, ago(1), 181), rules=rules).episodes


@pytest.mark.parametrize("compared", range(1, 40))
def test_as_much_as_is_said_to_be_needed_is_what_the_rule_needs(compared: int) -> None:
    rules = rules_of(HOURS | {"at_least": 1, "within_days": 3, "against_earlier": {"days": 7, "percent": 150}})
    before = make_absence(1, ago(5), compared)
    needed = standing(after(before, rules=rules), rules).conditions[0].needed
    assert after(before, make_absence(2, ago(1), needed), rules=rules).episodes
    if needed > 1:
        short = standing(after(before, make_absence(2, ago(1), needed - 1), rules=rules), rules)
        assert (short.standing, short.conditions[0].missing) == (Standing.LACKS, 1)


def test_too_few_agencies_are_said_beside_the_conditions() -> None:
    rules = rules_of(HOURS | {"at_least": 60}, at_least_agencies=2)
    found = standing(after(make_absence(1, ago(1), 60), rules=rules), rules)
    assert found.agencies == (1, 2)
    assert standing_lines(found)[-1] == "Inte uppfyllt: uppgifter från minst 2 olika verksamheter (här: 1; 1 saknas)."
    assert standing_lines(found, "en")[-1] == "Not met: information from at least 2 different agencies (here: 1; 1 lacking)."
    enough = replace(found, agencies=(2, 2))
    assert standing_lines(enough)[-1] == "Uppfyllt: uppgifter från minst 2 olika verksamheter (här: 2)."
    assert standing_lines(enough, "en")[-1] == "Met: information from at least 2 different agencies (here: 2)."


def test_an_open_proposal_is_named_and_one_that_the_worker_has_yet_to_make_is_on_its_way() -> None:
    state = after(make_absence(1, ago(1), 480))
    assert standing(state).task_id == state.episodes["rule"].task_id
    assert said(standing(state)) == ["Ett förslag är öppet."]
    coming = after(make_absence(1, ago(-1), 480))
    assert standing(coming, now=ago(-2)).standing is Standing.HOLDS
    assert standing(coming, now=ago(-2)).task_id is None


def test_a_rule_that_rests_says_until_when_and_then_that_something_new_must_happen() -> None:
    rules = rules_of(HOURS, rest_days=7)
    state = after(make_absence(1, ago(1), 480), answered(NOW), rules=rules)
    assert said(standing(state, rules))[0] == "Enheten har svarat på ett förslag. Regeln vilar till 26 maj 2025 kl. 07.30."
    rested = standing(state, rules, now=ago(-7))
    assert (rested.standing, rested.until) == (Standing.ANSWERED, None)
    assert "Något nytt måste hända" in standing_text(rested)


def test_a_rule_past_its_sunset_says_its_last_day() -> None:
    rules = rules_of(HOURS, sunset="2025-05-18")
    found = standing(after(make_absence(1, ago(1), 480), rules=rules), rules)
    assert (found.standing, found.until) == (Standing.SUNSET, date(2025, 5, 18))
    assert said(found) == ["Regeln gällde till och med 18 maj 2025."]
    midnight = datetime(2025, 5, 18, 22, tzinfo=UTC)
    state = after(make_absence(1, ago(1), 240), rules=rules)
    assert standing(state, rules, midnight - timedelta(milliseconds=1)).standing is Standing.LACKS
    assert standing(state, rules, midnight).standing is Standing.SUNSET


@pytest.mark.parametrize(
    ("ages", "text"),
    [
        ({"from": 16, "to": 17}, "Regeln gäller bara från 16 till och med 17 år"),
        ({"from": 16}, "Regeln gäller bara från 16 år"),
        ({"to": 14}, "Regeln gäller bara till och med 14 år"),
        ({"from": 16, "to": 16}, "Regeln gäller bara den som är 16 år"),
    ],
)
def test_a_rule_for_other_ages_says_which(ages: dict[str, int], text: str) -> None:
    rules = rules_of(HOURS, ages=ages)
    found = standing(after(make_absence(1, ago(1), 480), rules=rules), rules)
    assert said(found) == [f"{text}, men inte där samtycket saknar ålder."]
    unknown = after(consent=make_consent(age_years=None, age_valid_until=None), rules=rules)
    assert standing(unknown, rules).standing is Standing.AGE


def test_a_rule_for_every_age_says_that_an_age_must_be_known() -> None:
    rules = rules_of(HOURS, ages={})
    found = standing(after(consent=make_consent(age_years=None, age_valid_until=None), rules=rules), rules)
    assert said(found) == ["Regeln gäller i alla åldrar, men inte där samtycket saknar ålder."]
    assert said(found, "en") == ["The rule applies at every age, but not where the consent record has no age."]


@pytest.mark.parametrize("ages", [{"from": 15, "to": 15}, {"from": 15}, {"to": 15}])
def test_a_rule_for_the_youths_own_age_looks_at_what_there_is(ages: dict[str, int]) -> None:
    rules = rules_of(HOURS, ages=ages)
    assert standing(after(make_absence(1, ago(1), 240), rules=rules), rules).standing is Standing.LACKS


def test_without_a_consent_to_the_team_nothing_is_counted_aloud() -> None:
    elsewhere = after(make_absence(1, ago(1), 480), consent=make_consent(make_scope(recipients=("sspf",))))
    for state in (elsewhere, new_state(YOUTH)):
        found = standing(state)
        assert (found.standing, found.conditions) == (Standing.NO_CONSENT, ())


@pytest.mark.parametrize("age", [15, 20, None])
@pytest.mark.parametrize("status", [ConsentStatus.IN_FORCE, ConsentStatus.SUSPENDED])
def test_a_unit_without_a_consent_does_not_read_an_age_in_anothers(age: int | None, status: ConsentStatus) -> None:
    rules = rules_of(HOURS, ages={"from": 12, "to": 17})
    until = date(2026, 9, 1) if age == 15 else None
    consent = make_consent(make_sig_scope(), status=status, age_years=age, age_valid_until=until)
    for audience in ("team", "youth"):
        found = standing(after(consent=consent), rules, teams={"outreach"}, audience=audience)
        assert (found.standing, found.ages) == (Standing.NO_CONSENT, None)


def test_what_the_team_may_not_be_told_is_not_counted_aloud() -> None:
    mine, other = make_scope(agencies=(SCHOOL,)), make_scope(agencies=(POLICE,), recipients=("sspf",))
    rules = rules_of(HOURS, NOTICE)
    state = after(make_absence(1, ago(1), 60), lob(1, ago(1)), rules=rules, consent=make_consent(mine, other))
    assert [one.met for one in standing(state, rules).conditions] == [60, 0]


def test_the_team_that_may_be_told_enough_is_the_one_that_is_waited_for() -> None:
    """Whoever asks for the consent to SIG has declined; SIG itself may not be told of the notice, and is waited for without it."""
    spare = {"without_sig_consent": {"team": "sspf", "function": "seek_sig_consent"}}
    rules = rules_of(NOTICE, team="sig", cooperation="sig", function="sig_assessment", rest_days=30, **spare)
    consent = make_consent(make_scope(), make_sig_scope(agencies=(SCHOOL,)))
    declined = answered(NOW).model_copy(update={"team": "sspf"})
    found = standing(after(lob(1, ago(1)), declined, rules=rules, consent=consent), rules)
    assert (found.standing, found.team) == (Standing.RESTS, "sspf")
    nothing = standing(after(rules=rules, consent=consent), rules)
    assert (nothing.standing, nothing.team) == (Standing.LACKS, "sig")


SECRET = [
    rules_of(NOTICE),
    rules_of(HOURS, NOTICE),
    rules_of(HOURS | {"then": {"kind": "police_notice", "of": ["lob"], "within_hours": 48, "happens": False}}),
]


@pytest.mark.parametrize("rules", SECRET, ids=["notices", "absence and notices", "absence without a notice after it"])
def test_a_youth_is_told_the_same_of_a_rule_that_counts_notices_whatever_there_is(rules: CompiledRules) -> None:
    released = {"may_tell_youth": True}
    histories = [
        (), (make_absence(1, ago(5), 480),), (lob(1, ago(4), **released),), (lob(1, ago(4)),),
        (make_absence(1, ago(5), 480), lob(1, ago(4))),
    ]  # fmt: skip
    told = {repr(standing(after(*events, rules=rules), rules, audience="youth")) for events in histories}
    told |= {repr(standing(new_state(YOUTH), rules, audience="youth"))}
    assert len(told) == 1
    assert Standing.UNTOLD.value in told.pop()


def test_a_youth_is_told_of_her_own_absence_as_the_team_is() -> None:
    state = after(make_absence(1, ago(1), 240))
    assert standing(state, audience="youth") == standing(state)


def test_looking_changes_nothing_and_looks_as_of_the_instant_asked_for() -> None:
    state = after(make_absence(1, ago(1), 240))
    assert standing(state, now=NOW + timedelta(days=40)).conditions[0].met == 0
    assert standing(state).conditions[0].met == 240


def of_unit(state: YouthState, *teams: str) -> list[tuple[str, str, tuple[str, ...]]]:
    found = why_not(state, RULES, NOW, teams=teams)
    return [(one.rule_id, one.standing.value, standing_lines(one)) for one in found]


def test_a_unit_is_told_the_same_of_its_rules_whether_another_units_consent_lets_them_propose_there_or_not() -> None:
    hers = make_sig_scope(kinds=(InfoKind.SCHOOL_ABSENCE,))
    notices = [make_notice(number, ago(number)) for number in (1, 2, 3)]
    alone = after(*notices, rules=RULES, consent=make_consent(hers))
    beside = after(*notices, rules=RULES, consent=make_consent(make_scope(), hers))
    assert beside.episodes["repeated-notices"].team == "sspf"
    assert of_unit(beside, "sig") == of_unit(alone, "sig")
    ((rule, standing, lines),) = of_unit(beside, "sig")
    assert (rule, standing) == ("repeated-notices", "lacks")
    assert "här: 0" in lines[0]


def test_that_a_rule_holds_is_said_alike_whether_it_proposed_to_the_unit_or_to_another() -> None:
    notices = [make_notice(number, ago(number)) for number in (1, 2, 3)]
    both = after(*notices, rules=RULES, consent=make_consent(make_scope(), make_sig_scope()))
    assert both.episodes["repeated-notices"].team == "sig"
    assert ("repeated-notices", "shared") in [one[:2] for one in of_unit(both, "sspf")]
    assert ("repeated-notices", "open") in [one[:2] for one in of_unit(both, "sig", "sspf")]


def test_a_rule_that_turns_to_none_of_the_teams_is_left_out() -> None:
    state = after(rules=RULES, consent=make_consent())
    assert of_unit(state, "nobody") == []
    assert {one.team for one in why_not(state, RULES, NOW, audience="youth", teams={"sspf"})} == {"sspf"}
