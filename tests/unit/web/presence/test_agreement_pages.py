"""The register: members see it, the head adds, changes and ends; what has ended stands apart, and history is kept."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import ANNA, BASE, HEAD, TERMS, agree, logged
from tests.unit.web.town import PagesTown

LIST = f"{BASE}/agreements"


def test_the_head_adds_an_agreement_and_members_see_it(empty_town: PagesTown, visit: Visit) -> None:
    path = agree(visit(HEAD))
    anna = visit(ANNA)
    assert "Hageby IF" in anna.get(LIST).text
    text = anna.get(path).text
    for told in ("nattvandring, schack", "Hageby", "fredagar", "teamet ringer in", "1 jan 2025 – 31 dec 2025"):
        assert told in text
    assert "Ändra överenskommelsen" not in text
    assert ("agreement_changed", "added", "permit") in logged(empty_town, "agreement_changed")


def test_a_member_who_is_no_head_changes_none(empty_town: PagesTown, visit: Visit) -> None:
    path = agree(visit(HEAD))
    anna = visit(ANNA)
    asked = [anna.get(f"{LIST}/new"), anna.post(f"{LIST}/new", data=TERMS), anna.get(f"{path}/change")]
    asked += [anna.post(f"{path}/{deed}", data=TERMS | {"version": "1"}) for deed in ("change", "end")]
    assert {answer.status_code for answer in asked} == {403}
    assert len(empty_town.web.presence().agreements.all()) == 1


def test_a_change_keeps_how_it_was_before(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path = agree(head)
    assert 'value="Hageby IF"' in head.get(f"{path}/change").text
    assert head.post(f"{path}/change", data=TERMS | {"goal": "fler vuxna ute", "version": "1"}).status_code == 303
    text = head.get(path).text
    assert "fler vuxna ute" in text
    assert "trygga kvällar" in text
    assert head.post(f"{path}/change", data=TERMS | {"version": "1"}).status_code == 409


def test_one_that_is_ended_stands_apart_and_says_so(empty_town: PagesTown, visit: Visit) -> None:
    head = visit(HEAD)
    path = agree(head)
    assert head.post(f"{path}/end", data={"version": "1"}).status_code == 303
    assert "Inget erbjuds enligt den." in head.get(path).text
    assert "Ingen överenskommelse gäller i dag" in head.get(LIST).text
    assert head.post(f"{path}/end", data={"version": "2"}).status_code == 409


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"association": ""}, "Det här måste fyllas i."),
        ({"activities": "", "more": " , "}, "Det här måste fyllas i."),
        ({"areas": ""}, "Det här måste fyllas i."),
        ({"goal": "ring 070-123 45 67"}, "ange funktioner här, aldrig personer"),
        ({"valid_until": "snart"}, "Ange datum."),
        ({"valid_until": "2024-01-01"}, "Sista dagen kan inte ligga före den första."),
        ({"valid_until": "2040-01-01"}, "högst tio år"),
    ],
)
def test_a_form_with_something_wrong_is_shown_again(
    empty_town: PagesTown, visit: Visit, changed: dict[str, str], told: str
) -> None:
    answer = visit(HEAD).post(f"{LIST}/new", data=TERMS | changed)
    assert (answer.status_code, answer.text.count(told)) == (400, 2)
    assert empty_town.web.presence().agreements.all() == []


def test_what_is_missing_is_said_with_the_name_of_its_field(empty_town: PagesTown, visit: Visit) -> None:
    text = visit(HEAD).post(f"{LIST}/new").text
    for name in ("Förening", "Aktiviteter", "Områden"):
        assert f"{name}: Det här måste fyllas i." in text
    assert "Sista dag: Ange datum." in text


def test_an_agreement_that_there_is_not_is_not_found(empty_town: PagesTown, visit: Visit) -> None:
    assert visit(HEAD).get(f"{LIST}/00000000-0000-4000-8000-000000000000").status_code == 404
