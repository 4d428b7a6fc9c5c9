from __future__ import annotations

import pytest

from hub.contract.models import ConsentStatus
from hub.contract.topics import CATALOGUE, CONSENTS, ERASURES, PLACE_EVENTS, RULES, SCHOOL_ABSENCES, TASK_EVENTS
from hub.dead_letters.reading import Place
from hub.dead_letters.redrive import LINK_HEADER, REDRIVABLE, Redriver
from hub.kafka import Outgoing
from tests.unit.dead_letters.make import CODEC, YOUTH, Shelf, make_absence, make_consent, make_place_event

HERE = Place(SCHOOL_ABSENCES.name, 0, 4)
GOOD = CODEC.encode(SCHOOL_ABSENCES, make_absence())


@pytest.fixture
def shelf() -> Shelf:
    filled = Shelf()
    filled.consent(make_consent())
    filled.put(SCHOOL_ABSENCES, 4, YOUTH.encode(), GOOD)
    return filled


@pytest.fixture
def written() -> list[Outgoing]:
    return []


@pytest.fixture
def redriver(shelf: Shelf, written: list[Outgoing]) -> Redriver:
    return Redriver(shelf, CODEC, written.extend)


def test_a_record_that_can_be_read_now_is_written_again_under_its_own_identity_and_linked(redriver, written) -> None:
    assert redriver.redrive(HERE) == ""
    (record,) = written
    headers = dict(record.headers)
    assert (record.topic, record.key, record.value) == (SCHOOL_ABSENCES.name, YOUTH.encode(), GOOD)
    assert headers[LINK_HEADER] == str(HERE).encode()
    assert headers["ce_id"] == f"{make_absence().event_id}:1".encode()


def test_looking_writes_nothing(redriver, written) -> None:
    assert redriver.judge(HERE).message == make_absence()
    assert written == []


@pytest.mark.parametrize("status", [ConsentStatus.WITHDRAWN, ConsentStatus.SUSPENDED])
def test_what_has_no_consent_in_force_now_is_not_written_again(redriver, shelf, written, status) -> None:
    shelf.consent(make_consent(status))
    assert redriver.redrive(HERE) == "no_consent_now"
    shelf.consents.clear()
    assert redriver.redrive(HERE) == "no_consent_now"
    assert written == []


def test_a_record_that_is_gone_says_so(redriver, shelf, written) -> None:
    shelf.records.clear()
    assert redriver.redrive(HERE) == "gone"
    assert written == []


@pytest.mark.parametrize(
    ("key_value", "reason"),
    [
        ((YOUTH.encode(), b"\x00\x7f\x00\x00\x09"), "unknown_schema_id"),
        ((YOUTH.encode(), None), "no_value"),
        ((b"somebody else", GOOD), "bad_key"),
        ((None, GOOD), "bad_key"),
        ((b"y" + b"8" * 32, GOOD), "key_mismatch"),
    ],
)
def test_a_record_that_is_still_bad_is_refused_for_what_a_worker_would_refuse_it_for(
    redriver, shelf, written, key_value, reason
) -> None:
    shelf.put(SCHOOL_ABSENCES, 4, *key_value)
    assert redriver.redrive(HERE) == reason
    assert written == []


def test_a_place_event_needs_no_consent(redriver, shelf, written) -> None:
    shelf.put(PLACE_EVENTS, 0, b"0581-hageby", CODEC.encode(PLACE_EVENTS, make_place_event()))
    assert redriver.redrive(Place(PLACE_EVENTS.name, 0, 0)) == ""
    assert len(written) == 1


def test_what_steers_the_hub_is_never_written_again(redriver, shelf, written) -> None:
    steering = {CONSENTS, ERASURES, RULES, TASK_EVENTS}
    assert not steering & REDRIVABLE
    for topic in steering:
        shelf.put(topic, 4, YOUTH.encode(), b"anything")
        assert redriver.redrive(Place(topic.name, 0, 4)) == "not_redrivable"
    assert not any(CATALOGUE[f"{topic.name}.dlq"] in REDRIVABLE for topic in steering)
    assert written == []
