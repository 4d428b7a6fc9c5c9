"""Asking for the sealed vault on a page: who, why, on what ground, for which case; whom it is about stands nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.sealed import Part, PartKind
from hub.registry.unsealing import search
from tests.unit.registry.support import make_identifier
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import KEY, PagesTown, member, officer

PERSON = make_identifier()
AUDITOR = Principal("account-1", "Granskare", each_for({Role.AUDITOR}, ()))
STATED = {"purpose": "damages", "ground": "GDPR art. 82", "case": "KS 2025/118"}


@pytest.fixture
def client(empty_town: PagesTown, visit: Visit) -> Browser:
    parts = [Part("document-of-hers", PartKind.FORM, {"identifier": PERSON})]
    empty_town.web.sealed().append(parts, datetime(2025, 5, 1, tzinfo=UTC))
    return visit(AUDITOR)


def test_a_search_is_asked_for_on_the_page_approved_by_another_and_used_once_for_her_alone(
    empty_town: PagesTown, client: Browser, visit: Visit
) -> None:
    assert "/approvals/sealed" in client.get("/approvals").text
    answer = client.post("/approvals/sealed", data=STATED | {"identifier": f"{PERSON[:8]}-{PERSON[8:]}"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    second = visit(officer("Samtycken", "sspf"))
    page = second.get("/approvals").text
    for part in (
        "Granskare",
        "granskare",
        "skadestånd",
        "GDPR art. 82",
        "KS 2025/118",
        "Sök i det förseglade valvet efter en persons handlingar",
    ):
        assert part in page
    assert PERSON[8:] not in page
    (asked,) = empty_town.four_eyes.own(AUDITOR)
    assert second.post("/approvals", data={"request": asked.request_id, "decision": "approve"}).status_code == 303
    vault, eyes = empty_town.web.sealed(), empty_town.four_eyes
    assert search(vault, eyes, AUDITOR, PERSON, approval=asked.request_id, private=KEY) == ["document-of-hers"]
    told = [entry[:2] for entry in empty_town.trail.told()]
    assert [one for one in told if one[0].startswith("vault")] == [
        ("vault_requested", "permit"), ("vault_approved", "permit"), ("vault_opened", "permit"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purpose": ""}, "Välj vad det är till för."),
        ({"purpose": "curiosity"}, "Välj vad det är till för."),
        ({"ground": ""}, "Ange vilken bestämmelse"),
        ({"case": ""}, "Ange ärendets nummer"),
        ({"case": PERSON}, "får inte innehålla något personnummer"),
        ({"identifier": ""}, "Ange antingen"),
        ({"document": "document-of-hers"}, "Ange antingen"),
        ({"identifier": "", "document": "nothing"}, "ingen sådan handling"),
        ({"identifier": "123"}, "Personnumret går inte att tyda"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_is_missing_is_said_beside_its_field_and_the_number_is_never_shown_again(
    empty_town: PagesTown, client: Browser, changes: dict[str, str], said: str
) -> None:
    answer = client.post("/approvals/sealed", data=STATED | {"identifier": PERSON} | changes)
    assert answer.status_code == 400
    assert said in answer.text
    assert PERSON not in answer.text
    assert empty_town.four_eyes.own(AUDITOR) == []


def test_everything_that_is_wrong_is_said_at_once(client: Browser) -> None:
    text = client.post("/approvals/sealed").text
    for said in ("Ange antingen", "Välj vad det är till för.", "Ange vilken bestämmelse", "Ange ärendets nummer"):
        assert said in text


def test_who_may_not_ask_is_offered_nothing(empty_town: PagesTown, visit: Visit) -> None:
    assert "/approvals/sealed" not in visit(officer("Samtycken", "sspf")).get("/approvals").text
    assert visit(member("Fältare", "outreach")).get("/approvals/sealed").status_code == 403
