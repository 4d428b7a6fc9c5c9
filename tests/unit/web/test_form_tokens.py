"""Every form is a page's of ours, shown in the very browser and session that send it: over every route that there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Mount, Route

import hub.web
from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.web.form_tokens import form_token, is_genuine
from hub.web.principal import COOKIE, FORM_COOKIE
from tests.unit.web.browser import Browser, token_in
from tests.unit.web.conftest import Visit
from tests.unit.web.places import filled
from tests.unit.web.town import PagesTown

TEMPLATES = Path(hub.web.__file__).parent / "templates"
EVERYTHING = Principal("account-1", "Allt", each_for(Role, {"outreach", "sig", "sspf"}))
SAFE = {"GET"}
FROM_MACHINES = {"/sign-out/back-channel"}  # signed by the provider: tests/unit/web/test_recheck.py


def unsafe(town: PagesTown) -> Iterator[tuple[str, str]]:
    """(method, path) of every route that may change something, read from the application itself."""
    for route in town.app.routes:
        assert isinstance(route, Route | Mount)
        if isinstance(route, Route) and route.path not in FROM_MACHINES:
            yield from ((method, filled(route.path)) for method in sorted((route.methods or set()) - SAFE))


def test_without_the_token_of_this_session_no_form_does_anything(town: PagesTown, visit: Visit) -> None:
    client, other = visit(EVERYTHING), visit(EVERYTHING)
    before, tried = list(town.trail.entries), 0
    for method, path in unsafe(town):
        for token in (None, "", "form", "form.x", other.token(), visit(None).token(), client.token()[:-1]):
            answer = client.bare_post(path, data={} if token is None else {"form_token": token})
            assert answer.status_code == 403, (method, path, token)
            assert "Formuläret behöver laddas om" in answer.text
        tried += 1
    assert tried >= 19
    assert town.trail.entries == before
    assert client.get("/me").status_code == 200


def test_with_it_every_form_comes_through(town: PagesTown, visit: Visit) -> None:
    for method, path in unsafe(town):
        answer = visit(EVERYTHING).request(method, path)
        assert "Formuläret behöver laddas om" not in answer.text, (method, path)


def test_who_is_not_signed_in_has_a_token_too_and_another_browsers_is_none(town: PagesTown, visit: Visit) -> None:
    mine, theirs = visit(None), visit(None)
    assert mine.bare_post("/sign-in", data={"code": town.code()}).status_code == 403
    assert mine.bare_post("/sign-in", data={"code": town.code(), "form_token": theirs.token()}).status_code == 403
    assert mine.post("/sign-in", data={"code": town.code()}).status_code == 303


def test_a_token_ends_with_its_session(town: PagesTown, visit: Visit) -> None:
    client = visit(EVERYTHING)
    old = client.token()
    client.post("/sign-out")
    client.get("/sign-in", params={"code": town.code(EVERYTHING)})
    assert client.token() != old
    assert client.bare_post("/sign-out", data={"form_token": old}).status_code == 403


def test_the_cookie_before_signing_in_is_out_of_scripts_reach_and_new_for_each_browser(visit: Visit) -> None:
    one, two = visit(None), visit(None)
    header = one.get("/sign-in").headers["set-cookie"]
    assert header.startswith(f"{FORM_COOKIE}=")
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "set-cookie" not in one.get("/sign-in").headers
    two.get("/sign-in")
    assert one.cookies[FORM_COOKIE] != two.cookies[FORM_COOKIE]


def test_a_session_needs_no_second_cookie_and_its_token_does_not_tell_it(town: PagesTown, visit: Visit) -> None:
    client = visit(EVERYTHING)
    page = client.get("/me")
    assert "set-cookie" not in page.headers
    assert client.cookies[COOKIE] not in page.text
    assert token_in(page.text) == form_token(client.cookies[COOKIE])


def test_every_form_that_is_sent_begins_with_the_token() -> None:
    found = 0
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for form in re.finditer(r'<form method="post"', text):
            opened = re.match(r'<form method="post"(?:[^>{]|\{\{.*?\}\})*>', text[form.start() :])
            assert opened, path.name
            assert text[form.start() + opened.end() :].startswith("{{ form_token }}"), path.name
            found += 1
    assert found >= 20


@pytest.mark.parametrize("template", sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")))
def test_no_token_stands_in_a_form_whose_fields_become_an_address(template: str) -> None:
    path = TEMPLATES / template
    for form in re.findall(r"<form(?![^>]*method=)[^>]*>(.*?)</form>", path.read_text(encoding="utf-8"), flags=re.DOTALL):
        assert "form_token" not in form


@given(st.text(min_size=1), st.text(), st.text())
def test_a_token_is_good_for_its_own_secret_only(secret: str, other: str, noise: str) -> None:
    token = form_token(secret.encode(errors="replace").decode())
    assert is_genuine(secret.encode(errors="replace").decode(), token)
    assert not is_genuine(other, noise)
    assert not is_genuine("", token)


def test_a_browser_asks_for_its_token_as_people_do(stranger: Browser) -> None:
    assert stranger.token() == token_in(stranger.get("/sign-in").text)
