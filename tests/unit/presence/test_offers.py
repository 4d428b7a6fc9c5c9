"""Offers: place and time to associations, one answer to a link, no more acceptances than places, and an undo for the team."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import RejectedError
from hub.presence.codes import DeedKind, NotDone, OfferState, VisitState
from hub.presence.links import LinkPurpose
from hub.presence.offers import Offer
from hub.presence.plan import Visit
from hub.presence.reports import Report
from tests.unit.presence.make import ANNA, CITY, DONE, FRIDAY, NOW, PlanHouse, broken_log

AFTER = FRIDAY + timedelta(hours=4)


def code_of(house: PlanHouse, link: str, purpose: LinkPurpose = LinkPurpose.ANSWER) -> str:
    """Why a link leads to nothing; empty when it is good."""
    try:
        house.offers.read(purpose, link)
    except RejectedError as error:
        return error.code
    return ""


@pytest.fixture
def visit(house: PlanHouse) -> Visit:
    return house.visit()


@pytest.fixture
def offer(house: PlanHouse, visit: Visit) -> Offer:
    return house.offer(visit, house.agreement())[0]


def test_an_offer_waits_for_an_answer_and_its_link_shows_place_and_time(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    found = house.offers.read(LinkPurpose.ANSWER, offer.answer_link)
    assert (found.visit.area, found.visit.starts_at, found.offer.state) == (visit.area, FRIDAY, OfferState.OFFERED)
    assert code_of(house, offer.answer_link) == ""  # looking uses up nothing


def test_a_link_takes_one_answer(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    house.accept(offer)
    with pytest.raises(RejectedError) as error:
        house.offers.answer(offer.answer_link, house.record, accept=False)
    assert error.value.code == "link_used"
    assert house.of(visit)[0].state is OfferState.ACCEPTED
    assert [one.kind for one in house.plan.history(visit.visit_id)] == [DeedKind.PLANNED, DeedKind.OFFERED, DeedKind.ACCEPTED]


def test_the_first_who_accepts_gets_it_and_the_others_are_told_so(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"))
    house.accept(second)
    assert code_of(house, first.answer_link) == "filled"
    with pytest.raises(RejectedError):
        house.accept(first)


def test_several_get_it_up_to_a_number(house: PlanHouse, visit: Visit) -> None:
    offers = house.offer(visit, *(house.agreement(name) for name in "ABC"), places=2)
    house.accept(offers[0])
    house.accept(offers[1])
    assert code_of(house, offers[2].answer_link) == "filled"


def test_of_many_who_accept_at_once_only_as_many_get_it_as_there_are_places(house: PlanHouse, visit: Visit) -> None:
    offers = house.offer(visit, *(house.agreement(f"Förening {number}") for number in range(6)), places=2)

    def accept(offer: Offer) -> str:
        try:
            house.accept(offer)
        except RejectedError as error:
            return error.code
        return "accepted"

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(accept, offers))
    assert said == ["accepted"] * 2 + ["filled"] * 4
    assert sum(one.state is OfferState.ACCEPTED for one in house.of(visit)) == 2


def test_an_acceptance_that_the_team_undoes_leaves_its_place_to_others(house: PlanHouse, visit: Visit) -> None:
    first, second = house.offer(visit, house.agreement("A"), house.agreement("B"))
    house.accept(first)
    accepted = house.of(visit)[0]
    house.offers.withdraw(first.offer_id, ANNA, seen=accepted.version, record=house.record)
    assert code_of(house, first.answer_link) == "link_withdrawn"
    assert code_of(house, first.report_link, LinkPurpose.REPORT) == "link_withdrawn"
    house.accept(second)


def test_a_link_ends_with_its_time(house: PlanHouse, visit: Visit) -> None:
    offer = house.offer(visit, house.agreement(), by=NOW + timedelta(days=1))[0]
    house.clock.set(NOW + timedelta(days=1, seconds=-1))
    assert code_of(house, offer.answer_link) == ""
    house.clock.set(NOW + timedelta(days=1))
    assert code_of(house, offer.answer_link) == "link_expired"


def test_a_link_ends_with_the_presence_and_with_the_agreement(house: PlanHouse, visit: Visit) -> None:
    agreement = house.agreement()
    offer = house.offer(visit, agreement)[0]
    house.agreements.end(agreement.agreement_id, ANNA, seen=1, record=house.record)
    assert code_of(house, offer.answer_link) == "agreement_ended"
    version = house.plan.one(visit.visit_id).version
    house.plan.cancel(visit.visit_id, ANNA, seen=version, record=house.record)
    assert code_of(house, offer.answer_link) == "link_cancelled"


def test_a_link_to_what_the_team_called_off_says_so_and_comes_back_with_it(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    version = house.plan.one(visit.visit_id).version
    report = Report(DONE.day, reason=NotDone.STAFF)
    told = house.plan.report(visit.visit_id, report, ANNA, seen=version, record=house.record)
    assert code_of(house, offer.answer_link) == "link_cancelled"
    house.plan.reopen(visit.visit_id, ANNA, seen=told.version, record=house.record)
    assert code_of(house, offer.answer_link) == ""


def test_what_was_not_made_here_is_no_link(house: PlanHouse, offer: Offer) -> None:
    for token in ("", "x", offer.offer_id, offer.answer_link[:-1], offer.answer_link + "x", offer.report_link):
        assert code_of(house, token) == "bad_link", token


def test_an_expired_agreement_or_one_of_another_area_offers_nothing(house: PlanHouse, visit: Visit) -> None:
    other = house.agreement(areas=(CITY,))
    ended = house.agreement(valid_until=FRIDAY.date() - timedelta(days=1))
    for agreement in (other, ended):
        with pytest.raises(RejectedError) as error:
            house.offer(visit, agreement)
        assert error.value.code == "not_covered"
    assert house.of(visit) == []


def test_who_holds_an_offer_gets_no_second_and_who_said_no_may(house: PlanHouse, visit: Visit) -> None:
    agreement = house.agreement()
    offer = house.offer(visit, agreement)[0]
    assert len(house.offer(visit, agreement)) == 1
    house.offers.answer(offer.answer_link, house.record, accept=False)
    house.clock.set(NOW + timedelta(minutes=1))
    assert [one.state for one in house.offer(visit, agreement)] == [OfferState.REFUSED, OfferState.OFFERED]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"places": 0}, "bad_places"),
        ({"places": 21}, "bad_places"),
        ({"agreements": []}, "nobody_chosen"),
        ({"answer_by": NOW}, "begun"),
        ({"answer_by": FRIDAY + timedelta(seconds=1)}, "begun"),
    ],
)
def test_an_offer_that_cannot_be_made_says_why(house: PlanHouse, visit: Visit, asked: dict[str, Any], code: str) -> None:
    usual = {"agreements": [house.agreement().agreement_id], "places": 1, "answer_by": NOW + timedelta(days=1)}
    with pytest.raises(RejectedError) as error:
        house.offers.make(visit.visit_id, **usual | asked, account=ANNA, record=house.record)
    assert error.value.code == code


def test_an_answer_that_the_log_does_not_take_is_none(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    with pytest.raises(OSError, match="no space"):
        house.offers.answer(offer.answer_link, broken_log, accept=True)
    assert house.of(visit)[0].state is OfferState.OFFERED


def test_an_association_reports_once_through_its_link_for_thirty_days(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    assert code_of(house, offer.report_link, LinkPurpose.REPORT) == "not_accepted"
    house.accept(offer)
    with pytest.raises(RejectedError) as early:
        house.offers.report_by_link(offer.report_link, DONE, house.record)
    assert early.value.code == "not_begun"
    house.clock.set(AFTER)
    house.offers.report_by_link(offer.report_link, DONE, house.record)
    report = house.of(visit)[0].report
    assert report is not None
    assert (report.minutes, report.adults, report.youths) == (150, 4, 30)
    assert code_of(house, offer.report_link, LinkPurpose.REPORT) == "link_used"


def test_a_link_to_report_ends_after_thirty_days(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    house.accept(offer)
    house.clock.set(visit.ends_at + timedelta(days=30))
    assert code_of(house, offer.report_link, LinkPurpose.REPORT) == "link_expired"


def test_the_team_reports_for_an_association_and_takes_a_report_away(house: PlanHouse, visit: Visit, offer: Offer) -> None:
    house.accept(offer)
    house.clock.set(AFTER)
    version = house.of(visit)[0].version
    house.offers.report(offer.offer_id, DONE, ANNA, seen=version, record=house.record)
    told = house.of(visit)[0]
    assert told.report is not None
    assert told.report.by == ANNA
    with pytest.raises(RejectedError) as error:
        house.offers.withdraw(offer.offer_id, ANNA, seen=told.version, record=house.record)
    assert error.value.code == "reported"
    house.offers.unreport(offer.offer_id, ANNA, seen=told.version, record=house.record)
    assert house.of(visit)[0].report is None
    assert code_of(house, offer.report_link, LinkPurpose.REPORT) == ""


def test_what_one_association_tells_settles_nothing_of_the_teams_own_presence(
    house: PlanHouse, visit: Visit, offer: Offer
) -> None:
    house.accept(offer)
    house.clock.set(AFTER)
    house.offers.report_by_link(offer.report_link, DONE, house.record)
    assert house.plan.one(visit.visit_id).state is VisitState.PLANNED
