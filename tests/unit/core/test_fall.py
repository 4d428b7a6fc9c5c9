"""What was much and is little or nothing now: good news, by cases that can be followed by hand.

The first half asks the reference engine and the core at once, the second how the core tells it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.contract.models import Fallen, InfoKind, Narrowing
from hub.core.asked import Asked, asked_text
from hub.core.explain import explain, may_be_told
from hub.core.instants import from_ms
from hub.core.lacking import why_not
from hub.core.lacking_texts import standing_lines
from hub.core.rule_schema import rules_schema
from hub.core.rule_sense import Town, impossible
from hub.core.rule_set import Rule
from hub.core.rules import CompiledRules, compile_rules, parse_rules
from hub.core.step import wake
from hub.core.texts import Language
from hub.installation import load_teams
from hub.resources import defaults_folder
from tests.reference.history import DAY, HOUR

from .cases import MOMENT, SCHOOL, a_rule, absence, answer, at, happened, holds, opens
from .make import LEISURE, NOW, ago, make_absence, make_consent, make_notice, make_scope
from .make_rules import SHIPPED, emitted, last, run

NOON = at("2026-09-09 12:00")
FELL = {"at_least": None, "at_most": 60, "fell_from": {"days": 4, "at_least": 120}}
LANGUAGES: tuple[Language, ...] = ("sv", "en")
OPEN, LOST = ("open", "rule", "outreach"), ("ground_lost", "rule", "outreach")
MILLISECOND = timedelta(milliseconds=1)


def recovered(*, fields: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """At most an hour in two days, after two hours in the four days before."""
    condition = {"kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "within_days": 2}
    rules = a_rule(fields=fields, **(condition | FELL | changes))
    for one in rules["rules"][0]["when"]:
        del one["at_least"]
    return rules


@pytest.mark.parametrize(("before", "left", "good"), [(120, 60, True), (119, 60, False), (120, 61, False), (500, 0, True)])
def test_much_before_the_window_and_little_in_it(before: int, left: int, good: bool) -> None:
    told = [absence(NOON - 3 * DAY, before), absence(NOON - DAY, left)]
    assert holds(recovered(), *told, now=NOON) is good


def test_nothing_at_all_in_the_window_is_little() -> None:
    assert holds(recovered(at_most=0), absence(NOON - 3 * DAY, 120), now=NOON)
    assert not holds(recovered(), absence(NOON, 0), now=NOON)  # nor is nothing before it much


def test_it_begins_as_the_absence_passes_out_of_the_window_and_ends_as_it_passes_out_of_the_days_before() -> None:
    one = absence(NOON, 120)
    assert not holds(recovered(), one, now=NOON + 2 * DAY - MOMENT)
    assert holds(recovered(), one, now=NOON + 2 * DAY)
    assert holds(recovered(), one, now=NOON + 6 * DAY - MOMENT)
    assert not holds(recovered(), one, now=NOON + 6 * DAY)


def test_days_and_events_can_fall_too() -> None:
    days = recovered(measure="distinct_days", at_most=0, fell_from={"days": 4, "at_least": 2})
    assert holds(days, absence(NOON - 3 * DAY, 0), absence(NOON - 4 * DAY, 0), now=NOON)
    assert not holds(days, absence(NOON - 3 * DAY, 0), absence(NOON - 3 * DAY - HOUR, 0), now=NOON)
    notices = a_rule(kind="risk_event", measure="count", at_most=0, within_days=2, fell_from={"days": 4, "at_least": 2})
    del notices["rules"][0]["when"][0]["at_least"]
    assert holds(notices, NOON - 3 * DAY, NOON - 3 * DAY - HOUR, now=NOON)
    assert not holds(notices, NOON - 3 * DAY, NOON - 3 * DAY - HOUR, NOON - DAY, now=NOON)


def test_the_ground_is_what_there_was_before() -> None:
    told = [absence(NOON - 4 * DAY, 100), absence(NOON - 3 * DAY, 80), absence(NOON - DAY, 30)]
    ((one,),) = [proposal.ground for proposal in opens(recovered(), *told, now=NOON)]
    assert (one.met, one.first_at, one.last_at) == (180, NOON - 4 * DAY, NOON - 3 * DAY)


def test_of_more_agencies_are_those_that_told_of_the_days_before() -> None:
    two = recovered(fields={"at_least_agencies": 2})
    first, second = absence(NOON - 3 * DAY, 120), absence(NOON - 4 * DAY, 120)
    other = {"kind": "school_absence", "code": "unexcused", "agency": "leisure", "minutes": 10}
    assert not holds(two, first, second, happened(NOON - DAY, **other), now=NOON)
    assert holds(two, first, second, happened(NOON - 5 * DAY, **other), now=NOON)


def school_days(number: int) -> dict[str, Any]:
    fall = {"days": 20, "at_least": 120, "school_days": number}
    return recovered(within_days=7, fell_from=fall) | {"school": SCHOOL}


def test_in_the_holidays_nobody_is_missed_and_that_is_no_news() -> None:
    # The last school day is Friday 11 June 2027.
    one = absence(at("2027-06-01 12:00"), 120)
    assert holds(school_days(5), one, now=at("2027-06-11 00:00"))
    assert holds(school_days(5), one, now=at("2027-06-14 00:00") - MOMENT)
    assert not holds(school_days(5), one, now=at("2027-06-14 00:00"))
    assert holds(school_days(4), one, now=at("2027-06-14 00:00"))


def test_after_the_holidays_it_waits_for_enough_school_days() -> None:
    # Term ends on Monday 21 December and begins on Monday 11 January.
    one = absence(at("2026-12-18 12:00"), 120)
    rules = recovered(within_days=7, fell_from={"days": 40, "at_least": 120, "school_days": 2}) | {"school": SCHOOL}
    assert not holds(rules, one, now=at("2027-01-12 00:00") - MOMENT)
    assert holds(rules, one, now=at("2027-01-12 00:00"))


def test_it_lingers_and_rests_as_every_other_rule_does() -> None:
    one = absence(NOON, 120)
    assert holds(recovered(fields={"lingers_days": 1}), one, now=NOON + 7 * DAY - MOMENT)
    assert not holds(recovered(fields={"lingers_days": 1}), one, now=NOON + 7 * DAY)
    done = answer("completed", NOON + 3 * DAY)
    rests = recovered(fields={"rest_days": 1})
    assert not holds(rests, one, done, now=NOON + 5 * DAY)
    again = absence(NOON + 4 * DAY, 120)  # missed again after the answer, and back again
    assert holds(rests, one, done, again, now=NOON + 6 * DAY)


def compiled(**changes: Any) -> CompiledRules:
    return compile_rules(parse_rules(recovered(**changes)))


def test_time_opens_it_and_a_late_absence_takes_the_ground() -> None:
    rules = compiled()
    state = last(run(make_absence(1, ago(1), 120), rules=rules))
    opens_at = ago(1) + timedelta(days=2)
    assert emitted([wake(state, rules, opens_at - MILLISECOND)]) == []
    opened = wake(state, rules, opens_at)
    assert emitted([opened]) == [OPEN]
    late = run(make_absence(2, ago(0.5), 61), state=opened.state, rules=rules, now=opens_at)
    assert emitted(late) == [LOST]


def test_a_retraction_of_what_was_before_takes_the_ground_too_and_one_of_what_is_left_gives_it() -> None:
    rules = compiled()
    before, left = make_absence(1, ago(3), 120), make_absence(2, ago(1), 90)
    gone = {"revision": 2, "retracted": True}
    assert emitted(run(before, left, make_absence(2, ago(1), **gone), rules=rules)) == [OPEN, LOST, OPEN]
    assert emitted(run(before, make_absence(1, ago(3), **gone), rules=rules)) == [OPEN, LOST]


def test_it_ends_silently_as_time_takes_it() -> None:
    rules = compiled()
    steps = run(make_absence(1, ago(3), 120), rules=rules)
    assert emitted(steps) == [OPEN]
    gone = wake(last(steps), rules, ago(3) + timedelta(days=6))
    assert (emitted([gone]), gone.state.episodes) == ([], {})


def test_who_may_not_be_told_of_all_is_not_told_that_it_fell_when_it_did_not() -> None:
    """What the team cannot see keeps the good news from it, and what it may be told of must suffice alone."""
    rules = compiled()
    all_told = make_scope()
    hidden = make_scope(scope_id="00000000-0000-4000-8000-000000000007", agencies=(LEISURE,), recipients=("sspf",))
    school_only = make_scope(agencies=("school-norrkoping",))
    before, unseen = make_absence(1, ago(3), 120), make_absence(2, ago(1), 90, agency=LEISURE)
    for scopes, events, told in (
        ((all_told,), [before], [OPEN]),
        ((school_only, hidden), [before], [OPEN]),
        ((school_only, hidden), [unseen, before], []),
        ((school_only, hidden), [make_absence(1, ago(3), 120, agency=LEISURE)], []),
    ):
        steps = run(make_consent(*scopes, version=2), *events, rules=rules)
        assert emitted(steps) == told


def test_a_task_tells_what_there_was_and_when() -> None:
    before, left = make_absence(1, ago(3), 150), make_absence(2, ago(1), 30)
    steps = run(left, before, rules=compiled())
    (evidence,) = steps[-1].tasks[0].evidence
    assert (evidence.at_least, evidence.met, evidence.unit) == (120, 150, "minutes")
    assert (evidence.first_at, evidence.last_at) == (ago(3), ago(3))
    assert evidence.window_days == 4
    fallen = Fallen(within_days=2, at_most=60, left=30)
    assert evidence.narrowing == Narrowing(on_school_days=False, fallen=fallen)
    told = {language: explain(steps[-1].tasks[0], language=language).sentence for language in LANGUAGES}
    assert told["sv"].startswith(
        "Minst 2 timmar frånvaro på 4 dagar (här: 2 timmar 30 minuter), och därefter högst 1 timme på 2 dagar (här: 30 minuter)."
    )
    assert told["en"].startswith(
        "At least 2 hours of school absence in 4 days (here: 2 hours 30 minutes), and after that at most 1 hour in 2 days "
        "(here: 30 minutes)."
    )
    (row,) = explain(steps[-1].tasks[0], language="en").conditions
    assert row.narrowed == ("After that at most 1 hour in 2 days (here: 30 minutes)",)


def test_a_task_tells_for_how_many_school_days_it_waited() -> None:
    fall = {"days": 20, "at_least": 120, "school_days": 2}
    year = {"terms": [{"first": "2025-01-08", "last": "2025-06-12"}]}
    rules = compile_rules(parse_rules(recovered(within_days=7, fell_from=fall) | {"school": year}))
    (evidence,) = run(make_absence(1, ago(10), 120), rules=rules)[-1].tasks[0].evidence
    assert evidence.narrowing == Narrowing(
        on_school_days=False, fallen=Fallen(within_days=7, at_most=60, left=0, school_days=2)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "swedish", "english"), [(1, "1 skoldag", "1 school day"), (10, "10 skoldagar", "10 school days")]
)
def test_the_school_days_that_it_waited_for_are_told(number: int, swedish: str, english: str) -> None:
    asked = Asked(
        "absence", InfoKind.SCHOOL_ABSENCE, "events", 4, 28,
        Narrowing(on_school_days=False, fallen=Fallen(within_days=14, at_most=0, left=0, school_days=number)),
    )  # fmt: skip
    assert asked_text(asked, "sv").endswith(f", och därefter högst 0 lektioner på 14 dagar, med minst {swedish}")
    assert asked_text(asked, "en").endswith(f", and after that at most 0 lessons in 14 days, with at least {english}")


def test_a_fall_of_notices_is_not_told_to_the_youth() -> None:
    """How few came lately would tell of notices that are not released."""
    condition = {"kind": "police_notice", "of": ["narcotics"], "measure": "count", "at_most": 1}
    rules = compiled(**condition, fell_from={"days": 4, "at_least": 2})
    known = [make_notice(number, ago(3), may_tell_youth=True) for number in (1, 2)]
    (task,) = run(*known, rules=rules)[-1].tasks
    assert not may_be_told(task.evidence[0])
    (absent,) = run(make_absence(1, ago(3), 120), rules=compiled())[-1].tasks
    assert may_be_told(absent.evidence[0])


@pytest.mark.parametrize(
    ("before", "left", "missing", "unfallen", "met"), [(120, 61, 0, True, "Not met"), (119, 0, 1, False, "Not met")]
)
def test_what_a_fall_lacks_is_said(before: int, left: int, missing: int, unfallen: bool, met: str) -> None:
    rules = compiled()
    state = last(run(make_absence(1, ago(3), before), make_absence(2, ago(1), left), rules=rules))
    (standing,) = why_not(state, rules, NOW)
    (lack,) = standing.conditions
    assert (lack.missing, lack.unfallen) == (missing, unfallen)
    assert standing_lines(standing, "en")[0].startswith(met)


def test_a_state_looks_at_it_again_no_later_than_it_can_change() -> None:
    rules = compiled()
    state = last(run(make_absence(1, ago(1), 120), rules=rules))
    assert state.wake_ms is not None
    assert from_ms(state.wake_ms) <= ago(1) + timedelta(days=2)
    assert from_ms(state.wake_ms) > NOW


def test_each_school_day_that_begins_or_leaves_the_window_is_looked_at() -> None:
    """Term begins on Monday 11 January; both are found though nobody wakes the state but itself."""
    fall = {"days": 40, "at_least": 120, "school_days": 2}
    rules = compile_rules(parse_rules(recovered(within_days=7, fell_from=fall) | {"school": SCHOOL}))
    told: list[tuple[Any, ...]] = []
    for missed, ends, until in (("2026-12-18 12:00", "2027-01-12 00:00", "2027-01-13 00:00"),
                                ("2027-06-03 12:00", "2027-06-17 00:00", "2027-06-18 00:00")):  # fmt: skip
        now = from_ms(at(missed))
        always = make_consent(make_scope(valid_from=now - timedelta(days=9), valid_to=now + timedelta(days=99)), version=2)
        state = last(run(always, make_absence(1, now, 120), rules=rules, now=now))
        while state.wake_ms is not None and state.wake_ms < at(until):
            due, before = state.wake_ms, set(state.episodes)
            state = wake(state, rules, from_ms(due)).state
            if set(state.episodes) != before:
                told.append((due, sorted(state.episodes)))
        assert told[-1] == (at(ends), ["rule"] if ends == "2027-01-12 00:00" else [])


def test_the_example_beside_the_shipped_rules_can_be_put_in_force() -> None:
    path = defaults_folder() / "rules" / "examples" / "attendance-recovered.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(rules_schema("rule")).iter_errors(written)) == []
    data = SHIPPED.model_dump(mode="json")
    rules = parse_rules(data | {"school": SCHOOL, "rules": [*data["rules"], written]})
    (rule,) = (one for one in rules.rules if one.id == "attendance-recovered")
    assert isinstance(rule, Rule)
    assert list(impossible(rule, rules.school, Town())) == []
    assert rule.function in load_teams(defaults_folder())[rule.team].functions
    assert "attendance-recovered" not in {one.id for one in SHIPPED.rules}


SECOND_SCHOOL_DAY = "2027-01-12 00:00"


@pytest.mark.parametrize("beside", ["2026-11-25 12:00", "2027-01-20 12:00"], ids=["once before", "planned"])
def test_a_school_day_between_two_absences_is_looked_at_too(beside: str) -> None:
    """Of which one is told of before its time, or has left the days before, and is held for another rule."""
    fall = {"days": 40, "at_least": 120, "school_days": 2}
    written = recovered(within_days=7, fell_from=fall) | {"school": SCHOOL}
    longer = {**written["rules"][0]["when"][0], "at_least": 1000, "within_days": 300}
    del longer["at_most"], longer["fell_from"]
    written["rules"].append({**written["rules"][0], "id": "longer", "when": [longer]})
    rules, now = compile_rules(parse_rules(written)), from_ms(at("2026-12-18 12:00"))
    always = make_consent(make_scope(valid_from=now - timedelta(days=99), valid_to=now + timedelta(days=99)), version=2)
    told = [make_absence(1, from_ms(at(beside)), 10), make_absence(2, now, 120)]
    state = last(run(always, *told, rules=rules, now=now))
    while "rule" not in state.episodes and state.wake_ms is not None and state.wake_ms <= at(SECOND_SCHOOL_DAY):
        now = from_ms(state.wake_ms)
        state = wake(state, rules, now).state
    assert ("rule" in state.episodes, now) == (True, from_ms(at(SECOND_SCHOOL_DAY)))
