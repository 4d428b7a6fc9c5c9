"""Paper: a form with names only for whoever has the person's number, a receipt in the standard's fields."""

from __future__ import annotations

import json

import pytest

from tests.unit.registry.support import make_identifier
from tests.unit.web.consents.conftest import ANSWERS, Desk

BOTH = {"signatures": ["guardian_1", "guardian_2"]}


def test_a_drafts_form_has_what_was_typed_and_a_line_for_everybody_who_signs(desk: Desk) -> None:
    draft = desk.begin()
    desk.answer(draft)
    page = desk.client.get(f"{draft}/form").text
    assert "Samtycke för barn" in page
    assert "Kim Testsson" in page
    assert "Robin Testsson" in page
    assert f"{make_identifier()[:8]}-{make_identifier()[8:]}" in page
    assert page.count("Namnförtydligande") == 2
    assert "lag 2025:170" in page
    assert "hanteras det av en människa" in page
    assert "Norrköpings kommun" in page


@pytest.mark.parametrize(
    ("language", "unsaid", "said"),
    [
        ("sv", "varandra", "lämnar det som anges nedan till dem som får ta del, och inget annat. Det går bara åt det hållet"),
        ("en", "each other", "give what is named below to those who may be told, and nothing else. It goes one way"),
    ],
)
def test_the_form_says_that_what_is_told_goes_one_way(desk: Desk, language: str, unsaid: str, said: str) -> None:
    desk.client.get(f"/language/{language}")
    draft = desk.begin()
    desk.answer(draft, youth={"identifier": make_identifier(1), "protected": "no"})
    for path in (f"{draft}/form", f"{desk.register()}/form"):
        page = desk.client.get(path).text
        assert said in page
        assert unsaid not in page


def test_the_form_says_that_a_proposal_names_age_and_area(desk: Desk) -> None:
    page = desk.client.get(f"{desk.register()}/form").text
    assert "anger också åldern i hela år och området ovan, om ett anges." in page


def test_the_adult_form_is_another_and_is_signed_by_one(desk: Desk) -> None:
    draft = desk.begin()
    changed = {
        "youth": {"identifier": make_identifier(born="20050304"), "protected": "no"},
        "custody": None,
        "names": {"name": "Kim"},
    }
    desk.answer(draft, **changed)
    page = desk.client.get(f"{draft}/form").text
    assert "Samtycke från dig som har fyllt 18 år" in page
    assert "Vid gemensam vårdnad" not in page
    assert page.count("Namnförtydligande") == 1


def test_a_registered_consents_form_has_names_only_for_the_right_number(desk: Desk) -> None:
    case = desk.register()
    blank = desk.client.get(f"{case}/form").text
    named = desk.client.post(f"{case}/form", data={"identifier": make_identifier()}).text
    wrong = desk.client.post(f"{case}/form", data={"identifier": make_identifier(5)})
    assert "Testsson" not in blank
    assert "Kim Testsson" in named
    assert "011-15 00 00" in named
    assert wrong.status_code == 422
    assert "Testsson" not in wrong.text
    printed = [(outcome, rule) for action, outcome, rule in desk.logged() if action == "consent_printed"]
    assert printed == [("permit", ""), ("permit", ""), ("deny", "another_person")]


def test_the_receipt_has_the_standards_fields_and_no_person(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    sent = desk.client.get(f"{case}/receipt.json")
    assert sent.headers["content-disposition"] == 'attachment; filename="consent-receipt.json"'
    built = json.loads(sent.text)
    assert list(built) == [
        "schema_version", "receipt_id", "record_id", "pii_principal_id", "pii_processing", "party_identification", "events",
    ]  # fmt: skip
    assert {
        "privacy_notice", "language", "purposes", "pii_information", "pii_controllers", "collection_method", "processing_method",
        "storage_locations", "retention_period", "processing_locations", "recipient_third_parties", "withdrawal_method",
        "privacy_rights", "jurisdiction",
    } <= set(built["pii_processing"])  # fmt: skip
    assert all(
        set(event) == {"event_time", "validity_duration", "entity_id", "event_type", "event_state"} for event in built["events"]
    )
    assert [event["event_state"] for event in built["events"]][-1] == "consent_given"
    assert not any(secret in sent.text for secret in (make_identifier(), "Testsson", make_identifier()[2:]))


def test_a_receipt_after_a_withdrawal_says_so(desk: Desk) -> None:
    case = desk.register(signatures=BOTH)
    desk.client.post(f"{case}/withdraw", data={"all": "0", "by": "guardian_1"})
    assert "Återkallat" in desk.client.get(f"{case}/receipt").text
    assert json.loads(desk.client.get(f"{case}/receipt.json").text)["events"][-1]["event_state"] == "consent_withdrawn"


@pytest.mark.parametrize("path", ["form", "receipt", "receipt.json"])
def test_nothing_is_printed_for_another_teams_officer(desk: Desk, other: Desk, path: str) -> None:
    case = desk.register()
    assert other.client.get(f"{case}/{path}").status_code == 404


def test_an_unfinished_draft_has_no_form_yet(desk: Desk) -> None:
    draft = desk.begin()
    desk.client.post(f"{draft}/youth", data=ANSWERS["youth"])
    assert desk.client.get(f"{draft}/form").headers["location"] == f"{draft}/check"
