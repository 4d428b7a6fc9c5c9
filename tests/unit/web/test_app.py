"""Which routes there are, who gets past them, and under which names and methods they answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from starlette.routing import Mount, Route

from hub.web.app import build_web
from hub.web.principal import COOKIE
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.places import filled
from tests.unit.web.test_doors import DOORS, OPEN
from tests.unit.web.town import PagesTown, member

OPEN_TO_ALL = {
    "/sign-in", "/sign-in/password", "/sign-in/provider", "/sign-in/return", "/sign-out/provider", "/sign-out/back-channel", "/language/{language}", "/keys/{state}", "/static",
    "/presence/offer/{token}", "/presence/report/{token}", "/presence/calendar/{token}.ics", "/calendar/{token}.ics",
}  # fmt: skip


def routes(town: PagesTown) -> Iterator[tuple[str, str, str]]:
    """(path as declared, method, path to ask for) of every route that there is."""
    for route in town.app.routes:
        assert isinstance(route, Route | Mount)
        path = filled(route.path)
        for method in sorted(getattr(route, "methods", None) or {"GET"}):
            yield route.path, method, path


def test_every_route_but_the_entrance_asks_who_you_are(empty_town: PagesTown, stranger: httpx.Client) -> None:
    asked = 0
    for declared, method, path in routes(empty_town):
        if declared in OPEN_TO_ALL:
            continue
        answer = stranger.request(method, path)
        assert answer.status_code == 401, (method, declared)
        assert "Logga in" in answer.text
        asked += 1
    assert asked == len([action for action in DOORS.values() if action != OPEN])


@pytest.mark.parametrize("cookie", ["nonsense", "e30.aaaaaa.bbbbbbbbbbb"])
def test_a_forged_cookie_opens_no_route(empty_town: PagesTown, stranger: httpx.Client, cookie: str) -> None:
    stranger.cookies.set(COOKIE, cookie, domain="127.0.0.1")
    for declared, method, path in routes(empty_town):
        if declared not in OPEN_TO_ALL:
            assert stranger.request(method, path).status_code == 401


def test_no_route_answers_to_head_because_nobody_would_see_what_it_did(
    town: PagesTown, client: httpx.Client, stranger: httpx.Client
) -> None:
    for declared, _method, path in routes(town):
        if declared != "/static":
            assert client.head(path).status_code == 405, declared
    client.head(town.path("fine"))
    assert all(view.opened_at is None for view in town.worklist.all_tasks() if view.task_id == town.tasks["fine"])
    code = town.code()
    assert stranger.head("/sign-in", params={"code": code}).status_code == 405
    assert stranger.get("/sign-in", params={"code": code}).status_code == 303


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_pages_are_read_with_get_alone(town: PagesTown, client: httpx.Client, method: str) -> None:
    for path in ("/", "/team/outreach", town.path("fine"), "/language/en"):
        answer = client.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET"
        assert answer.content == b""


def test_signing_out_is_no_link(client: httpx.Client) -> None:
    assert client.get("/sign-out").status_code == 405
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "127.0.0.1", "localhost:8700", "[::1]:8700", "LOCALHOST"])
def test_the_pages_answer_to_loopback_names(stranger: httpx.Client, host: str) -> None:
    assert stranger.get("/", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8700", "0.0.0.0:8700", "", "a b", "[::1"]
)
def test_another_sites_name_that_leads_here_gets_nothing(client: httpx.Client, host: str) -> None:
    for path in ("/", "/sign-in", "/static/hub.css"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "Förebyggarteamet" not in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("url", "host"), [("https://insats.example.se", "insats.example.se"), ("http://[fd00::7]:8700", "[fd00::7]:8700")]
)
def test_the_configured_name_is_answered_to(empty_town: PagesTown, url: str, host: str) -> None:
    app = build_web(replace(empty_town.web, url=url))
    with Browser(transport=InProcess(app), base_url="http://127.0.0.1") as client:
        assert client.get("/", headers={"Host": host}).status_code == 401
        assert client.get("/", headers={"Host": f"other.{host}"}).status_code == 400


def test_a_page_that_does_not_exist_says_so_in_the_readers_language(client: httpx.Client, stranger: httpx.Client) -> None:
    for asking in (client, stranger):
        for path in ("/nowhere", "/team", "/team/outreach/task/no-number", "/static/../app.py"):
            answer = asking.get(path)
            assert answer.status_code == 404
            assert "Sidan finns inte" in answer.text


def test_a_team_that_has_left_the_configuration_leaves_its_people_nothing(visit: Visit) -> None:
    former = visit(member("Handläggare", "dissolved"))
    assert "Du hör inte till någon enhet här." in former.get("/").text
    assert former.get("/team/dissolved").status_code == 404
