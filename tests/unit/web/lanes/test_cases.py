"""The manual lane's page: for one role, opened on the record, ended with a coded outcome, a clock in working days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.access.roles import BOUND, Principal, Role
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.lanes.make import PERSON
from tests.unit.web.lanes.test_reports import told
from tests.unit.web.town import PagesTown

OFFICER = Principal("account-2", "Skyddade ärenden", {Role.PROTECTED_CASES_OFFICER: frozenset()})


@pytest.fixture
def client(visit: Visit) -> Browser:
    return visit(OFFICER)


def test_an_empty_lane_says_when_a_case_comes_and_the_officer_is_led_there(client: Browser) -> None:
    assert client.get("/").headers["location"] == "/protected"
    text = client.get("/protected").text
    assert "Inget ärende väntar." in text
    assert "markeras som skyddad" in text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PROTECTED_CASES_OFFICER])
def test_no_other_role_comes_in(empty_town: PagesTown, visit: Visit, role: Role) -> None:
    entry = empty_town.lanes.case()
    other = visit(Principal("account-3", "Annan", {role: frozenset({"outreach"} if role in BOUND else ())}))
    assert other.get("/protected").status_code == 403
    assert other.post(f"/protected/{entry}").status_code == 403


def test_a_case_is_listed_without_whom_it_is_about_and_opened_on_the_record(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.case()
    unopened = client.get("/protected").text + client.get(f"/protected/{entry}").text
    assert PERSON not in unopened
    assert "Anna" not in unopened
    opened = client.post(f"/protected/{entry}").text
    for part in (
        PERSON,
        "Anna Andersson",
        "sspf",
        "någon i hushållets",
        "det som var registrerat är stoppat",
        "mån 19 maj 07.30",
    ):
        assert part in opened
    assert told(empty_town)[-1] == ("protected_case", "handle-case", "permit", "")


def test_its_clock_is_five_working_days_and_stands_out_when_it_is_over(empty_town: PagesTown, client: Browser) -> None:
    empty_town.lanes.case()
    assert "mån 26 maj" in client.get("/protected").text
    empty_town.clock.advance(timedelta(days=8))
    client.get("/sign-in", params={"code": empty_town.code(OFFICER)})
    assert "passerad" in client.get("/protected").text


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({}, "Välj vad det blev av ärendet."),
        ({"outcome": "curiosity"}, "Välj vad det blev av ärendet."),
        ({"outcome": "referred"}, "aldrig ett personnummer"),
        ({"outcome": "supported", "number": "20120314-9800"}, "aldrig ett personnummer"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_ended(
    empty_town: PagesTown, client: Browser, form: dict[str, str], wrong: str
) -> None:
    entry = empty_town.lanes.case()
    answer = client.post(f"/protected/{entry}/done", data=form)
    assert answer.status_code == 400
    assert wrong in answer.text
    assert f"/protected/{entry}" in client.get("/protected").text.partition("<h2>Klara senast")[0]


def test_what_came_of_it_is_sealed_on_the_record_and_read_again(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.case()
    answer = client.post(f"/protected/{entry}/done", data={"outcome": "referred", "number": "SN 2025/118"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/protected?done=1")
    assert ("protected_case", "outcome", "permit", "") in told(empty_town)
    listed = client.get("/protected?done=1").text
    assert "Det är antecknat vad det blev av ärendet." in listed
    assert "Inget ärende väntar." in listed
    opened = client.post(f"/protected/{entry}").text
    assert "SN 2025/118" in opened
    assert "Aktualiserat hos socialtjänsten" in opened
    written = b"".join(path.read_bytes() for path in (empty_town.folder / "lanes").rglob("*.sealed"))
    assert b"SN 2025" not in written


def test_without_the_log_no_case_is_listed(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.case()
    client.get("/protected")
    empty_town.audit.engine.dispose()
    with empty_town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to gone")
    answer = client.get("/protected")
    assert (answer.status_code, entry[:8] in answer.text) == (500, False)
    answer = client.post(f"/protected/{entry}/done", data={"outcome": "nothing_to_do"})
    assert (answer.status_code, "Inget antecknades" in answer.text) == (503, True)


def test_the_second_of_two_officers_is_told_the_outcome_that_stands(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.case()
    client.post(f"/protected/{entry}/done", data={"outcome": "nothing_to_do"})
    answer = client.post(f"/protected/{entry}/done", data={"outcome": "referred", "number": "SN 2025/118"})
    assert answer.status_code == 409
    assert "Det fanns inget att göra" in answer.text
    assert told(empty_town)[-1] == ("protected_case", "outcome", "deny", "already_said")
