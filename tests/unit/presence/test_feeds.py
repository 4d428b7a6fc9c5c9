"""A calendar's address is told once, ends by itself, and is worth nothing once it is renewed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from hub.errors import RejectedError
from hub.presence.feeds import HOLDS
from tests.unit.presence.make import ANNA, NOW, PlanHouse, broken_log

TEAM = "outreach"


def gone(house: PlanHouse, secret: str) -> bool:
    try:
        house.feeds.read(secret)
    except RejectedError as error:
        return error.code == "bad_link"
    return False


def test_an_address_leads_to_its_owners_calendar_and_stands_nowhere(house: PlanHouse) -> None:
    secret = house.feeds.renew(ANNA, TEAM, "sv", house.record)
    assert house.feeds.read(secret).account == ANNA
    with house.engine.connect() as connection:
        assert secret not in str(connection.execute(text("SELECT * FROM calendar_feed")).all())


def test_a_renewed_address_ends_the_former_one(house: PlanHouse) -> None:
    first = house.feeds.renew(ANNA, TEAM, "sv", house.record)
    second = house.feeds.renew(ANNA, TEAM, "sv", house.record)
    assert (gone(house, first), gone(house, second)) == (True, False)


def test_an_address_ends_by_its_owner_or_by_itself(house: PlanHouse) -> None:
    secret = house.feeds.renew(ANNA, TEAM, "sv", house.record)
    house.clock.set(NOW + HOLDS)
    assert gone(house, secret)
    assert house.feeds.of(ANNA, TEAM) is None
    house.clock.set(NOW)
    house.feeds.end(ANNA, TEAM, house.record)
    assert gone(house, secret)


def test_without_the_log_there_is_no_address(house: PlanHouse) -> None:
    with pytest.raises(OSError, match="no space"):
        house.feeds.renew(ANNA, TEAM, "sv", broken_log)
    assert house.feeds.of(ANNA, TEAM) is None


def test_an_address_is_of_one_team_and_another_teams_ends_by_itself(house: PlanHouse) -> None:
    ours, theirs = (house.feeds.renew(ANNA, team, "sv", house.record) for team in (TEAM, "sig"))
    assert [house.feeds.read(one).team for one in (ours, theirs)] == [TEAM, "sig"]
    house.feeds.end(ANNA, TEAM, house.record)
    assert (gone(house, ours), gone(house, theirs)) == (True, False)


def test_the_first_look_of_each_swedish_day_is_recorded_before_it_counts(house: PlanHouse) -> None:
    secret, looks = house.feeds.renew(ANNA, TEAM, "sv", house.record), list[str]()
    for hours in (0, 1, 16, 17, 40):  # 07.30, 08.30, 23.30, 00.30, 23.30 the day after
        house.clock.set(NOW + timedelta(hours=hours))
        house.feeds.fetched(house.feeds.read(secret), lambda at=hours: looks.append(str(at)))
    assert looks == ["0", "17"]
    found = house.feeds.of(ANNA, TEAM)
    assert found is not None
    assert found.fetched_on == date(2025, 5, 20)


def test_without_the_log_no_look_counts(house: PlanHouse) -> None:
    secret = house.feeds.renew(ANNA, TEAM, "sv", house.record)
    with pytest.raises(OSError, match="no space"):
        house.feeds.fetched(house.feeds.read(secret), broken_log)
    assert house.feeds.read(secret).fetched_on is None
