"""Signing in and out, and choosing a language."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from hub.web.app import build_web
from hub.web.principal import COOKIE
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.town import PagesTown


def test_a_code_in_the_address_signs_in_and_leads_on_to_an_address_without_it(
    empty_town: PagesTown, stranger: httpx.Client
) -> None:
    answer = stranger.get("/sign-in", params={"code": empty_town.code()})
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/", b"")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=28800"} <= {part.strip() for part in cookie.split(";")}
    assert stranger.get("/").status_code == 200


def test_a_code_in_the_form_signs_in_too_with_the_blanks_of_a_paste(empty_town: PagesTown, stranger: httpx.Client) -> None:
    assert stranger.post("/sign-in", data={"code": f"  {empty_town.code()}\n"}).status_code == 303
    assert stranger.get("/").status_code == 200


def test_a_used_code_says_how_to_get_another(empty_town: PagesTown, stranger: httpx.Client) -> None:
    code = empty_town.code()
    stranger.get("/sign-in", params={"code": code})
    stranger.cookies.clear()
    for answer in (stranger.get("/sign-in", params={"code": code}), stranger.post("/sign-in", data={"code": code})):
        assert answer.status_code == 401
        assert "Koden är använd eller för gammal. Hämta en ny med: hub web-login" in answer.text
        assert code not in answer.text
        assert COOKIE not in answer.cookies


def test_the_form_is_shown_without_a_code(stranger: httpx.Client) -> None:
    for answer in (stranger.get("/sign-in"), stranger.post("/sign-in"), stranger.post("/sign-in", data={"other": "1"})):
        assert answer.status_code == 200
        assert 'name="code"' in answer.text


def test_a_form_longer_than_any_of_ours_is_not_read(stranger: Browser) -> None:
    assert stranger.post("/sign-in", content=b"code=" + b"x" * 100_000).status_code == 413
    assert stranger.post("/sign-in", content=b"a=1&" * 1000).status_code == 400
    token = f"form_token={stranger.token()}&".encode()
    assert stranger.post("/sign-in", content=token + b"\xff\xfe=%zz&code=%e5").status_code == 401


def test_signing_out_ends_the_session_and_not_only_its_cookie(client: httpx.Client) -> None:
    copied = client.cookies[COOKIE]
    answer = client.post("/sign-out")
    assert answer.headers["location"] == "/"
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, copied, domain="127.0.0.1")
    assert client.get("/").status_code == 401


def test_cookies_travel_over_https_alone_where_the_pages_are_reached_so(empty_town: PagesTown) -> None:
    app = build_web(replace(empty_town.web, url="https://insats.example.se"))
    with Browser(transport=InProcess(app), base_url="https://insats.example.se") as client:
        for path in (f"/sign-in?code={empty_town.code()}", "/language/en"):
            assert "Secure" in client.get(path).headers["set-cookie"]


def test_the_language_is_remembered_and_leads_back(client: httpx.Client) -> None:
    answer = client.get("/language/en", params={"back": "/team/outreach?all=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/team/outreach?all=1")
    assert '<html lang="en">' in client.get("/").text
    assert 'href="/language/sv?back=/" lang="sv">På svenska</a>' in client.get("/").text


def test_single_letters_are_no_shortcuts_once_somebody_has_turned_them_off(client: httpx.Client) -> None:
    assert "data-keys" not in client.get("/").text
    for state, turn, shown in (("off", "on", True), ("never", "on", True), ("on", "off", False)):
        answer = client.get(f"/keys/{state}", params={"back": "/team/outreach?all=1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/team/outreach?all=1")
        page = client.get("/").text
        assert ('<body data-keys="off">' in page) is shown
        assert f'href="/keys/{turn}?back=/"' in page


def test_an_unknown_language_changes_nothing(client: httpx.Client) -> None:
    assert "set-cookie" not in client.get("/language/de").headers
    assert '<html lang="sv">' in client.get("/").text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "/\t/evil.example", "/\r\nX-Evil: 1"]
)
def test_a_choice_of_language_leads_nobody_elsewhere(client: httpx.Client, back: str) -> None:
    answer = client.get("/language/en", params={"back": back})
    assert answer.headers["location"] == "/"
    assert "x-evil" not in answer.headers


def test_the_way_back_from_the_sign_in_page_holds_no_code(stranger: httpx.Client) -> None:
    assert "back=/sign-in&" not in stranger.get("/sign-in", params={"code": "spent-code"}).text
    assert "spent-code" not in stranger.get("/sign-in", params={"code": "spent-code"}).text
