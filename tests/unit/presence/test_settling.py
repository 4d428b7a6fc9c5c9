"""What becomes of a presence of associations alone: it follows from all its places, by the newest word of each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.errors import RejectedError
from hub.presence.codes import ASSOCIATIONS, NotDone, OfferState, VisitState
from hub.presence.offers import Offer
from hub.presence.plan import Visit
from hub.presence.reports import Report
from tests.unit.presence.make import ANNA, DONE, FRIDAY, NOW, PlanHouse

AFTER = FRIDAY + timedelta(hours=4)
NOT_DONE = Report(DONE.day, reason=NotDone.STAFF)


@pytest.fixture
def visit(house: PlanHouse) -> Visit:
    return house.visit(who=ASSOCIATIONS)


def state(house: PlanHouse, visit: Visit) -> VisitState:
    return house.plan.one(visit.visit_id).state


def tell(house: PlanHouse, offer: Offer, report: Report) -> None:
    house.offers.report_by_link(offer.report_link, report, house.record)


def undo(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    """The team takes away what an association told."""
    (seen,) = (one.version for one in house.of(visit) if one.offer_id == offer.offer_id)
    house.offers.unreport(offer.offer_id, ANNA, seen=seen, record=house.record)


def test_it_is_as_they_tell_once_all_have(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"), places=2)
    house.accept(first)
    house.accept(second)
    house.clock.set(AFTER)
    tell(house, first, NOT_DONE)
    assert state(house, visit) is VisitState.PLANNED
    tell(house, second, DONE)
    assert state(house, visit) is VisitState.CARRIED_OUT


def test_what_is_taken_away_and_told_anew_counts_as_it_was_told_last(house: PlanHouse, visit: Visit) -> None:
    (offer,) = house.offer(visit, house.agreement())
    house.accept(offer)
    house.clock.set(AFTER)
    tell(house, offer, NOT_DONE)
    assert state(house, visit) is VisitState.NOT_CARRIED_OUT
    undo(house, visit, offer)
    assert state(house, visit) is VisitState.PLANNED
    tell(house, offer, DONE)
    assert state(house, visit) is VisitState.CARRIED_OUT


def test_the_team_tells_something_else_for_an_association_and_that_counts(house: PlanHouse, visit: Visit) -> None:
    (offer,) = house.offer(visit, house.agreement())
    house.accept(offer)
    house.clock.set(AFTER)
    tell(house, offer, NOT_DONE)
    house.offers.report(offer.offer_id, DONE, ANNA, seen=house.of(visit)[0].version, record=house.record)
    assert state(house, visit) is VisitState.CARRIED_OUT


def test_an_early_no_of_one_leaves_the_others_their_places(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"), places=2)
    house.accept(first)
    tell(house, first, NOT_DONE)
    assert state(house, visit) is VisitState.PLANNED
    house.accept(second)
    assert {one.state for one in house.of(visit)} == {OfferState.ACCEPTED}
    house.clock.set(AFTER)
    tell(house, second, DONE)
    assert state(house, visit) is VisitState.CARRIED_OUT


def test_when_the_last_who_could_have_come_says_no_nobody_was_there(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"), places=2)
    house.accept(first)
    tell(house, first, NOT_DONE)
    house.offers.answer(second.answer_link, house.record, accept=False)
    assert state(house, visit) is VisitState.NOT_CARRIED_OUT


@pytest.mark.parametrize("places", [1, 2])
def test_who_can_come_no_more_is_waited_for_no_longer(house: PlanHouse, visit: Visit, places: int) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"), places=places, by=NOW + timedelta(days=1))
    house.accept(first)
    if places == 2:  # of one place the other's is taken already; of two its time to answer is over
        house.clock.set(second.answer_by)
    tell(house, first, NOT_DONE)
    assert state(house, visit) is VisitState.NOT_CARRIED_OUT


def test_an_offer_that_is_taken_back_is_waited_for_no_longer(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"), places=2)
    house.accept(first)
    house.accept(second)
    house.clock.set(AFTER)
    tell(house, first, DONE)
    assert state(house, visit) is VisitState.PLANNED
    (seen,) = (one.version for one in house.of(visit) if one.offer_id == second.offer_id)
    house.offers.withdraw(second.offer_id, ANNA, seen=seen, record=house.record)
    assert state(house, visit) is VisitState.CARRIED_OUT


def test_what_the_team_told_of_the_presence_itself_holds_and_a_cancelled_one_stays_so(house: PlanHouse) -> None:
    told, cancelled = house.visit(who=ASSOCIATIONS), house.visit(who=ASSOCIATIONS)
    offers = [house.offer(one, house.agreement())[0] for one in (told, cancelled)]
    for offer in offers:
        house.accept(offer)
    house.clock.set(AFTER)
    house.plan.report(told.visit_id, NOT_DONE, ANNA, seen=house.plan.one(told.visit_id).version, record=house.record)
    tell(house, offers[0], DONE)
    assert state(house, told) is VisitState.NOT_CARRIED_OUT
    tell(house, offers[1], DONE)
    version = house.plan.one(cancelled.visit_id).version
    reopened = house.plan.reopen(cancelled.visit_id, ANNA, seen=version, record=house.record)
    house.plan.cancel(cancelled.visit_id, ANNA, seen=reopened.version, record=house.record)
    undo(house, cancelled, offers[1])
    assert state(house, cancelled) is VisitState.CANCELLED


def test_nobody_having_accepted_settles_nothing(house: PlanHouse, visit: Visit) -> None:
    (offer,) = house.offer(visit, house.agreement())
    house.offers.answer(offer.answer_link, house.record, accept=False)
    assert state(house, visit) is VisitState.PLANNED


def test_a_presence_that_is_planned_anew_is_offered_to_others_and_settled_by_them(house: PlanHouse, visit: Visit) -> None:
    (first,) = house.offer(visit, house.agreement("A"))
    house.accept(first)
    tell(house, first, NOT_DONE)
    house.plan.reopen(visit.visit_id, ANNA, seen=house.plan.one(visit.visit_id).version, record=house.record)
    second = next(one for one in house.offer(visit, house.agreement("B"), places=2) if one.offer_id != first.offer_id)
    house.accept(second)
    assert state(house, visit) is VisitState.PLANNED
    with pytest.raises(RejectedError):
        house.accept(first)
    house.clock.set(AFTER)
    tell(house, second, DONE)
    assert state(house, visit) is VisitState.CARRIED_OUT
