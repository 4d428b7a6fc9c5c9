"""A closed case says nothing after its time; an open one stays; its history goes last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.moves import CaseMove
from hub.cases.ordering import Order, OrderMove, OrderOutcome, Service
from hub.cases.orders import Orders
from hub.cases.retention import CaseHistory, ClosedCases, EndedOrders, PastOutcomes
from hub.cases.tables import CaseMoveRow, OutcomeRow
from hub.clock import stockholm_date
from hub.retention import Due
from tests.unit.cases.make import CaseDesk, no_log

LONG = timedelta(days=5000)


def closed(desk: CaseDesk) -> str:
    desk.consent()
    case = desk.open()
    desk.change(case, CaseMove.CLOSE)
    return case


def moves(desk: CaseDesk) -> int:
    with Session(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(CaseMoveRow)) or 0


def test_a_closed_case_says_nothing_after_its_time_and_how_it_ended_stays(desk: CaseDesk) -> None:
    case = closed(desk)
    cases, now = ClosedCases(desk.engine, 365), desk.clock.now()
    assert cases.due(now - timedelta(seconds=1)) == Due(0, 1)
    assert cases.due(now) == Due(1, 0, now, {})
    assert (cases.let_go(now, 500), cases.let_go(now, 500)) == (1, 0)
    row = desk.row(case)
    assert (row.subject, row.sealed, row.state) == (None, None, "closed")


def test_an_open_case_stays_whatever_its_age(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    later = desk.clock.now() + LONG
    cases, history = ClosedCases(desk.engine, 365), CaseHistory(desk.engine, 730)
    assert (cases.let_go(later, 500), history.let_go(later, 500)) == (0, 0)
    assert history.due(later).kept_back == {"case_kept": moves(desk)}
    assert desk.row(case).sealed is not None


def test_the_history_goes_after_what_the_case_said(desk: CaseDesk) -> None:
    closed(desk)
    now, history = desk.clock.now(), CaseHistory(desk.engine, 730)
    assert history.let_go(now, 500) == 0
    ClosedCases(desk.engine, 365).let_go(now, 500)
    before = moves(desk)
    assert before > 0
    assert history.due(now).due == history.let_go(now, 500) == before
    assert moves(desk) == 0


def test_numbers_of_a_year_go_when_it_has_been_over_for_long_enough(desk: CaseDesk) -> None:
    with Session(desk.engine) as session, session.begin():
        for place, year in enumerate((2019, 2019, 2020)):
            session.add(OutcomeRow(outcome_id=str(place), team="sspf", year=year, sealed=b"sealed"))
    outcomes, before = PastOutcomes(desk.engine, 1826), datetime(2019, 12, 31, 23, 0, tzinfo=UTC)
    assert outcomes.due(before - timedelta(seconds=1)) == Due(0, 3)
    assert outcomes.due(before) == Due(2, 1, before)  # midnight in Sweden
    assert [outcomes.let_go(before, 1) for _ in range(3)] == [1, 1, 0]
    with Session(desk.engine) as session:
        assert session.scalars(select(OutcomeRow.year)).all() == [2020]


def test_an_order_that_has_ended_goes_after_its_time_and_an_open_one_stays(desk: CaseDesk) -> None:
    orders, today = Orders(desk.engine, desk.clock), stockholm_date(desk.clock.now())
    order = Order(Service.INFORMATION, "Hagebyskolan", "Aulan", "Grupptryck", today, "10:00")
    done, declined, still = (orders.receive("outreach", order, record=no_log) for _ in range(3))
    orders.move(declined, "outreach", OrderMove.DECLINE, seen=1, record=no_log)
    orders.move(done, "outreach", OrderMove.ACCEPT, seen=1, record=no_log)
    desk.clock.advance(timedelta(days=1))
    carried_out = OrderOutcome.AS_ORDERED
    orders.move(done, "outreach", OrderMove.CARRY_OUT, seen=2, record=no_log, outcome=carried_out, people=20)
    ended, now = EndedOrders(desk.engine, 730), desk.clock.now()
    yesterday = now - timedelta(days=1)
    assert ended.due(yesterday) == Due(1, 1, yesterday, {"still_open": 1})
    assert (ended.let_go(yesterday, 500), ended.let_go(now + LONG, 500), ended.let_go(now + LONG, 500)) == (1, 1, 0)
    assert ended.due(now + LONG) == Due(0, 0, None, {"still_open": 1})
    assert [one.order_id for one in orders.of_team("outreach")] == [still]
