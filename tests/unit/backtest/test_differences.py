"""What a reader can work out from the figures who knows, of rules that he wrote himself, how their youths lie within each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from hub.backtest.figures import OURS, THEIRS, as_data
from hub.backtest.published import Published, publish
from hub.backtest.running import Question
from hub.backtest.tally import Kind, Tally, count_youth
from hub.contract.models import AbsenceKind
from hub.core.rules import RuleSet, parse_rules
from hub.core.suppression import Band, small
from tests.unit.backtest.make import END, make_history, reference, told
from tests.unit.core.make import ago, make_absence

EXCUSED, UNEXCUSED = AbsenceKind.EXCUSED, AbsenceKind.UNEXCUSED
Lessons = tuple[AbsenceKind, ...]


def condition(*of: AbsenceKind, minutes: int) -> dict[str, Any]:
    codes = [code.value for code in of]
    name = f"{'-'.join(codes)}_{minutes}".replace("-", "_")
    return {
        "id": name, "kind": "school_absence", "of": codes, "measure": "minutes", "at_least": minutes, "within_days": 10
    }  # fmt: skip


def rule(name: str, *when: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "about": "person", "id": name, "title_sv": "F", "title_en": "A", "rationale": "", "owner": "test",
        "function": "school_attendance", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": list(when),
    } | changes  # fmt: skip


def a_set(version: str, *rules: dict[str, Any]) -> RuleSet:
    return parse_rules({"version": version, "owner": "test", "rules": list(rules)})


ANY = rule("any", condition(UNEXCUSED, EXCUSED, minutes=120))
EACH = rule("each", condition(UNEXCUSED, minutes=60), condition(EXCUSED, minutes=60), priority="high")
"""Whoever has an hour of each has two of any; no text of either rule says so by itself."""


def found(candidate: RuleSet, active: RuleSet, groups: Iterable[tuple[int, Lessons]], **asked: Any) -> Published:
    """Of so many youths each, absent for these lessons a week ago."""
    plan, tally = replace(Question(candidate, active, None, END).plan(), **asked), Tally()
    everybody = [lessons for youths, lessons in groups for _ in range(youths)]
    for number, lessons in enumerate(everybody):
        facts = [told(make_absence(f"{number * 10 + one}", ago(7 - one / 10), kind=kind)) for one, kind in enumerate(lessons)]
        count_youth(make_history(facts, youth_ref=reference(number)), plan, tally)
    return publish(tally, plan)


def apart(wide: Band, narrow: Band) -> set[int]:
    """How many more of one there can be than of the other, by what is shown."""
    assert wide.most is not None
    assert narrow.most is not None
    both = product(range(wide.least, wide.most + 1), range(narrow.least, narrow.most + 1))
    return {one - other for one, other in both if one >= other}


FEW_APART = [(18, (UNEXCUSED, EXCUSED)), (2, (UNEXCUSED, UNEXCUSED)), (20, (UNEXCUSED,))]


@pytest.fixture(scope="module")
def nested() -> Published:
    return found(a_set("v2", ANY, EACH), a_set("v1", ANY), FEW_APART)


def test_of_a_rule_within_another_no_difference_is_told_in_all_by_school_or_by_area(nested: Published) -> None:
    figures = [nested.youths_by_rule, *({rule: bands[place] for rule, bands in shares.with_task.items()}
        for shares in (nested.schools, nested.areas) for place in shares.youths)]  # fmt: skip
    for by_rule in figures:
        assert {1, 2, 3} <= apart(by_rule["any"], by_rule["each"])
    assert {1, 2, 3} <= apart(nested.youths_by_rule["any"], nested.overlaps["any", "each"])


def test_nor_by_their_tasks(nested: Published) -> None:
    assert {1, 2, 3} <= apart(nested.tasks(*OURS, rule="any"), nested.tasks(*OURS, rule="each"))
    assert {1, 2, 3} <= apart(nested.tasks(*THEIRS), nested.tasks(Kind.NEW))


def test_nor_week_by_week_where_they_go_to_different_teams() -> None:
    shown = found(a_set("v2", ANY, EACH | {"team": "sspf"}), a_set("v1", ANY), FEW_APART)
    for week in shown.weeks:
        one, other = (shown.tasks(*OURS, week=week, team=team) for team in ("outreach", "sspf"))
        assert one == other == Band(0, 0) or {1, 2, 3} <= apart(one, other)


def test_nor_where_a_rule_is_the_sum_of_others_that_share_nobody() -> None:
    parts = [rule(name, condition(of, minutes=120)) for name, of in (("one", UNEXCUSED), ("other", EXCUSED))]
    groups = [(9, (UNEXCUSED, UNEXCUSED)), (8, (EXCUSED, EXCUSED)), (2, (UNEXCUSED, EXCUSED)), (20, (UNEXCUSED,))]
    sizes = found(a_set("v2", ANY, *parts), a_set("v1", ANY), groups).youths_by_rule
    ranges = [range(band.least, (band.most or 0) + 1) for band in (sizes["any"], sizes["one"], sizes["other"])]
    assert len({whole - one - other for whole, one, other in product(*ranges) if whole >= one + other}) > 1


def test_nor_between_a_run_and_one_whose_threshold_is_a_lesson_lower() -> None:
    groups = [(18, (UNEXCUSED,) * 3), (2, (UNEXCUSED,) * 2), (20, (UNEXCUSED,))]
    runs = [
        found(a_set("v2", rule("absence", condition(UNEXCUSED, minutes=minutes))), a_set("v1", ANY), groups)
        for minutes in (120, 180)
    ]
    assert {1, 2, 3} <= apart(runs[0].youths_by_rule["absence"], runs[1].youths_by_rule["absence"])
    assert {1, 2, 3} <= apart(runs[0].tasks(*OURS), runs[1].tasks(*OURS))


def test_nor_does_where_a_run_ends_or_begins_change_a_word_about_what_was_read() -> None:
    groups = [(18, (UNEXCUSED,) * 3), (2, (UNEXCUSED,) * 9)]
    ends = [END, *(ago(7 - lesson / 10) + timedelta(hours=1) for lesson in range(9)), ago(300)]
    rules = a_set("v2", ANY), a_set("v1", ANY)
    told = [as_data(found(*rules, groups, until=until))["history"] for until in ends]
    told += [as_data(found(*rules, groups, since=since))["history"] for since in ends[1:]]
    assert [one for one in told if one != told[0]] == []


def test_nor_between_a_run_and_one_that_ended_before_the_last_few_tasks() -> None:
    groups = [(18, (UNEXCUSED,) * 3), (3, (UNEXCUSED,) * 9)]
    rules = a_set("v2", rule("absence", condition(UNEXCUSED, minutes=180)), rule("much", condition(UNEXCUSED, minutes=540)))
    whole, earlier = (found(rules, a_set("v1", ANY), groups, until=at) for at in (END, ago(6.25) + timedelta(hours=1)))
    assert earlier.tasks(*OURS, rule="much") == Band(0, 0)
    more = apart(whole.tasks(*OURS), earlier.tasks(*OURS))
    assert len(set(filter(small, more))) > 1
