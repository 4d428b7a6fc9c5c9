from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub.backtest.replay import Proposal
from hub.backtest.tally import Kind, Tally, TaskCell, count_youth, paired
from tests.unit.backtest.make import absent, make_history, make_question, make_set, reference
from tests.unit.core.make import SCHOOL, ago, make_consent, make_withdrawn

PLAN = make_question().plan()


def tallied(*histories, plan=PLAN) -> Tally:
    tally = Tally()
    for history in histories:
        count_youth(history, plan, tally)
    return tally


def proposal(opened: float, ended: float | None, rule: str = "absence") -> Proposal:
    return Proposal(rule, "outreach", "school_attendance", ago(opened), None if ended is None else ago(ended))


def test_a_task_that_both_rule_sets_propose_is_counted_once_on_either_side() -> None:
    found = tallied(make_history([absent(40), absent(39)]))
    week = "2025-W15"
    assert found.tasks == {
        TaskCell(Kind.BOTH, "outreach", "school_attendance", "absence", week): 1,
        TaskCell(Kind.KEPT, "outreach", "school_attendance", "absence", week): 1,
    }
    assert (found.youths, found.events, dict(found.by_rule)) == (1, 3, {"absence": 1})


def test_what_only_one_of_them_proposes_is_counted_as_such() -> None:
    history = make_history([absent(40)])
    assert [cell.kind for cell in tallied(history).tasks] == [Kind.NEW]
    stricter = make_question(make_set(600)).plan()
    assert [cell.kind for cell in tallied(make_history([absent(40), absent(39)]), plan=stricter).tasks] == [Kind.GONE]


def test_tasks_are_counterparts_when_they_stand_at_a_common_instant_and_are_of_one_rule() -> None:
    assert paired([proposal(9, 5)], [proposal(8, None)]) == ({0}, {0})
    assert paired([proposal(9, 5)], [proposal(4, None)]) == (set(), set())
    assert paired([proposal(9, None)], [proposal(8, 7), proposal(5, 4)]) == ({0}, {0, 1})
    assert paired([proposal(9, None)], [proposal(8, 7, "another")]) == (set(), set())


def test_an_imported_history_has_its_tasks_when_it_occurred_only_if_that_is_asked_for() -> None:
    facts = [absent(number).model_copy(update={"recorded_at": ago(1)}) for number in (40, 39)]
    history = make_history(facts, consents=[make_consent(recorded_at=ago(2))])
    assert not tallied(history).tasks
    found = tallied(history, plan=replace(PLAN, at_once=True))
    assert {cell.week for cell in found.tasks} == {"2025-W15"}
    assert found.late == 2


def test_only_tasks_of_the_time_that_is_asked_for_are_counted_and_earlier_history_fills_the_windows() -> None:
    history = make_history([absent(40), absent(39), absent(20), absent(19)])
    late = make_question(make_set(), since=ago(30)).plan()
    assert sum(tallied(history, plan=late).tasks.values()) == 2
    filled = make_question(make_set(180), since=ago(39.5)).plan()
    whole = make_history([absent(41), absent(40), absent(39)])
    assert [cell.kind for cell in tallied(whole, plan=filled).tasks] == [Kind.BOTH]


def test_whoever_has_withdrawn_is_counted_as_left_out_and_nothing_else() -> None:
    gone = make_history([absent(40), absent(39)], consents=[make_consent(), make_withdrawn()])
    found = tallied(gone)
    assert dict(found.left_out) == {"withdrawn": 1}
    assert found == Tally(left_out=found.left_out)


def test_school_and_area_are_counted_for_all_and_for_those_with_a_task() -> None:
    quiet = make_history([], youth_ref=reference(8), consents=[make_consent(area=None)])
    found = tallied(make_history([absent(40), absent(39)]), quiet)
    assert found.schools == {SCHOOL: 1, "": 1}
    assert found.areas == {"0581-hageby": 1, "": 1}
    assert found.by_school == {("absence", SCHOOL): 1}
    assert found.by_area == {("absence", "0581-hageby"): 1}


def test_what_was_read_is_told_of_all_of_it_whatever_time_is_asked_for() -> None:
    history = make_history([absent(40), absent(20)])
    whole, early = (tallied(history, plan=make_question(since=ago(50), until=ago(days)).plan()) for days in (0, 30))
    assert (early.events, early.first, early.last) == (whole.events, whole.first, whole.last)
    assert (early.events, early.last) == (3, absent(20).recorded_at)


def test_tallies_of_parts_add_up_to_that_of_the_whole() -> None:
    histories = [make_history([absent(40 - number), absent(39 - number)], youth_ref=reference(number)) for number in range(6)]
    whole, parts = tallied(*histories), Tally()
    for history in reversed(histories):
        parts.add(tallied(history))
    assert parts == whole
    assert whole.last == absent(34).recorded_at + timedelta(0)
