"""A closed case says nothing after its time; an open one stays; its history goes last."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.moves import CaseMove
from hub.cases.retention import CaseHistory, ClosedCases
from hub.cases.tables import CaseMoveRow
from hub.retention import Due
from tests.unit.cases.make import CaseDesk

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
