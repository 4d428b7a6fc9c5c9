"""Orders and contact requests on their pages: who sees them, what is refused and why, and what the log has."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.cases.ordering import OrderState
from hub.errors import RetriableError
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import PagesTown, member

ANNA, SARA = member("Anna", "outreach"), member("Sara", "sspf")
ORDERS, CONTACTS = "/team/outreach/orders", "/team/outreach/contacts"
ORDER = {
    "service": "information", "ordered_by": "Hagebyskolan", "place": "Aulan", "theme": "Grupptryck", "day": "2025-05-23", "time": "10:00",
}  # fmt: skip
WAY = "070-123 45 67"
WORKERS = {Role.TEAM_MEMBER, Role.TEAM_HEAD}


def logged(town: PagesTown) -> list[tuple[str, str, str]]:
    found = [(one.action, one.purpose, one.outcome) for one in reversed(the_latest(town.audit.engine, Filter(), 30))]
    return [one for one in found if one[0].startswith(("order_", "contact_"))]


def received(client: Browser, town: PagesTown) -> str:
    """The address of a new order."""
    assert client.post(ORDERS, data=ORDER).status_code == 303
    (kept,) = town.orders.orders.of_team("outreach")
    return f"/team/outreach/order/{kept.order_id}"


def act(client: Browser, path: str, move: str, **data: Any) -> httpx.Response:
    found = re.search(r'name="version" value="(\d+)"', client.get(path).text)
    return client.post(path, data={"version": found[1] if found else "0", "move": move} | data)


def test_an_order_goes_from_the_form_to_its_outcome(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    assert f'href="{ORDERS}"' in anna.get("/team/outreach").text
    assert "Ingen beställning väntar." in anna.get(ORDERS).text
    path = received(anna, empty_town)
    assert "Informationsinsats Grupptryck Hagebyskolan Aulan 23 maj 2025 10:00 Väntar på svar" in text_of(anna.get(ORDERS))
    for move in ("accept", "undo", "accept"):
        assert act(anna, path, move).headers["location"] == f"{path}?done={move}"
    assert "Välj vad utfallet blev." in act(anna, path, "carry-out", people="24").text
    assert "Skriv hur många som kom" in act(anna, path, "carry-out", people="många", outcome="as_ordered").text
    act(anna, path, "carry-out", people="24", outcome="to_be_followed")
    assert "Som beställt, och fler tillfällen önskas, 24 kom" in text_of(anna.get(f"{ORDERS}?ended=1"))
    assert logged(empty_town) == [
        ("order_changed", one, "permit") for one in ("received", "accept", "undo", "accept", "carry-out")
    ]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"service": ""}, "Välj vad som beställs."), ({"ordered_by": " "}, "Skriv vilken skola eller enhet som beställer."),
        ({"place": ""}, "Skriv var det ska vara."), ({"theme": "om 110315-9807"}, "Utelämna det som kan vara ett personnummer"),
        ({"day": ""}, "Ange dag."), ({"day": "2025-05-18"}, "Välj i dag eller en dag framåt."),
        ({"theme": "x" * 201}, "Korta texten: högst 200 tecken."),
    ],
)  # fmt: skip
def test_an_order_that_is_amiss_is_shown_again_and_not_kept(
    empty_town: PagesTown, visit: Visit, data: dict[str, str], told: str
) -> None:
    answer = visit(ANNA).post(ORDERS, data=ORDER | data)
    assert (answer.status_code, told in answer.text) == (400, True)
    assert empty_town.orders.orders.of_team("outreach") == []


def test_of_two_the_second_is_told_how_it_stands_and_what_has_ended_stays(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    path = received(anna, empty_town)
    assert anna.post(path, data={"version": "7", "move": "accept"}).status_code == 409
    assert act(anna, path, "nonsense").status_code == 409
    act(anna, path, "decline")
    late = anna.post(path, data={"version": "2", "move": "accept"})
    assert (late.status_code, "har ett annat läge nu" in late.text) == (409, True)
    (kept,) = empty_town.orders.orders.of_team("outreach", ended=True)
    assert kept.state is OrderState.DECLINED
    assert anna.get(f"{ORDERS[:-1]}/00000000-0000-4000-8000-000000000000").status_code == 404


@pytest.mark.parametrize("sent", ["99:99", "24:00", "\u0661\u0660:\u0663\u0660", "10:0x", "20110"])
def test_what_is_no_time_of_day_is_left_out(empty_town: PagesTown, visit: Visit, sent: str) -> None:
    assert visit(ANNA).post(ORDERS, data=ORDER | {"time": sent}).status_code == 303
    (kept,) = empty_town.orders.orders.of_team("outreach")
    assert kept.order.time == ""


def test_a_way_of_contact_is_shown_by_an_act_and_erased_when_it_was_used(empty_town: PagesTown, visit: Visit) -> None:
    anna = visit(ANNA)
    assert anna.post(CONTACTS, data={"asking": "sibling", "way": WAY}).status_code == 303
    page = anna.get(f"{CONTACTS}?done=contact")
    assert ("Ett syskon" in page.text, WAY in page.text) == (True, False)
    (one,) = empty_town.orders.contacts.of_team("outreach")
    shown = anna.post(f"{CONTACTS}/open", data={"contact": one.contact_id})
    assert (shown.status_code, WAY in shown.text) == (200, True)
    anna.post(f"{CONTACTS}/done", data={"contact": one.contact_id})
    assert "Ingen väntar på kontakt." in anna.get(CONTACTS).text
    assert anna.post(f"{CONTACTS}/open", data={"contact": one.contact_id}).status_code == 404
    assert [row[::2] for row in logged(empty_town)] == [
        ("contact_registered", "permit"), ("contact_opened", "permit"), ("contact_closed", "permit"), ("contact_opened", "deny"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"asking": ""}, "Välj vem som ber om kontakt."), ({"way": " "}, "Skriv hur de ska nås."),
        ({"way": "20110315-9807"}, "Utelämna det som kan vara ett personnummer"), ({"way": "x" * 121}, "Korta texten"),
    ],
)  # fmt: skip
def test_a_request_that_is_amiss_is_shown_again_and_not_kept(
    empty_town: PagesTown, visit: Visit, data: dict[str, str], told: str
) -> None:
    answer = visit(ANNA).post(CONTACTS, data={"asking": "youth", "way": WAY} | data)
    assert (answer.status_code, told in answer.text) == (400, True)
    assert empty_town.orders.contacts.of_team("outreach") == []


def test_when_the_days_are_over_nothing_is_shown(empty_town: PagesTown, visit: Visit) -> None:
    visit(ANNA).post(CONTACTS, data={"asking": "youth", "way": WAY})
    (one,) = empty_town.orders.contacts.of_team("outreach")
    empty_town.clock.advance(timedelta(days=30))
    anna = visit(ANNA)
    assert "Ingen väntar på kontakt." in anna.get(CONTACTS).text
    assert anna.post(f"{CONTACTS}/open", data={"contact": one.contact_id}).status_code == 404


def test_without_the_log_nothing_is_shown_kept_or_erased(
    empty_town: PagesTown, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = visit(ANNA)
    path = received(anna, empty_town)
    anna.post(CONTACTS, data={"asking": "youth", "way": WAY})
    (one,) = empty_town.orders.contacts.of_team("outreach")

    def away(*_: object) -> int:
        raise RetriableError("no log", code="audit")

    monkeypatch.setattr(empty_town.audit, "append", away)
    for where, data in (
        (f"{CONTACTS}/open", {"contact": one.contact_id}), (f"{CONTACTS}/done", {"contact": one.contact_id}),
        (CONTACTS, {"asking": "youth", "way": WAY}), (ORDERS, ORDER), (path, {"version": "1", "move": "accept"}),
    ):  # fmt: skip
        answer = anna.post(where, data=data)
        assert (answer.status_code, WAY in answer.text) == (500, False), where
    assert len(empty_town.orders.contacts.of_team("outreach")) == len(empty_town.orders.orders.of_team("outreach")) == 1


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("own", ["outreach", "sspf", "sig"])
def test_only_the_team_itself_gets_at_them(empty_town: PagesTown, visit: Visit, role: Role, own: str) -> None:
    anna = visit(ANNA)
    path = received(anna, empty_town)
    anna.post(CONTACTS, data={"asking": "youth", "way": WAY})
    (one,) = empty_town.orders.contacts.of_team("outreach")
    somebody = visit(Principal("account-7", "Någon", each_for({role}, (own,))))
    inside = role in WORKERS and own == "outreach"
    for where in (ORDERS, path, CONTACTS):
        assert (somebody.get(where).status_code == 200) is inside, where
    shown = somebody.post(f"{CONTACTS}/open", data={"contact": one.contact_id})
    assert (WAY in shown.text) is inside
    theirs = somebody.post(f"/team/{own}/contacts/open", data={"contact": one.contact_id})
    assert (WAY in theirs.text) is inside


def test_a_team_without_such_a_function_says_so(empty_town: PagesTown, visit: Visit) -> None:
    sara = visit(SARA)
    for where in ("/team/sspf/orders", "/team/sspf/contacts"):
        answer = sara.get(where)
        assert (answer.status_code, "tar inga beställningar" in answer.text) == (404, True)
    assert sara.post("/team/sspf/contacts", data={"asking": "youth", "way": WAY}).status_code == 404
    assert 'href="/team/sspf/orders"' not in sara.get("/team/sspf").text
