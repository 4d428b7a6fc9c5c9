"""The bus hears that a cooperation works with a youth, and that it no longer does: nothing else of a case, and never after the
consent that carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hub.cases.content import Content
from hub.cases.courses import tell_courses
from hub.cases.moves import CaseMove, begin
from hub.cases.retention import ClosedCases
from hub.cases.store import Source
from hub.cases.tables import CourseRow
from hub.cases.views import CaseView
from hub.contract.models import Cooperation, CooperationRecord, Course, ErasureKind
from hub.contract.topics import CONSENTS, COOPERATIONS, ERASURES
from hub.delivery.outbox import OutboxRelay
from hub.delivery.tables import OutboxRow
from hub.delivery.telling import Telling
from hub.errors import RejectedError
from hub.kafka import Outgoing
from tests.unit.cases.make import ANNA, SIG, SSPF, UNKNOWN, CaseDesk, no_log, soon
from tests.unit.core.make import NOW, SIG_SCOPE, SSPF_SCOPE, YOUTH, ago, make_consent, make_scope, make_sig_scope
from tests.unit.delivery.make import make_erasure

MONDAY = Course(cooperation=SSPF, since=date(2025, 5, 19))


class Bus:
    """What Kafka is told, in order."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []

    def publish(self, records: list[Outgoing]) -> list[tuple[int, int]]:
        self.records += records
        return [(0, number) for number in range(len(records))]


def told(desk: CaseDesk) -> list[CooperationRecord | None]:
    """What the topic gets when all of the outbox leaves; None: the mark that ends a key."""
    bus = Bus()
    relay = OutboxRelay(desk.engine, bus, desk.clock)
    while relay.run_once():
        pass
    relay.release()
    records = [one for one in bus.records if one.topic == COOPERATIONS.name]
    assert {one.key for one in records} <= {YOUTH.encode()}
    return [None if one.value is None else desk.codec.decode(COOPERATIONS, one.value) for one in records]


def courses_of(records: list[CooperationRecord | None]) -> list[tuple[Cooperation, ...]]:
    return [tuple(course.cooperation for course in one.courses) for one in records if one is not None]


def open_both(desk: CaseDesk) -> tuple[str, str]:
    desk.consent(make_consent(make_scope(), make_sig_scope()))
    first = desk.open()
    desk.clock.advance(soon(10))
    return first, desk.open(team="sig", cooperation=SIG, number=SIG_SCOPE, worry=None)


def test_an_opened_case_is_told_with_its_kind_and_date_alone(desk: CaseDesk) -> None:
    desk.consent()
    desk.open()
    assert told(desk) == [CooperationRecord(youth_ref=YOUTH, recorded_at=NOW, courses=(MONDAY,))]


