"""An agency learns of a reference only when a consent covers it: from the consent's first day on, and not sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.contract.models import Erasure
from hub.registry.erasures import record_receipt
from hub.registry.upkeep import next_refresh, refresh
from tests.unit.registry.support import POLICE, SCHOOL, START, Installation, make_grant, make_identifier

PERSON = make_identifier()
EVE = datetime(2025, 8, 17, 21, 59, 59, tzinfo=UTC)
FIRST_DAY = datetime(2025, 8, 17, 22, tzinfo=UTC)  # midnight in Sweden
LATER = {"valid_from": "2025-08-18", "valid_to": "2025-12-01"}
SPAN = {"from": "2025-08-17T22:00:00+00:00", "to": "2025-11-30T23:00:00+00:00"}
SIG = {"cooperation": "sig", "recipients": ("sig",)}
AT_SCHOOL = {"agencies": (SCHOOL,), "kinds": ("school_absence",)}


def pass_time(home: Installation, until: datetime) -> None:
    home.clock.set(until)
    refresh(home.registry)
    home.relay.run_once()


@pytest.mark.parametrize("earlier", [True, False])
def test_an_agency_is_told_at_midnight_of_the_first_day_whether_or_not_the_form_reaches_back(
    home: Installation, earlier: bool
) -> None:
    assert home.registry.grant(make_grant(**LATER, includes_earlier=earlier)).status == "in_force"
    home.relay.run_once()
    pass_time(home, EVE)
    for agency in (SCHOOL, POLICE):
        assert (home.told(agency).version, home.told(agency).entries) == (0, [])
    assert home.rows("link_key") == 0
    assert next_refresh(EVE) == FIRST_DAY
    home.clock.set(FIRST_DAY)
    assert refresh(home.registry) == 1
    for agency in (SCHOOL, POLICE):
        (entry,) = home.told(agency).entries
        assert (entry["removed"], entry["spans"], entry["version"]) == (False, [SPAN], 1)
    assert refresh(home.registry) == 0
    assert len(home.sent()) == 1  # the record says the same as before


def test_what_was_not_acknowledged_by_midnight_is_told_with_its_acknowledgement(home: Installation) -> None:
    home.registry.grant(make_grant(**LATER))
    home.clock.set(FIRST_DAY)
    refresh(home.registry)
    assert home.told().entries == []
    home.relay.run_once()
    assert [entry["spans"] for entry in home.told().entries] == [[SPAN]]


def test_what_is_acknowledged_after_midnight_before_the_registry_looked_is_told_when_it_has(home: Installation) -> None:
    home.registry.grant(make_grant(**LATER))
    home.clock.set(FIRST_DAY)
    home.relay.run_once()
    refresh(home.registry)
    assert [entry["spans"] for entry in home.told().entries] == [[SPAN]]


def test_an_agency_that_was_not_told_is_not_told_of_a_withdrawal_before_the_first_day_either(home: Installation) -> None:
    home.registry.grant(make_grant(**LATER))
    home.relay.run_once()
    home.told(SCHOOL)
    home.told(POLICE)
    home.clock.advance(timedelta(days=1))
    home.registry.withdraw(PERSON)
    home.relay.run_once()
    pass_time(home, FIRST_DAY)
    for agency in (SCHOOL, POLICE):
        assert (home.told(agency).version, home.told(agency).entries) == (0, [])
    (request,) = home.sent("hub.erasures.v1")
    for component in ("worker", "delivery"):
        with home.registry.work() as work:
            receipt = {**request.model_dump(), "kind": "receipt", "component": component}
            assert record_receipt(work.session, Erasure.model_validate(receipt), work.now)
    assert home.registry.erasure_status()[0].complete


def test_what_an_agency_is_told_of_one_consent_grows_on_the_first_day_of_another(home: Installation) -> None:
    home.registry.grant(make_grant(valid_to="2025-10-01"))
    home.relay.run_once()
    before = home.told()
    home.registry.grant(make_grant(**SIG, **LATER))
    home.relay.run_once()
    assert home.told() == before
    pass_time(home, EVE)
    assert home.told() == before
    pass_time(home, FIRST_DAY)
    (entry,) = home.told(since=before.version).entries
    assert entry["spans"] == [{"from": "2025-01-18T23:00:00+00:00", "to": SPAN["to"]}]
    assert entry["link_key"] == before.entries[0]["link_key"]


def test_what_ends_before_another_begins_is_gone_for_good_as_if_no_other_were_to_come(home: Installation) -> None:
    told = []
    for number, coming in enumerate((False, True)):
        person, seen = make_identifier(number), home.told().version
        home.registry.grant(make_grant(person, **AT_SCHOOL))
        home.registry.grant(make_grant(person, **SIG, agencies=(POLICE,), kinds=("police_notice",)))
        if coming:
            home.registry.grant(make_grant(person, **SIG, **AT_SCHOOL, **LATER))
        home.relay.run_once()
        home.told()
        home.registry.withdraw(person, "sspf")
        home.relay.run_once()
        gone = home.told(since=seen).entries
        told.append([(entry["removed"], entry["erasure_id"] is not None, entry["version"] - seen) for entry in gone])
    assert told[0] == told[1] == [(True, True, 2)]
    pass_time(home, FIRST_DAY)
    (entry,) = [entry for entry in home.told().entries if not entry["removed"]]
    assert entry["spans"] == [SPAN]


def test_one_that_follows_on_another_at_midnight_leaves_no_gap(home: Installation) -> None:
    home.registry.grant(make_grant(valid_to="2025-08-18"))
    home.registry.grant(make_grant(**LATER))
    home.relay.run_once()
    (before,) = home.told().entries
    pass_time(home, FIRST_DAY)
    (after,) = home.told().entries
    assert (after["removed"], after["spans"], after["link_key"]) == (False, [SPAN], before["link_key"])


def test_what_was_told_ahead_by_a_former_version_is_taken_back_until_the_first_day(home: Installation) -> None:
    home.registry.grant(make_grant(**LATER))
    home.relay.run_once()
    pass_time(home, FIRST_DAY)
    (ahead,) = home.told().entries
    home.clock.set(START)  # as it was told then
    assert refresh(home.registry) == 1
    (gone,) = home.told().entries
    assert (gone["removed"], gone["erasure_id"] is not None) == (True, True)
    assert refresh(home.registry) == 0
    pass_time(home, FIRST_DAY)
    (again,) = home.told().entries
    assert (again["removed"], again["spans"]) == (False, [SPAN])
    assert again["link_key"] != ahead["link_key"]
