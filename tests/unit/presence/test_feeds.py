"""A calendar's address is told once, ends by itself, and is worth nothing once it is renewed."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.errors import RejectedError
from hub.presence.feeds import HOLDS
from tests.unit.presence.make import ANNA, NOW, PlanHouse, broken_log


def gone(house: PlanHouse, secret: str) -> bool:
    try:
        house.feeds.read(secret)
    except RejectedError as error:
        return error.code == "bad_link"
    return False


def test_an_address_leads_to_its_owners_calendar_and_stands_nowhere(house: PlanHouse) -> None:
    secret = house.feeds.renew(ANNA, "sv", house.record)
    assert house.feeds.read(secret).account == ANNA
    with house.engine.connect() as connection:
        assert secret not in str(connection.execute(text("SELECT * FROM presence_feed")).all())


def test_a_renewed_address_ends_the_former_one(house: PlanHouse) -> None:
    first = house.feeds.renew(ANNA, "sv", house.record)
    second = house.feeds.renew(ANNA, "sv", house.record)
    assert (gone(house, first), gone(house, second)) == (True, False)


def test_an_address_ends_by_its_owner_or_by_itself(house: PlanHouse) -> None:
    secret = house.feeds.renew(ANNA, "sv", house.record)
    house.clock.set(NOW + HOLDS)
    assert gone(house, secret)
    assert house.feeds.of(ANNA) is None
    house.clock.set(NOW)
    house.feeds.end(ANNA, house.record)
    assert gone(house, secret)


def test_without_the_log_there_is_no_address(house: PlanHouse) -> None:
    with pytest.raises(OSError, match="no space"):
        house.feeds.renew(ANNA, "sv", broken_log)
    assert house.feeds.of(ANNA) is None
