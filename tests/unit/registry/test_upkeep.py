from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.contract.models import ConsentStatus
from hub.registry.upkeep import refresh, republish
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

SHA = 64 * "a"


def test_every_current_record_is_published_again_as_it_was_withdrawn_ones_too(home: Installation) -> None:
    home.registry.grant_many([make_grant(make_identifier(number)) for number in range(3)])
    home.registry.grant(make_grant(make_identifier(3), signed=()))
    home.registry.withdraw(make_identifier(0))
    home.relay.run_once()
    before = {record.youth_ref: record for record in home.sent()}
    version = home.told().version
    home.kafka.published.clear()
    assert republish(home.registry) == 4  # three records and one open erasure request
    home.relay.run_once()
    assert {record.youth_ref: record for record in home.sent()} == before
    assert home.told().version == version


def test_published_messages_are_kept_a_day(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    home.clock.advance(timedelta(hours=25))
    republish(home.registry)
    assert home.rows("outbox") == 1


def test_an_expired_consent_ends_and_with_the_last_one_the_mapping(home: Installation) -> None:
    person = make_identifier()
    home.registry.grant(make_grant(person, valid_to="2025-06-01"))
    home.registry.grant(make_grant(person, cooperation="sig", recipients=("sig",), valid_to="2025-07-01"))
    home.relay.run_once()
    home.told(SCHOOL)
    assert refresh(home.registry) == 0
    home.clock.set(datetime(2025, 6, 2, tzinfo=UTC))
    assert refresh(home.registry) == 1
    assert sorted(consent.state for consent in home.registry.show(person).consents) == ["expired", "in_force"]
    home.clock.set(datetime(2025, 7, 2, tzinfo=UTC))
    assert refresh(home.registry) == 1
    assert home.told(SCHOOL).entries[0]["removed"] is True
    assert home.registry.references([person]) == [None]
    home.relay.run_once()
    assert home.sent()[-1].status is ConsentStatus.WITHDRAWN
    assert "connector-ss12000" in home.registry.erasure_status()[0].waiting_for
    assert refresh(home.registry) == 0


def test_a_new_age_is_published_on_the_first_of_the_month_after_the_birthday(home: Installation) -> None:
    home.registry.grant(make_grant(make_identifier(born="20130510"), valid_to="2026-01-01"))
    home.relay.run_once()
    assert home.sent()[0].age_years == 11
    home.clock.set(datetime(2025, 6, 1, tzinfo=UTC))
    assert refresh(home.registry) == 1
    home.relay.run_once()
    assert [(record.version, record.age_years) for record in home.sent()] == [(1, 11), (2, 12)]


def test_at_eighteen_what_guardians_signed_lapses(home: Installation) -> None:
    person = make_identifier(born="20070610")
    home.registry.grant(make_grant(person, signed=("guardian_1", "guardian_2", "youth")))
    home.clock.set(datetime(2025, 6, 9, tzinfo=UTC))
    assert refresh(home.registry) == 0
    home.clock.set(datetime(2025, 6, 10, tzinfo=UTC))
    assert refresh(home.registry) == 1
    assert [(consent.state, consent.rule) for consent in home.registry.consents()] == [("lapsed", "lapsed_at_18")]
    view = home.registry.grant(make_grant(person, required=("youth",), signed=("youth",)))
    assert view.status == "in_force"
