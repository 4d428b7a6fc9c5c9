"""What a reader works out who holds all figures of one run against each other, and knows how they are made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from hub.backtest.published import Published, publish
from hub.backtest.tally import Kind, Plan, Tally, TaskCell
from hub.core.rules import parse_rules
from hub.core.suppression import Band, small, step_of
from tests.unit.backtest.make import make_question, make_set

SINCE = datetime(2025, 5, 5, tzinfo=UTC)
Numbers = tuple[int, ...]
Run = tuple[Sequence[Numbers], Sequence[Numbers], Numbers]
"""Of each of the candidate's lanes the tasks by rule, and by week; and the youths of each rule."""


def a_plan(rules: int, weeks: int) -> Plan:
    one = make_set().rules[0].model_dump(mode="json")
    found = parse_rules({"version": "test.1", "owner": "test", "rules": [one | {"id": f"r{place}"} for place in range(rules)]})
    return make_question(found, found, SINCE, SINCE + timedelta(weeks=weeks, hours=-3)).plan()


def parts(total: int, of: int) -> Iterator[Numbers]:
    if of == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in parts(total - first, of - 1))


def shown(run: Run, plan: Plan, places: Sequence[Numbers] = ()) -> Published:
    """`places`: of each rule, its youths by school; without, all go to one."""
    lanes, weeks, youths = run
    tally = Tally(youths=400)
    names = [f"school-{place}" for place in range(len(places[0]) if places else 1)]
    tally.schools.update(dict.fromkeys(names, 400 // len(names)))
    tally.areas["0581-hageby"] = 400
    for kind, by_rule, by_week in zip((Kind.BOTH, Kind.NEW), lanes, weeks, strict=False):
        week_of = [f"2025-W{19 + week}" for week, number in enumerate(by_week) for _ in range(number)]
        rule_of = [f"r{rule}" for rule, number in enumerate(by_rule) for _ in range(number)]
        for rule, week in zip(rule_of, week_of, strict=True):
            tally.tasks[TaskCell(kind, "outreach", "school_attendance", rule, week)] += 1
    for rule, number in enumerate(youths):
        for name, some in zip(names, places[rule] if places else (number,), strict=True):
            tally.by_school[f"r{rule}", name] = some
        tally.by_area[f"r{rule}", "0581-hageby"] = number
    return publish(tally, plan)


def display(found: Published) -> tuple[object, ...]:
    """Everything that is told of tasks and of youths with one."""
    rows = [(lane, row.total, *row.weeks.values(), *row.rules.values()) for lane, row in found.rows.items()]
    shares = [tuple(bands.values()) for of in (found.schools, found.areas) for bands in of.with_task.values()]
    return (*rows, *found.youths_by_rule.values(), *shares)


def one_of_each_step(most: int) -> list[int]:
    """Youths: what is told of them depends on nothing but their step."""
    return [number for number in range(1, most + 1) if step_of(number).least == number] if most else [0]


def one_lane(total: range, rules: int, weeks: int) -> Iterator[Run]:
    """Of more than two weeks, one order alone."""
    for tasks in total:
        ways = {one if weeks < 3 else tuple(sorted(one)) for one in parts(tasks, weeks)}
        for by_rule in parts(tasks, rules):
            for by_week, youths in product(ways, product(*map(one_of_each_step, by_rule))):
                yield (by_rule,), (by_week,), youths


def two_lanes(*totals: range) -> Iterator[Run]:
    """Of two rules, in one week, of which each number is its lane's total."""
    for lanes in product(*([one for tasks in total for one in parts(tasks, 2)] for total in totals)):
        of_rules = map(sum, zip(*lanes, strict=True))
        for youths in product(*map(one_of_each_step, of_rules)):
            yield lanes, [(sum(one),) for one in lanes], youths


def given_away(runs: Iterator[Run], plan: Plan, *, zeros: bool = True) -> list[object]:
    """What is told where a small number of tasks has one value left; `zeros`: to a reader who knows besides which are none."""
    values: dict[object, list[set[int]]] = {}
    for run in runs:
        judged = (*run[0], *(one for one in run[1] if len(one) < 3))
        numbers = [number for one in judged for number in one]
        told = (display(shown(run, plan)), tuple(map(bool, numbers)) if zeros else ())
        for number, seen in zip(numbers, values.setdefault(told, [set() for _ in numbers]), strict=True):
            seen.add(number)
    return [told for told, all_seen in values.items() if any(len(seen) == 1 and small(min(seen)) for seen in all_seen)]


@pytest.mark.parametrize(("least", "rules", "weeks"), [(1, 3, 2), (5, 2, 3), (5, 3, 2), (10, 2, 4), (10, 3, 1), (15, 2, 1)])
def test_no_number_of_a_lane_follows_from_it_and_the_youths_of_each_rule(least: int, rules: int, weeks: int) -> None:
    assert given_away(one_lane(range(least, least + 4 + (least > 1)), rules, weeks), a_plan(rules, weeks)) == []


def test_nor_that_four_rules_with_a_few_youths_each_share_four_tasks() -> None:
    assert given_away(one_lane(range(1, 5), 4, 1), a_plan(4, 1), zeros=False) == []


def test_nor_where_a_rule_has_tasks_in_two_lanes() -> None:
    assert given_away(two_lanes(range(1, 5), range(10, 15)), a_plan(2, 1)) == []


def test_of_five_rules_that_have_ten_and_one_each_the_youths_do_not_tell_which() -> None:
    plan = a_plan(5, 1)
    runs = [((one,), ((14,),), one) for one in parts(14, 5) if sorted(one) == [1, 1, 1, 1, 10]]
    assert len({display(shown(run, plan)) for run in runs}) == 1
    assert shown(runs[0], plan).youths_by_rule["r0"] == Band(0, 14)


def test_where_all_is_told_youths_are_told_in_steps_up_to_what_tasks_there_surely_are() -> None:
    plan = a_plan(1, 1)
    lanes = ((42,), (11,)), ((42,), (11,))
    assert [shown((*lanes, (number,)), plan).youths_by_rule["r0"] for number in (38, 49, 50, 53)] == [
        Band(35, 39), Band(45, 49), Band(50, 58), Band(50, 58)
    ]  # fmt: skip


def test_youths_by_place_are_told_where_they_say_no_more_of_tasks_than_tasks_do() -> None:
    plan = a_plan(1, 1)
    few, many = ((17, 3, 22), (20, 1, 21))
    run = ((42,),), ((42,),), (42,)
    told = [shown(run, plan, [places]).schools.with_task["r0"] for places in (few, many)]
    assert list(told[0].values()) == [Band(15, 19), Band(1, 4), Band(20, 24)]
    assert list(told[1].values()) == [Band(0, 44)] * 3


def test_none_and_few_youths_of_two_rules_are_told_alike() -> None:
    plan = a_plan(2, 1)
    found = shown((((20, 20),), ((40,),), (20, 20)), plan)
    assert found.overlaps["r0", "r1"] == Band(0, 4)
