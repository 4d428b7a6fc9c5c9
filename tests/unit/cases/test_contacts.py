"""Who asks to be reached: a way of contact, sealed, until it was used or its days are over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.cases.contacts import LONGEST, Asking, Contacts
from hub.cases.tables import ContactRow
from hub.cases.withdrawing import GO_WITH_CONSENT
from hub.delivery.others import lapse
from hub.errors import RejectedError, RetriableError
from tests.unit.cases.make import KEY, CaseDesk, no_log

WAY = "070-123 45 67, efter skolan"
KEPT = timedelta(days=30)


@pytest.fixture
def contacts(desk: CaseDesk) -> Contacts:
    return Contacts(desk.engine, KEY, desk.clock, kept=KEPT)


def rows(desk: CaseDesk) -> list[ContactRow]:
    with Session(desk.engine) as session:
        return list(session.query(ContactRow))


def test_a_way_of_contact_lies_sealed_and_is_opened_by_its_team(desk: CaseDesk, contacts: Contacts) -> None:
    number = contacts.receive("outreach", Asking.PARENT, f" {WAY} ", record=no_log)
    assert b"070" not in rows(desk)[0].sealed
    (listed,) = contacts.of_team("outreach")
    assert (listed.contact_id, listed.asking, listed.until) == (number, Asking.PARENT, desk.clock.now() + KEPT)
    assert contacts.open(number, "outreach")[1] == WAY
    assert Contacts(desk.engine, b"x" * 32, desk.clock, kept=KEPT).open(number, "outreach")[1] == ""
    with pytest.raises(RejectedError) as other:
        contacts.open(number, "sig")
    assert other.value.code == "unknown_contact"
    assert contacts.of_team("sig") == []


@pytest.mark.parametrize(
    ("way", "code"),
    [("  ", "no_way"), ("x" * (LONGEST + 1), "too_long"), ("20110315-9807", "person"), ("Kim 2011 03 15 98 07", "person")],
)
def test_only_a_way_of_contact_is_taken(contacts: Contacts, way: str, code: str) -> None:
    with pytest.raises(RejectedError) as error:
        contacts.receive("outreach", Asking.YOUTH, way, record=no_log)
    assert error.value.code == code
    assert "Kim" not in str(error.value)
    assert contacts.of_team("outreach") == []


@pytest.mark.parametrize(
    "way",
    [
        "110315-9807", "1103159807", "11 03 15 98 07", "070315-9807", "07 03 15 98 07", "070315 9807", "2011\u20110315\u20119807",
        "11\u00ad03\u00ad15\u00ad9807", "2011/03/15 9807", "070-123 45 67, 110315-9807",
    ],
)  # fmt: skip
def test_no_spelling_of_a_personal_number_is_a_way_of_contact(contacts: Contacts, way: str) -> None:
    with pytest.raises(RejectedError) as error:
        contacts.receive("outreach", Asking.YOUTH, way, record=no_log)
    assert error.value.code == "person"
    assert "98" not in str(error.value)


@pytest.mark.parametrize(
    "way",
    [
        WAY, "0701234567", "0703-15 98 07", "070\u2011123\u00a045\u00a067", "070 112 05 67", "08-12 31 45 67", "+45 12 12 12 12",
        "+46 70 123 45 67", "Storgatan 12, 123 45", "rum 12 kl 17.10\u201318.30, 19.00",
    ],
)  # fmt: skip
def test_a_telephone_number_is_taken_though_a_date_of_birth_has_such_digits(contacts: Contacts, way: str) -> None:
    assert contacts.open(contacts.receive("outreach", Asking.YOUTH, way, record=no_log), "outreach")[1] == " ".join(way.split())


def test_when_it_was_used_nothing_is_left(desk: CaseDesk, contacts: Contacts) -> None:
    number = contacts.receive("outreach", Asking.SIBLING, WAY, record=no_log)
    contacts.done(number, "outreach", record=no_log)
    assert rows(desk) == []
    with pytest.raises(RejectedError):
        contacts.done(number, "outreach", record=no_log)


def test_without_the_log_nothing_is_kept_or_erased(desk: CaseDesk, contacts: Contacts) -> None:
    def away(*_: object) -> None:
        raise RetriableError("no log", code="audit")

    with pytest.raises(RetriableError):
        contacts.receive("outreach", Asking.YOUTH, WAY, record=away)
    assert rows(desk) == []
    number = contacts.receive("outreach", Asking.YOUTH, WAY, record=no_log)
    with pytest.raises(RetriableError):
        contacts.done(number, "outreach", record=away)
    assert contacts.open(number, "outreach")[1] == WAY


def test_when_its_days_are_over_nobody_sees_it_and_delivery_takes_it_away(desk: CaseDesk, contacts: Contacts) -> None:
    number = contacts.receive("outreach", Asking.YOUTH, WAY, record=no_log)
    desk.clock.advance(KEPT - timedelta(seconds=1))
    lapse(desk.engine, GO_WITH_CONSENT, desk.clock.now())
    assert contacts.open(number, "outreach")[1] == WAY
    desk.clock.advance(timedelta(seconds=1))
    assert contacts.of_team("outreach") == []
    with pytest.raises(RejectedError):
        contacts.open(number, "outreach")
    assert len(rows(desk)) == 1
    lapse(desk.engine, GO_WITH_CONSENT, desk.clock.now())
    assert rows(desk) == []
