"""The three outcomes, of fifty made-up cases by arithmetic written here anew; and totals that tell of nobody, week after week."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from hub.cases import moves
from hub.cases.content import Content, Numbers
from hub.cases.measuring import MEASURED, measure
from hub.cases.moves import CaseMove
from hub.cases.results import outcomes_of_case
from hub.cases.views import CaseView
from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import PoliceCategory
from hub.core.outcomes import Direction
from hub.core.state import YouthState
from hub.core.suppression import Band
from tests.unit.cases.make import CARRIES, SSPF, UNKNOWN, CaseDesk
from tests.unit.core.make import NOW, YOUTH, make_absence, make_consent, make_notice, make_scope
from tests.unit.core.make_rules import RULES, last, run

SPAN = timedelta(days=28)


def close(desk: CaseDesk, case: str, worry: int, after: Numbers = UNKNOWN) -> None:
    def deed(_view: CaseView, content: Content) -> Content:
        return moves.close(content, worry, after, cooperation=SSPF)

    desk.change(case, CaseMove.CLOSE, deed)


def numbers_at(events: list[Any], at: datetime) -> Numbers:
    """What the worker would hold at the instant, measured."""
    told = [event for event in events if event.occurred_at <= at]
    state = last(run(make_consent(_scope()), *told, state=YouthState(YOUTH), rules=RULES, now=at))
    found = measure(state, RULES.longest_ms, "sspf", SSPF, at=at, span_days=28, throughout=MEASURED, carries=CARRIES)
    return Numbers.of(found)


def _scope() -> Any:
    return make_scope(valid_from=NOW - timedelta(days=100), valid_to=NOW + timedelta(days=300))


def way(before: Fraction | int, after: Fraction | int) -> Direction:
    return Direction.DOWN if after < before else Direction.UP if after > before else Direction.SAME


def made_up(dice: random.Random, end: datetime) -> list[Any]:
    """Absences and notices around both edges of a case from NOW to `end`."""
    events: list[Any] = []
    for edge in (NOW, end):
        for number in range(dice.randint(0, 8)):
            at, name = edge - timedelta(hours=dice.randint(1, 24 * 35)), f"{len(events):x}"
            category = dice.choice(list(PoliceCategory))
            events.append(make_notice(name, at, category) if number % 3 == 2 else make_absence(name, at, dice.randint(1, 120)))
    return events


@pytest.mark.parametrize("seed", range(50))
def test_the_outcomes_of_a_made_up_case_are_plain_arithmetic(sqlite_desk: CaseDesk, seed: int) -> None:
    desk, dice = sqlite_desk, random.Random(seed)
    end = NOW + timedelta(days=dice.randint(28, 90))
    events = made_up(dice, end)
    worry = dice.randint(1, 5), dice.randint(1, 5)
    desk.consent(make_consent(_scope()))
    case = desk.open(worry=worry[0], before=numbers_at(events, NOW))
    desk.clock.set(end)
    close(desk, case, worry[1], numbers_at(events, end))
    view = desk.read(case)
    assert view.content is not None
    assert view.closed_at == end
    found = outcomes_of_case(view.content, view.opened_at, end)

    minutes, police = [Fraction(0), Fraction(0)], [0, 0]
    for event in events:
        for place, edge in enumerate((NOW, end)):
            if edge - SPAN <= event.occurred_at < edge:
                if hasattr(event, "minutes"):
                    minutes[place] += Fraction(event.minutes, 4)  # of four weeks
                elif event.category is not PoliceCategory.VIOLENCE_VICTIM:
                    police[place] += 1
    assert [found.absence.before, found.absence.after] == minutes
    assert [found.notices.before, found.notices.after] == police
    assert (found.worry.before, found.worry.after) == worry
    assert found.absence.direction is way(*minutes)
    assert found.notices.direction is way(*police)
    assert found.worry.direction is way(*worry)


def test_a_case_shorter_than_its_span_knows_only_worry(desk: CaseDesk) -> None:
    desk.consent(make_consent(_scope()))
    case = desk.open(worry=4, before=Numbers(notices=3))
    desk.clock.advance(SPAN - timedelta(milliseconds=1))
    close(desk, case, 2, Numbers(notices=0))
    view = desk.read(case)
    assert view.content is not None
    assert view.closed_at is not None
    found = outcomes_of_case(view.content, view.opened_at, view.closed_at)
    assert (found.notices.direction, found.worry.direction) == (Direction.UNKNOWN, Direction.DOWN)


def one_case(desk: CaseDesk, number: int) -> None:
    """Opened now, closed 30 days later: no notices after two before, no absence known, and a worry that goes down but for one."""
    scope = make_scope(scope_id=f"{number:08x}-0000-4000-8000-000000000000", valid_to=NOW + timedelta(days=900))
    desk.consent(make_consent(scope, youth_ref=new_youth_ref()))
    case = desk.open(number=scope.scope_id, worry=3, before=Numbers(notices=2))
    desk.clock.advance(timedelta(days=30))
    close(desk, case, 1 if number else 4, Numbers(notices=0))


def test_week_after_week_the_totals_tell_of_nobody_who_came_to_them(desk: CaseDesk, clock: ManualClock) -> None:
    for number in range(5):
        assert desk.results.of_team("sspf") == {}, "a year that still grows is not told"
        one_case(desk, number)
        clock.advance(timedelta(days=7))
    assert clock.now().year == 2025
    clock.set(datetime.fromisoformat("2025-12-31T22:59:59+00:00"))
    assert desk.results.of_team("sspf") == {}
    clock.set(datetime.fromisoformat("2025-12-31T23:00:00+00:00"))
    first = desk.results.of_team("sspf")
    assert first[2025].youths == Band(5, 5)
    assert first[2025].outcomes["notices"].directions[Direction.DOWN] == Band(5, 5)
    assert first[2025].outcomes["notices"].before == 2
    worry = first[2025].outcomes["worry"]
    assert all(band.exact != 1 for band in worry.directions.values()), "one whose worry went up is not pointed at"
    assert (worry.before, worry.after) == (None, None)
    for number in range(5, 8):
        one_case(desk, number)
        assert desk.results.of_team("sspf") == first, "cases of a later year change nothing of an earlier one"
    assert desk.results.of_team("outreach") == {}


def test_a_withdrawal_takes_the_case_and_leaves_a_number_that_is_nobodys(desk: CaseDesk, clock: ManualClock) -> None:
    for number in range(5):
        one_case(desk, number)
    clock.set(datetime.fromisoformat("2026-02-01T12:00:00+00:00"))
    before = desk.results.of_team("sspf")
    for view in desk.cases.of_team("sspf", ended=True)[:2]:
        assert view.youth_ref is not None
        desk.consent(make_consent(youth_ref=view.youth_ref, version=9, scopes=(make_scope(withdrawn_at=clock.now()),)))
    assert desk.results.of_team("sspf") == before


def test_four_of_a_year_are_too_few_to_be_told_of(desk: CaseDesk, clock: ManualClock) -> None:
    for number in range(4):
        one_case(desk, number)
    clock.set(datetime.fromisoformat("2026-02-01T12:00:00+00:00"))
    (summary,) = desk.results.of_team("sspf").values()
    assert (summary.youths, summary.outcomes) == (Band(1, 4), {})