def test_what_changes_within_a_case_is_not_told(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    desk.change(case, CaseMove.INVITE)
    assert len(told(desk)) == 1


def test_a_case_that_was_refused_is_not_told(desk: CaseDesk) -> None:
    with pytest.raises(RejectedError):
        desk.open()
    assert told(desk) == []


def test_one_record_tells_of_both_cooperations(desk: CaseDesk) -> None:
    open_both(desk)
    assert told(desk)[-1] == CooperationRecord(
        youth_ref=YOUTH, recorded_at=NOW + soon(10), courses=(Course(cooperation=SIG, since=date(2025, 5, 29)), MONDAY)
    )


def test_of_two_teams_with_cases_of_one_cooperation_the_older_is_told(desk: CaseDesk) -> None:
    desk.consent(make_consent(make_scope(recipients=("sspf", "outreach"))))
    desk.open()
    desk.clock.advance(soon(10))
    desk.open(team="outreach")
    record = told(desk)[-1]
    assert record is not None
    assert record.courses == (MONDAY,)


def test_a_closed_case_is_told_as_no_course_at_a_later_instant_though_the_clock_stands(desk: CaseDesk) -> None:
    desk.consent()
    desk.change(desk.open(), CaseMove.CLOSE)
    later = NOW + timedelta(milliseconds=1)
    assert told(desk)[1:] == [CooperationRecord(youth_ref=YOUTH, recorded_at=later, courses=())]


def test_a_case_that_is_closed_unread_is_told_too(desk: CaseDesk) -> None:
    desk.consent()
    case = desk.open()
    desk.consent(make_consent(version=2, status="suspended"))
    desk.change(case, CaseMove.CLOSE)
    record = told(desk)[-1]
    assert record is not None
    assert record.courses == ()


def test_a_suspended_consent_leaves_the_course_as_it_leaves_the_case(desk: CaseDesk) -> None:
    desk.consent()
    desk.open()
    desk.consent(make_consent(version=2, status="suspended"))
    assert len(told(desk)) == 1


def all_of_it(desk: CaseDesk) -> None:
    desk.withdraw()


def by_an_erasure(desk: CaseDesk) -> None:
    desk.inbox.take([desk.record(ERASURES, YOUTH, make_erasure(YOUTH))])


@pytest.mark.parametrize("withdraw", [all_of_it, by_an_erasure])
@pytest.mark.parametrize("closes", [False, True], ids=["open", "closed"])
def test_a_withdrawal_ends_the_key_once_and_leaves_no_row(
    desk: CaseDesk, withdraw: Callable[[CaseDesk], None], *, closes: bool
) -> None:
    desk.consent()
    case = desk.open()
    if closes:
        desk.change(case, CaseMove.CLOSE)
    before = len(told(desk))
    withdraw(desk)
    all_of_it(desk)
    by_an_erasure(desk)
    assert before
    assert told(desk) == [None]
    with Session(desk.engine) as session:
        assert session.scalars(select(CourseRow)).all() == []


def test_the_mark_stands_before_the_receipt_of_the_erasure(desk: CaseDesk) -> None:
    desk.consent()
    desk.open()
    by_an_erasure(desk)
    with Session(desk.engine) as session:
        topics = list(session.scalars(select(OutboxRow.topic).order_by(OutboxRow.id)))
    assert topics[-2:] == [COOPERATIONS.name, ERASURES.name]


def by_its_record(desk: CaseDesk) -> None:
    withdrawn = make_consent(make_scope(withdrawn_at=ago(0)), make_sig_scope(), version=9)
    desk.inbox.take([desk.record(CONSENTS, YOUTH, withdrawn)])


def by_a_request(desk: CaseDesk) -> None:
    request = make_erasure(YOUTH, ErasureKind.REQUEST).model_copy(update={"scope_id": SSPF_SCOPE})
    desk.inbox.take([desk.record(ERASURES, YOUTH, request)])


@pytest.mark.parametrize("withdraw", [by_its_record, by_a_request])
def test_of_two_courses_the_withdrawal_of_one_leaves_the_other(desk: CaseDesk, withdraw: Callable[[CaseDesk], None]) -> None:
    open_both(desk)
    withdraw(desk)
    record = told(desk)[-1]
    assert record is not None
    assert [one.cooperation for one in record.courses] == [SIG]


def test_where_nothing_was_ever_told_a_withdrawal_tells_nothing(desk: CaseDesk) -> None:
    desk.consent()
    desk.withdraw()
    assert told(desk) == []


def test_a_withdrawn_reference_is_told_of_no_more(desk: CaseDesk) -> None:
    desk.consent()
    desk.withdraw()
    with Session(desk.engine) as session, session.begin():
        tell_courses(Telling(desk.codec, session, NOW), YOUTH)
    assert told(desk) == []


def test_the_last_case_that_is_let_go_of_ends_the_key(desk: CaseDesk) -> None:
    sspf, sig = open_both(desk)
    desk.change(sspf, CaseMove.CLOSE)
    first = desk.clock.now()
    desk.clock.advance(soon(3))
    desk.change(sig, CaseMove.CLOSE, team="sig")
    cases = ClosedCases(desk.engine, 365)
    told(desk)
    assert cases.let_go(first, 500) == 1
    assert told(desk) == []
    assert cases.let_go(desk.clock.now(), 500) == 1
    assert told(desk) == [None]


def test_a_case_that_is_opened_after_that_is_told_anew(desk: CaseDesk) -> None:
    desk.consent()
    desk.change(desk.open(), CaseMove.CLOSE)
    ClosedCases(desk.engine, 365).let_go(desk.clock.now(), 500)
    desk.clock.advance(soon(1))
    desk.open()
    record = told(desk)[-1]
    assert record is not None
    assert record.recorded_at == NOW + soon(1)


def test_a_case_from_before_the_bus_was_told_of_any_is_told_when_delivery_starts_once(desk: CaseDesk) -> None:
    desk.consent()
    desk.open()
    with Session(desk.engine) as session, session.begin():
        session.execute(delete(CourseRow))
        session.execute(delete(OutboxRow))
    desk.clock.advance(soon(1))
    desk.inbox.begin()
    desk.inbox.begin()
    assert told(desk) == [CooperationRecord(youth_ref=YOUTH, recorded_at=NOW + soon(1), courses=(MONDAY,))]


def test_of_two_who_open_cases_of_a_youth_at_once_the_later_record_tells_of_both(desk: CaseDesk) -> None:
    desk.consent(make_consent(make_scope(), make_sig_scope()))

    def begun(named: Sequence[str]) -> Content:
        if not desk.cases.of_team("sig"):
            desk.open(team="sig", cooperation=SIG, number=SIG_SCOPE, worry=None)
        return begin(SSPF, named, 4, UNKNOWN, span_days=28, named=named)

    desk.cases.open(Source(consent=SSPF_SCOPE), "sspf", SSPF, begun, ANNA, record=no_log)
    assert courses_of(told(desk)) == [(SIG,), (SIG, SSPF)]


def test_of_two_who_close_cases_of_a_youth_at_once_the_later_record_tells_of_none(desk: CaseDesk) -> None:
    sspf, sig = open_both(desk)
    told(desk)

    def closing(_view: CaseView, content: Content) -> Content:
        if desk.cases.of_team("sig"):
            desk.change(sig, CaseMove.CLOSE, team="sig")
        return content

    desk.change(sspf, CaseMove.CLOSE, closing)
    assert courses_of(told(desk)) == [(SSPF,), ()]
