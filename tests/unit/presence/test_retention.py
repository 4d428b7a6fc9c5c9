"""A presence that is over and reported goes after its time, with its offers and deeds; one that nobody reported stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.presence.retention import Presences
from hub.presence.tables import DeedRow, OfferRow, VisitRow
from hub.retention import Due
from tests.unit.presence.make import ANNA, DONE, FRIDAY, PlanHouse

ENDED = FRIDAY + timedelta(hours=3)


def counts(house: PlanHouse) -> list[int]:
    with Session(house.engine) as session:
        return [session.scalar(select(func.count()).select_from(row)) or 0 for row in (VisitRow, OfferRow, DeedRow)]


def reported(house: PlanHouse) -> None:
    visit = house.visit()
    house.offer(visit, house.agreement())
    house.clock.set(ENDED)
    (now,) = [one for one in house.plan.between(FRIDAY, FRIDAY + timedelta(hours=1)) if one.visit_id == visit.visit_id]
    house.plan.report(visit.visit_id, DONE, ANNA, seen=now.version, record=house.record)


def test_what_is_over_and_reported_goes_with_its_offers_and_deeds(house: PlanHouse) -> None:
    reported(house)
    presences = Presences(house.engine, 730)
    assert presences.due(ENDED - timedelta(seconds=1)) == Due(0, 1)
    assert presences.due(ENDED) == Due(1, 0, ENDED, {})
    assert min(counts(house)) > 0
    assert (presences.let_go(ENDED, 500), presences.let_go(ENDED, 500)) == (1, 0)
    assert counts(house) == [0, 0, 0]


def test_what_nobody_has_reported_stays_whatever_its_age(house: PlanHouse) -> None:
    house.visit()
    presences, later = Presences(house.engine, 730), ENDED + timedelta(days=5000)
    assert presences.due(later) == Due(0, 0, None, {"not_reported": 1})
    assert presences.let_go(later, 500) == 0
    assert counts(house)[0] == 1
