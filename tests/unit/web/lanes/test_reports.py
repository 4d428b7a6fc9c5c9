"""The statutory officer's page of reports: clocks in view, the original as a file, the case number on the record."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from hub.access.roles import Principal, Role
from tests.unit.statutory.make import WatchedDisk
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.lanes.make import KEYS, Lanes
from tests.unit.web.town import PagesTown

OFFICER = Principal("account-1", "Mottagningen", {Role.STATUTORY_OFFICER: frozenset()})


@pytest.fixture
def client(visit: Visit) -> Browser:
    return visit(OFFICER)


def told(town: PagesTown) -> list[tuple[str, ...]]:
    with closing(town.audit.engine.raw_connection()) as connection:
        return [
            tuple(row) for row in connection.execute("select action, purpose, outcome, rule from audit_entry order by position")
        ]


def test_an_empty_store_says_so(client: Browser) -> None:
    assert "Ingen orosanmälan har kommit in." in client.get("/reports").text


def test_a_report_is_listed_with_its_clocks_and_where_it_stands(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    listed = client.get("/reports").text
    assert f"/reports/{entry}" in listed
    assert "20 maj 2025" in listed
    assert "2 juni 2025" in listed
    assert "Lämnas över av en person" in listed
    empty_town.lanes.taken(entry)
    assert "Mottagningen har den; inte registrerad än" in client.get("/reports").text


@pytest.mark.parametrize(
    ("later", "seen", "unseen"),
    [
        (timedelta(hours=1), [], ["snart ute", "passerad"]),
        (timedelta(days=1), ["snart ute"], ["passerad"]),
        (timedelta(days=3), ["passerad"], []),
    ],
)
def test_a_clock_that_is_near_or_past_stands_out_until_the_report_is_registered(
    empty_town: PagesTown, client: Browser, later: timedelta, seen: list[str], unseen: list[str]
) -> None:
    entry = empty_town.lanes.report()
    empty_town.clock.advance(later)
    client.get("/sign-in", params={"code": empty_town.code(OFFICER)})
    text = client.get("/reports").text
    assert all(word in text for word in seen)
    assert not any(word in text for word in unseen)
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"})
    text = client.get("/reports").text
    assert "snart ute" not in text
    assert "passerad" not in text


def test_the_original_is_a_file_that_no_browser_interprets_and_is_logged_first(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    answer = client.post(f"/reports/{entry}")
    assert answer.content == b"\xff<script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert told(empty_town) == [("report_opened", "handle-case", "permit", "")]


def test_what_the_case_system_has_is_recorded_with_its_number_and_leaves_the_list(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    answer = client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports?done=1")
    listed = client.get("/reports?done=1").text
    assert "Det är antecknat att ärendesystemet har anmälan." in listed
    assert "är registrerad i mottagarens ärendesystem" in listed
    assert ("report_handed_over", "register", "permit", "") in told(empty_town)
    assert empty_town.lanes.hand_overs[0].has("one")


@pytest.mark.parametrize("number", ["", "20120314-9800", "x" * 50])
def test_a_number_that_is_none_is_refused_beside_its_field_and_not_repeated(
    empty_town: PagesTown, client: Browser, number: str
) -> None:
    entry = empty_town.lanes.report()
    answer = client.post(f"/reports/{entry}/done", data={"number": number})
    assert answer.status_code == 400
    assert "aldrig ett personnummer" in answer.text
    assert not number or number not in answer.text
    assert not empty_town.lanes.hand_overs[0].has("one")


@pytest.mark.parametrize("path", ["/reports/0123", "/reports/0123/done"])
def test_what_is_not_there_is_said(client: Browser, path: str) -> None:
    answer = client.post(path, data={"number": "SN 1"})
    assert answer.status_code == 404
    assert "gallring" in answer.text


def test_where_the_key_is_not_the_list_is_shown_and_opening_says_where_to_go(
    empty_town: PagesTown, client: Browser, tmp_path
) -> None:
    vars(empty_town)["lanes"] = Lanes(tmp_path / "elsewhere", empty_town.clock, empty_town.audit, readable=False)
    entry = empty_town.lanes.report()
    assert entry[:8] in client.get("/reports").text
    answer = client.post(f"/reports/{entry}")
    assert answer.status_code == 409
    assert "nyckeln finns på annat håll" in answer.text


def test_the_second_of_two_officers_is_told_the_number_that_stands_and_the_log_says_refused(
    empty_town: PagesTown, client: Browser
) -> None:
    entry = empty_town.lanes.report()
    for _ in range(2):
        assert client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"}).status_code == 303
    answer = client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    assert answer.status_code == 409
    assert "Det var redan antecknat" in answer.text
    assert "SN 2025/117" in answer.text
    assert f'<a href="/reports/{entry}">Tillbaka till anmälan</a>' in answer.text
    assert "Tillbaka till uppgiften" not in answer.text
    assert told(empty_town)[-1] == ("report_handed_over", "register", "deny", "already_said")


def test_where_the_key_is_not_the_second_officer_is_told_that_it_was_recorded(
    empty_town: PagesTown, client: Browser, tmp_path
) -> None:
    vars(empty_town)["lanes"] = Lanes(tmp_path / "elsewhere", empty_town.clock, empty_town.audit, readable=False)
    entry = empty_town.lanes.report()
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"})
    answer = client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    assert (answer.status_code, "förseglat" in answer.text) == (409, True)


def without_log(town: PagesTown) -> None:
    town.audit.engine.dispose()
    with town.audit.engine.begin() as connection:
        connection.exec_driver_sql("alter table audit_entry rename to gone")


def test_without_the_log_no_number_is_recorded_and_the_officer_is_told_to_say_it_again(
    empty_town: PagesTown, client: Browser
) -> None:
    entry = empty_town.lanes.report()
    without_log(empty_town)
    answer = client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"})
    assert answer.status_code == 503
    assert "Inget antecknades" in answer.text
    assert "anteckna det igen om en minut" in answer.text
    assert not empty_town.lanes.hand_overs[0].has("one")


def test_what_the_disk_did_not_take_is_told_and_is_recorded_by_saying_it_again(
    empty_town: PagesTown, client: Browser, tmp_path
) -> None:
    full, mended = (Lanes(tmp_path, empty_town.clock, empty_town.audit, disk=disk) for disk in (WatchedDisk(fail_at=2), None))
    vars(empty_town)["lanes"] = full
    entry = full.report()
    answer = client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"})
    assert (answer.status_code, "Det är inte säkert att det antecknades" in answer.text) == (503, True)
    vars(empty_town)["lanes"] = mended
    assert client.post(f"/reports/{entry}/done", data={"number": "SN 2025/117"}).status_code == 303


RIGHT = {"deed": "correct", "stands": "SN 2025/711", "number": "SN 2025/117", "why": "mistyped"}


def test_a_wrong_number_is_seen_on_the_record_and_put_right_with_its_reason(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    assert "Är numret fel?" not in client.get(f"/reports/{entry}").text
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    one = client.get(f"/reports/{entry}").text
    assert ("Är numret fel?" in one, "SN 2025" in one) == (True, False)
    assert "SN 2025/711" in client.post(f"/reports/{entry}/correct").text
    assert told(empty_town)[-1] == ("report_opened", "case-number", "permit", "")
    answer = client.post(f"/reports/{entry}/correct", data=RIGHT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports?done=corrected")
    assert "Numret är rättat" in client.get("/reports?done=corrected").text
    assert told(empty_town)[-2] == ("report_handed_over", "correct", "permit", "")
    again = client.post(f"/reports/{entry}/correct").text
    assert all(part in again for part in ("SN 2025/117", "SN 2025/711", "Dessförinnan", "Det skrevs fel"))


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"why": ""}, "Välj varför numret rättas."),
        ({"number": "SN 2025/711"}, "Det är numret som gäller."),
        ({"number": "20120314-9800"}, "aldrig ett personnummer"),
    ],
)
def test_a_correction_that_lacks_something_says_what_and_puts_nothing_right(
    empty_town: PagesTown, client: Browser, form: dict[str, str], wrong: str
) -> None:
    entry = empty_town.lanes.report()
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    answer = client.post(f"/reports/{entry}/correct", data=RIGHT | form)
    assert (answer.status_code, wrong in answer.text) == (400, True)
    assert "20120314" not in answer.text
    assert "Dessförinnan" not in client.post(f"/reports/{entry}/correct").text


def test_of_two_who_put_a_number_right_the_second_is_told_what_stands(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    client.post(f"/reports/{entry}/correct", data=RIGHT)
    answer = client.post(f"/reports/{entry}/correct", data=RIGHT | {"number": "SN 2025/118"})
    assert (answer.status_code, "SN 2025/117" in answer.text) == (409, True)
    assert told(empty_town)[-1] == ("report_handed_over", "correct", "deny", "already_said")


def test_without_the_log_or_a_number_nothing_is_put_right(empty_town: PagesTown, client: Browser) -> None:
    entry = empty_town.lanes.report()
    assert client.post(f"/reports/{entry}/correct", data=RIGHT).status_code == 409
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    path = empty_town.lanes.stores[0].path_of(entry)
    without_log(empty_town)
    answer = client.post(f"/reports/{entry}/correct", data=RIGHT)
    assert (answer.status_code, "Inget antecknades" in answer.text) == (503, True)
    assert empty_town.lanes.hand_overs[0].said(path, KEYS[0])["registered_as"] == "SN 2025/711"


def test_where_the_key_is_not_a_correction_says_where_to_go(empty_town: PagesTown, client: Browser, tmp_path) -> None:
    vars(empty_town)["lanes"] = Lanes(tmp_path / "elsewhere", empty_town.clock, empty_town.audit, readable=False)
    entry = empty_town.lanes.report()
    client.post(f"/reports/{entry}/done", data={"number": "SN 2025/711"})
    answer = client.post(f"/reports/{entry}/correct", data=RIGHT)
    assert (answer.status_code, "nyckeln finns på annat håll" in answer.text) == (409, True)
