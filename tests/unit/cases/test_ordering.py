"""What may be done with an order, by the table; and that nobody stands in one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from hub.cases.ordering import (
    LONGEST,
    MOST_PEOPLE,
    TABLE,
    IllegalOrderMoveError,
    Order,
    OrderMove,
    OrderOutcome,
    OrderState,
    Service,
    checked,
    moved,
)  # fmt: skip
from hub.cases.orders import Orders
from hub.errors import RejectedError, RetriableError
from tests.unit.cases.make import CaseDesk, no_log

TODAY = date(2025, 5, 19)
ORDER = Order(Service.INFORMATION, " Hagebyskolan,  åk 8 ", "Aulan", "Narkotika och  grupptryck", TODAY, "10:00")


def refused(code: str, **changes: object) -> None:
    with pytest.raises(RejectedError) as error:
        checked(Order(**{**{name: getattr(ORDER, name) for name in Order.__slots__}, **changes}), today=TODAY)
    assert error.value.code == code


def test_an_order_is_kept_without_needless_blanks() -> None:
    found = checked(ORDER, today=TODAY)
    assert (found.ordered_by, found.place, found.theme) == ("Hagebyskolan, åk 8", "Aulan", "Narkotika och grupptryck")


@pytest.mark.parametrize("field", ["ordered_by", "place", "theme"])
def test_no_text_is_missing_too_long_or_could_hold_a_personal_number(field: str) -> None:
    refused(f"no_{field}", **{field: "  "})
    refused(f"too_long_{field}", **{field: "x" * (LONGEST + 1)})
    for number in ("20110315-9807", "110315 9807", "2011 03 15", "2011/03/15 9807", "11\u00ad03\u00ad15\u20119807"):
        refused(f"person_{field}", **{field: f"om {number}"})


def test_a_day_that_has_passed_is_refused() -> None:
    refused("past_day", day=TODAY - timedelta(days=1))


@pytest.mark.parametrize(("state", "move"), list(product(OrderState, OrderMove)))
def test_what_the_table_does_not_have_is_refused_and_the_legal_moves_are_named(state: OrderState, move: OrderMove) -> None:
    if move in TABLE[state]:
        assert moved(state, move, OrderOutcome.AS_ORDERED, 0) is TABLE[state][move]
        return
    with pytest.raises(IllegalOrderMoveError) as error:
        moved(state, move, OrderOutcome.AS_ORDERED, 0)
    assert set(error.value.legal) == set(TABLE[state])
    assert all(one in str(error.value) for one in TABLE[state])


@pytest.mark.parametrize(
    ("people", "good"), [(0, True), (MOST_PEOPLE, True), (-1, False), (MOST_PEOPLE + 1, False), (None, False)]
)
def test_carrying_out_takes_an_outcome_and_a_number(people: int | None, good: bool) -> None:
    with pytest.raises(RejectedError, match="outcome"):
        moved(OrderState.ACCEPTED, OrderMove.CARRY_OUT, None, 3)
    if good:
        assert moved(OrderState.ACCEPTED, OrderMove.CARRY_OUT, OrderOutcome.FEW_CAME, people) is OrderState.CARRIED_OUT
        return
    with pytest.raises(RejectedError, match="people"):
        moved(OrderState.ACCEPTED, OrderMove.CARRY_OUT, OrderOutcome.FEW_CAME, people)


def test_an_order_goes_from_arrival_to_its_outcome(desk: CaseDesk) -> None:
    orders = Orders(desk.engine, desk.clock)
    number = orders.receive("outreach", ORDER, record=no_log)
    (kept,) = orders.of_team("outreach")
    assert (kept.order_id, kept.state, kept.order.place, kept.is_late(TODAY)) == (number, OrderState.RECEIVED, "Aulan", False)
    assert kept.is_late(TODAY + timedelta(days=1))
    orders.move(number, "outreach", OrderMove.ACCEPT, seen=kept.version, record=no_log)
    with pytest.raises(RejectedError) as late:
        orders.move(number, "outreach", OrderMove.CANCEL, seen=kept.version, record=no_log)
    assert late.value.code == "changed_meanwhile"
    seen = orders.read(number, "outreach").version
    orders.move(number, "outreach", OrderMove.CARRY_OUT, seen=seen, record=no_log, outcome=OrderOutcome.AS_ORDERED, people=24)
    assert orders.of_team("outreach") == []
    (ended,) = orders.of_team("outreach", ended=True)
    assert (ended.state, ended.outcome, ended.people) == (OrderState.CARRIED_OUT, OrderOutcome.AS_ORDERED, 24)
    assert not ended.is_late(TODAY + timedelta(days=9))


def test_another_team_has_no_such_order_and_without_the_log_nothing_is_done(desk: CaseDesk) -> None:
    orders = Orders(desk.engine, desk.clock)
    number = orders.receive("outreach", ORDER, record=no_log)

    def away() -> None:
        raise RetriableError("no log", code="audit")

    with pytest.raises(RejectedError) as other:
        orders.read(number, "sig")
    assert other.value.code == "unknown_order"
    for deed in (
        lambda: orders.receive("outreach", ORDER, record=away),
        lambda: orders.move(number, "outreach", OrderMove.ACCEPT, seen=1, record=away),
    ):
        with pytest.raises(RetriableError):
            deed()
    (kept,) = orders.of_team("outreach")
    assert kept.state is OrderState.RECEIVED
    assert kept.received_at == datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
