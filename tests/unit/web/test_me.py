"""Signing in with a password, one's own page, and four eyes on a page: as a browser sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from hub.access.accounts import Newcomer
from hub.access.grounds import Ground
from hub.access.matters import Matter, RequestState
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.audit.entries import Actor
from hub.audit.reading import Filter, the_latest
from hub.web.app import build_web
from hub.web.form_tokens import form_token
from hub.web.principal import BROWSER_COOKIE, COOKIE, FORM_COOKIE
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser, token_in
from tests.unit.web.conftest import Visit
from tests.unit.web.test_pages import text_of
from tests.unit.web.town import PagesTown, member

KEEPER = Actor("os:1000", role="command")
FIRST, OWN, OTHER = "sparv kastrull olja tisdag", "glasbruket tolv vantar", "pendeltåg marmelad ekorre"
Arrive = Callable[[], httpx.Client]


@pytest.fixture
def arrive(empty_town: PagesTown) -> Arrive:
    """Somebody with an account, before the sign-in page, with a browser of their own."""
    newcomer = Newcomer("anna", "Fältare", each_for({Role.TEAM_MEMBER}, {"outreach"}))
    empty_town.accounts.add(newcomer, OWN, KEEPER, own=True)
    return lambda: Browser(transport=InProcess(empty_town.app), base_url="http://127.0.0.1:8700")


def sign_in(client: httpx.Client, password: str = OWN, **form: str) -> httpx.Response:
    return client.post("/sign-in", data={"username": "anna", "password": password} | form)


def test_the_form_helps_password_keepers_and_allows_pasting(arrive: Arrive) -> None:
    page = arrive().get("/sign-in").text
    assert 'autocomplete="username"' in page
    assert re.search(r'<input id="password" name="password" type="password" autocomplete="current-password"', page)
    assert "onpaste" not in page
    assert "Visa lösenordet" in page


def test_the_right_password_leads_to_where_one_wanted_to_go(arrive: Arrive) -> None:
    client = arrive()
    asked = client.get("/team/outreach")
    assert asked.status_code == 401
    assert '<input type="hidden" name="next" value="/team/outreach">' in asked.text
    answer = sign_in(client, next="/team/outreach")
    assert (answer.status_code, answer.headers["location"]) == (303, "/team/outreach")
    assert client.get("/team/outreach").status_code == 200


@pytest.mark.parametrize("onward", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nobody_elsewhere(arrive: Arrive, onward: str) -> None:
    assert sign_in(arrive(), next=onward).headers["location"] == "/"


def test_the_page_says_the_same_of_a_wrong_password_and_of_no_account(arrive: Arrive) -> None:
    wrong = sign_in(arrive(), OTHER)
    none = arrive().post("/sign-in", data={"username": "nobody", "password": OTHER})
    assert (wrong.status_code, none.status_code) == (401, 401)
    assert wrong.text.replace('value="anna"', "").replace(token_in(wrong.text), "") == none.text.replace(
        'value="nobody"', ""
    ).replace(token_in(none.text), "")
    assert 'value="anna"' in wrong.text
    assert 'role="alert"' in wrong.text
    assert OTHER not in wrong.text
    assert "set-cookie" not in wrong.headers


def test_after_five_wrong_passwords_one_waits(arrive: Arrive) -> None:
    client = arrive()
    for _ in range(5):
        assert sign_in(client, OTHER).status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "Vänta en kvart" in answer.text


def test_a_browser_that_signed_in_before_does_not_wait_for_whoever_guesses_beside_it(arrive: Arrive) -> None:
    own, guessing = arrive(), arrive()
    sign_in(own)
    own.post("/sign-out")
    for _ in range(6):
        last = sign_in(guessing, OTHER)
    assert last.status_code == 429
    assert sign_in(own, OTHER).status_code == 401
    assert sign_in(own).status_code == 303
    assert "anna" not in own.cookies[BROWSER_COOKIE]


def test_signing_in_gives_a_new_cookie_and_ends_the_session_of_the_old_one(arrive: Arrive, empty_town: PagesTown) -> None:
    client = arrive()
    sign_in(client)
    first = client.cookies[COOKIE]
    sign_in(client)
    assert client.cookies[COOKIE] != first
    assert empty_town.sessions.principal(first) is None


def test_a_cookie_that_somebody_planted_does_not_become_a_session(arrive: Arrive, empty_town: PagesTown) -> None:
    client = arrive()
    client.cookies.set(COOKIE, "planted", domain="127.0.0.1", path="/")
    sign_in(client)
    assert empty_town.sessions.principal("planted") is None


def test_a_given_password_leads_to_choosing_ones_own(arrive: Arrive, empty_town: PagesTown) -> None:
    empty_town.accounts.set_password("anna", FIRST, KEEPER)
    client = arrive()
    page = sign_in(client, FIRST)
    assert page.status_code == 200
    assert COOKIE not in client.cookies
    assert 'action="/sign-in/password"' in page.text
    assert 'autocomplete="new-password"' in page.text
    form = {"username": "anna", "current": FIRST, "chosen": "password1234", "next": "/"}
    assert "för lätt att gissa" in client.post("/sign-in/password", data=form).text
    assert client.post("/sign-in/password", data=form | {"chosen": OTHER}).status_code == 303
    assert client.get("/team/outreach").status_code == 200
    assert client.post("/sign-in/password", data=form | {"chosen": OWN}).status_code == 401


def test_with_https_the_cookie_is_bound_to_this_host(arrive: Arrive, empty_town: PagesTown) -> None:
    app = build_web(replace(empty_town.web, url="https://insats.example.se"))
    with Browser(transport=InProcess(app), base_url="https://insats.example.se") as client:
        cookie = sign_in(client).headers["set-cookie"]
        parts = {part.strip() for part in cookie.split(";")}
        assert cookie.startswith(f"__Host-{COOKIE}=")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= parts
        assert not [part for part in parts if part.lower().startswith("domain")]
        assert client.get("/team/outreach").status_code == 200
        client.cookies.set(COOKIE, client.cookies[f"__Host-{COOKIE}"])
        del client.cookies[f"__Host-{COOKIE}"]
        assert client.get("/team/outreach").status_code == 401


def test_ones_page_lists_where_one_is_signed_in_and_ends_it(arrive: Arrive) -> None:
    here, there, third = arrive(), arrive(), arrive()
    there.headers["User-Agent"] = "Mozilla/5.0 (iPhone; CPU) AppleWebKit Version/17 Mobile Safari/604.1"
    for client in (there, third, here):
        sign_in(client)
    page = here.get("/me").text
    assert "Safari, iPhone" in page
    assert "medarbetare" in page
    assert "Förebyggarteamet" in page
    numbers = re.findall(r'name="end" value="([0-9a-f]{16})"', page)
    assert len(numbers) == 2
    here.post("/me/sessions", data={"end": numbers[0]})
    assert sorted(client.get("/me").status_code for client in (here, there, third)) == [200, 200, 401]
    here.post("/me/sessions", data={"end": "others"})
    assert [client.get("/me").status_code for client in (here, there, third)] == [200, 401, 401]
    sign_in(there)
    here.post("/me/sessions", data={"end": "all"})
    assert [client.get("/me").status_code for client in (here, there)] == [401, 401]


def test_changing_ones_password_takes_the_present_one_and_ends_the_other_sessions(arrive: Arrive) -> None:
    here, there = arrive(), arrive()
    sign_in(here)
    sign_in(there)
    assert "inte ditt nuvarande" in here.post("/me/password", data={"current": OTHER, "chosen": FIRST}).text
    assert "längre lösenord" in here.post("/me/password", data={"current": OWN, "chosen": "kort"}).text
    before = here.cookies[COOKIE]
    assert here.post("/me/password", data={"current": OWN, "chosen": OTHER}).status_code == 303
    assert here.cookies[COOKIE] != before
    assert (here.get("/me").status_code, there.get("/me").status_code) == (200, 401)
    assert sign_in(arrive()).status_code == 401
    assert sign_in(arrive(), OTHER).status_code == 303


def test_who_came_with_a_code_has_no_password_to_change(client: httpx.Client) -> None:
    assert "Byt lösenord" not in client.get("/me").text
    assert client.post("/me/password", data={"current": "x", "chosen": OWN}).status_code == 404


def test_a_list_that_renews_itself_keeps_nobody_signed_in(arrive: Arrive, empty_town: PagesTown) -> None:
    client = arrive()
    sign_in(client)
    for _ in range(3):
        empty_town.clock.advance(timedelta(minutes=10))
        answer = client.get("/team/outreach", headers={"Hub-Live": "1"})
    assert answer.status_code == 401


def test_every_page_for_the_signed_in_has_a_way_out(town: PagesTown, client: httpx.Client) -> None:
    for path in ("/", "/team/outreach", town.path("fine"), "/me", "/nowhere", "/find"):
        assert '<form method="post" action="/sign-out"><input' in client.get(path).text


def test_where_the_installation_permits_no_accounts_there_is_no_form_and_no_way(arrive: Arrive, empty_town: PagesTown) -> None:
    app = build_web(replace(empty_town.web, login=replace(empty_town.web.login, accounts=None, codes=None)))
    with Browser(transport=InProcess(app), base_url="http://127.0.0.1:8700") as client:
        assert "Det finns ingen väg in än" in client.get("/sign-in").text
        assert sign_in(client).status_code == 403  # no page holds a form to send
        token = {"form_token": form_token(client.cookies[FORM_COOKIE])}
        assert client.bare_post("/sign-in", data={"username": "anna", "password": OWN} | token).status_code == 404
        chosen = {"username": "anna", "current": OWN, "chosen": OTHER}
        assert client.bare_post("/sign-in/password", data=chosen | token).status_code == 404
        client.get("/sign-in", params={"code": empty_town.code()})
        assert client.get("/").status_code == 401


def test_coming_going_and_being_turned_away_are_in_the_audit_log(arrive: Arrive, empty_town: PagesTown, visit: Visit) -> None:
    told = empty_town.trail.told
    empty_town.trail.entries.clear()
    client = arrive()
    sign_in(client, OTHER)
    client.get("/sign-in", params={"code": "nonsense"})
    sign_in(client)
    client.get("/team/sig")
    client.get("/approvals")
    client.post("/me/sessions", data={"end": "others"})
    client.post("/sign-out")
    assert told() == [
        ("sign_in_refused", "deny", "wrong_password"), ("sign_in_refused", "deny", "bad_code"), ("sign_in", "permit", ""),
        ("request_refused", "deny", "task.open"), ("request_refused", "deny", "approval.see"), ("sign_out", "permit", ""),
        ("sign_out", "permit", ""),
    ]  # fmt: skip
    assert [entry.purpose for entry in empty_town.trail.entries[:3]] == ["local", "code", "local"]
    assert empty_town.trail.entries[3].actor.unit == "sig"


def test_when_the_audit_log_cannot_be_written_nobody_gets_in(arrive: Arrive, empty_town: PagesTown) -> None:
    empty_town.trail.broken = True
    client = arrive()
    for answer in (sign_in(client), client.get("/sign-in", params={"code": empty_town.code()})):
        assert answer.status_code == 500
        assert "set-cookie" not in answer.headers
    assert client.get("/").status_code == 401


def test_while_the_audit_log_cannot_be_written_everybody_gets_out(arrive: Arrive, empty_town: PagesTown) -> None:
    for path, form in (("/sign-out", {}), ("/me/sessions", {"end": "all"}), ("/me/sessions", {"end": "others"})):
        here, there = arrive(), arrive()
        sign_in(here)
        sign_in(there)
        empty_town.trail.broken = True
        copied = (there if form == {"end": "others"} else here).cookies[COOKIE]
        answer = here.post(path, data=form)
        assert (answer.status_code, empty_town.sessions.principal(copied)) == (303, None)
        empty_town.trail.broken = False


def test_four_eyes_on_a_page(empty_town: PagesTown, visit: Visit) -> None:
    auditor = replace(member("Granskare"), roles=each_for({Role.AUDITOR}, ()))
    second = replace(member("Andra granskaren"), roles=each_for({Role.AUDITOR}, ()))
    empty_town.four_eyes.ask(auditor, Matter.SEALED, "document-1", "supervision", ground=Ground("GDPR art. 58", "KS 2025/117"))
    asker, approver = visit(auditor), visit(second)
    assert "väntar på en andra person" in text_of(asker.get("/approvals"))
    assert "Inget väntar på ditt godkännande." in text_of(asker.get("/approvals"))
    page = approver.get("/approvals")
    assert "Ändamål tillsyn" in text_of(page)
    assert "Öppna en förseglad handling" in text_of(page)
    assert "document-1" not in page.text
    (number,) = set(re.findall(r'name="request" value="([0-9a-f]{32})"', page.text))
    assert "annan person" in asker.post("/approvals", data={"request": number, "decision": "approve"}).text
    assert approver.post("/approvals", data={"request": number, "decision": "approve"}).status_code == 303
    assert approver.post("/approvals", data={"request": number, "decision": "approve"}).status_code == 409
    assert "godkänd, gäller en gång" in text_of(asker.get("/approvals"))
    assert [one.state for one in empty_town.four_eyes.own(auditor)] == [RequestState.APPROVED]
    assert 'href="/approvals"' in asker.get("/approvals").text


def test_whoever_looks_at_what_waits_for_a_second_person_is_in_the_audit_log_or_sees_nothing(
    empty_town: PagesTown, visit: Visit
) -> None:
    auditor, second = (replace(member(name), roles=each_for({Role.AUDITOR}, ())) for name in ("Granskare", "Andra granskaren"))
    empty_town.four_eyes.ask(auditor, Matter.SEALED, "document-1", "supervision", ground=Ground("GDPR art. 58", "KS 2025/117"))
    client = visit(second)
    client.get("/approvals")
    client.post("/approvals", data={"request": "0" * 32, "decision": "approve"})  # refused, and the list is shown again
    looks = the_latest(empty_town.audit.engine, Filter(actions=("approval_listed",)), 10)
    assert [(one.account, one.role) for one in looks] == [(second.account, "auditor")] * 2
    with empty_town.audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    answer = client.get("/approvals")
    assert answer.status_code == 500
    assert "KS 2025/117" not in answer.text
    assert 'href="/approvals"' not in visit(member("Fältare", "outreach")).get("/team/outreach").text
