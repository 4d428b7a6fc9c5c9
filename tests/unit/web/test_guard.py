"""What every answer carries, what is refused before it is looked at, and what is said when something breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from hub.web.app import build_web
from hub.web.principal import COOKIE
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown, member


def answers(town: PagesTown, client: httpx.Client, stranger: httpx.Client) -> list[httpx.Response]:
    """An answer of every kind."""
    return [
        client.get("/"), client.get("/team/outreach"), client.get(town.path("fine")), client.get("/nowhere"),
        client.get("/find"), client.get("/language/en"), client.get("/", headers={"Host": "evil.example"}),
        client.put("/"), client.get("/static/hub.css"), client.get("/static/none.css"), stranger.get("/"), stranger.get("/sign-in"),
        stranger.get("/sign-in", params={"code": "x"}), stranger.get("/sign-in", params={"code": town.code()}),
    ]  # fmt: skip


def test_every_answer_is_confined_and_leaks_no_address(town: PagesTown, client: httpx.Client, stranger: httpx.Client) -> None:
    for answer in answers(town, client, stranger):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_pages_are_stored_nowhere_and_assets_are_asked_for_anew(
    town: PagesTown, client: httpx.Client, stranger: httpx.Client
) -> None:
    for answer in answers(town, client, stranger):
        asset = answer.request.url.path == "/static/hub.css"
        assert answer.headers["cache-control"] == ("no-cache" if asset else "no-store")
    style = client.get("/static/hub.css")
    again = client.get("/static/hub.css", headers={"If-None-Match": style.headers["etag"]})
    assert (style.status_code, again.status_code) == (200, 304)


def test_whatever_goes_wrong_while_somebody_is_signed_in_is_stored_nowhere(town: PagesTown, visit: Visit) -> None:
    client = visit(member("Fältare", "outreach"))
    task = town.path("fine")
    answers = {
        "another role's": (403, client.get("/audit/review")), "another team's": (403, client.get("/team/sspf")),
        "no team": (404, client.get("/team/nowhere")), "no page": (404, client.get("/nowhere")),
        "no task": (404, client.get(f"{task[:-4]}0000")), "no number": (404, client.get("/find")),
        "no such way": (405, client.put("/me")), "read ahead": (403, client.get("/me", headers={"Sec-Purpose": "prefetch"})),
        "of elsewhere": (403, client.post("/me/sessions", headers={"Origin": "null"})),
        "no page's": (403, client.bare_post("/me/sessions")), "too long": (413, client.post("/sign-in", data={"code": "x" * 70000})),
        "no form": (400, client.post("/sign-in", data={f"f{number}": "" for number in range(600)})),
        "no password here": (404, client.post("/me/password")), "wrong": (401, client.post("/sign-in", data={"username": "x"})),
        "another's host": (400, client.get("/", headers={"Host": "evil.example"})), "no asset": (404, client.get("/static/x.css")),
    }  # fmt: skip
    found = {kind: (answer.status_code, answer.headers["cache-control"]) for kind, (_, answer) in answers.items()}
    assert found == {kind: (status, "no-store") for kind, (status, _) in answers.items()}


@pytest.mark.parametrize("path", ["/static/none.css", "/static/", "/static/..%2fapp.py", "/static/%00", "/static/" + "a" * 300])
def test_an_asset_that_does_not_exist_is_no_page_and_nobodys(client: httpx.Client, stranger: httpx.Client, path: str) -> None:
    for answer in (client.get(path), stranger.get(path)):
        assert (answer.status_code, answer.text, answer.headers["cache-control"]) == (404, "", "no-store")
        assert "set-cookie" not in answer.headers


def test_pages_hold_no_style_script_or_address_of_elsewhere(
    town: PagesTown, client: httpx.Client, stranger: httpx.Client
) -> None:
    for answer in answers(town, client, stranger):
        if answer.headers.get("content-type", "").startswith("text/html"):
            for forbidden in ("http://", "https://", " style=", " onclick=", "<style", "<script>"):
                assert forbidden not in answer.text
            assert answer.text.count("<script") == 1


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_browser_that_reads_ahead_opens_no_task_and_uses_up_no_code(
    town: PagesTown, client: httpx.Client, stranger: httpx.Client, purpose: str
) -> None:
    ahead = {"Sec-Purpose": purpose}
    code = town.code()
    assert client.get(town.path("fine"), headers=ahead).status_code == 403
    assert stranger.get("/sign-in", params={"code": code}, headers=ahead).status_code == 403
    assert not [view for view in town.worklist.all_tasks() if view.task_id == town.tasks["fine"] and view.opened_at]
    assert stranger.get("/sign-in", params={"code": code}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://[evil"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": ""},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_a_form_that_another_site_sends_in_your_name_is_refused(
    town: PagesTown, client: httpx.Client, headers: dict[str, str]
) -> None:
    assert client.post("/sign-out", headers=headers).status_code == 403
    assert client.post("/sign-in", data={"code": town.code()}, headers=headers).status_code == 403
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8700"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://127.0.0.1:8700"},
    ],
)
def test_a_form_of_our_own_is_taken(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post("/sign-out", headers=headers).status_code == 303


class BrokenWorklist:
    """An inbox whose database does not answer, with a text that must not get out."""

    def open_by_team(self) -> NoReturn:
        raise OSError("secret text of a failure")


def test_when_something_breaks_the_page_says_what_is_safe_and_the_log_only_the_kind_of_error(town: PagesTown) -> None:
    app = build_web(replace(town.web, worklist=BrokenWorklist()))
    with (
        Browser(transport=InProcess(app), base_url="http://127.0.0.1:8700") as client,
        structlog.testing.capture_logs() as logged,
    ):
        client.get("/sign-in", params={"code": town.code()})
        answer = client.get("/")
    assert answer.status_code == 500
    assert "Något gick fel" in answer.text
    assert "Ingen uppgift har gått förlorad." in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text
    assert logged == [{"event": "page_failed", "error": "OSError", "route": "/", "log_level": "error"}]


def count(route: str, status: int) -> float:
    return REGISTRY.get_sample_value("hub_web_requests_total", {"route": route, "status": str(status)}) or 0.0


def test_requests_are_counted_by_route_never_by_address(town: PagesTown, client: httpx.Client) -> None:
    route = "/team/{team}/task/{task:uuid}"
    before = count(route, 200), count("none", 404)
    client.get(town.path("fine"))
    client.get("/nowhere/19990101-9802")
    client.get("/static/hub.css")
    assert (count(route, 200), count("none", 404)) == (before[0] + 1, before[1] + 1)
    labels = [sample.labels["route"] for metric in REGISTRY.collect() for sample in metric.samples if "route" in sample.labels]
    assert not [label for label in labels if "1999" in label or town.tasks["fine"] in label]


def test_a_cookie_that_breaks_the_reader_is_nobody(stranger: httpx.Client) -> None:
    for value in ("%00", "a" * 5000, '"', "..", "e30"):
        stranger.cookies.set(COOKIE, value, domain="127.0.0.1")
        assert stranger.get("/").status_code == 401
