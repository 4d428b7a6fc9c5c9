"""The follow-up of a year counts by association and area what was offered, accepted and carried out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hub.presence.codes import NotDone
from hub.presence.figures import YearLine, year_of
from hub.presence.reports import Report
from tests.unit.presence.make import ANNA, CITY, DONE, FRIDAY, HAGEBY, PlanHouse


def lines(house: PlanHouse, year: int = 2025) -> list[YearLine]:
    return year_of(house.engine, year, str)


def test_each_step_is_counted_and_hours_are_of_what_was_carried_out(house: PlanHouse) -> None:
    agreement = house.agreement(areas=(HAGEBY, CITY))
    for hours in (0, 24):
        visit = house.visit(starts=FRIDAY + timedelta(hours=hours))
        offer = house.offer(visit, agreement)[0]
        house.accept(offer)
        house.clock.set(visit.ends_at)
        report = DONE if hours == 0 else Report(date(2025, 5, 24), reason=NotDone.WEATHER)
        house.offers.report_by_link(offer.report_link, report, house.record)
    refused = house.offer(house.visit(area=CITY, starts=FRIDAY + timedelta(days=3)), agreement)[0]
    house.offers.answer(refused.answer_link, house.record, accept=False)
    assert lines(house) == [
        YearLine("Hageby IF", CITY, offered=1),
        YearLine("Hageby IF", HAGEBY, offered=2, accepted=2, carried_out=1, minutes=150, adult_minutes=600, youths=30),
    ]


def test_what_the_team_took_back_unanswered_was_never_offered(house: PlanHouse) -> None:
    offer = house.offer(house.visit(), house.agreement())[0]
    house.offers.withdraw(offer.offer_id, ANNA, seen=offer.version, record=house.record)
    assert lines(house) == []


def test_a_year_begins_at_midnight_in_sweden(house: PlanHouse) -> None:
    house.clock.set(datetime(2025, 12, 20, tzinfo=UTC))
    agreement = house.agreement(valid_until=date(2026, 12, 31))
    for starts in (datetime(2025, 12, 31, 22, 59, tzinfo=UTC), datetime(2025, 12, 31, 23, 0, tzinfo=UTC)):
        house.offer(house.visit(starts=starts), agreement)
    assert [(year, line.offered) for year in (2025, 2026) for line in lines(house, year)] == [(2025, 1), (2026, 1)]


def test_two_agreements_of_one_association_are_one_line(house: PlanHouse) -> None:
    visit = house.visit()
    house.offer(visit, house.agreement("Hageby IF"), house.agreement("Hageby if"))
    assert [line.offered for line in lines(house)] == [2]
