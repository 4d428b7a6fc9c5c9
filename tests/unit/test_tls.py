"""Whom a client believes is read once; what stays on this machine is told to no proxy."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.fetching import Fetcher, Limits
from hub.connect.subjects import SubjectFeed
from hub.errors import HubError
from hub.process import Announcement
from hub.status import read_metrics
from hub.testing import served
from hub.tls import outward_client, trusted


def test_the_authorities_are_read_once_and_every_client_checks_names_against_them() -> None:
    assert trusted() is trusted()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
    assert trusted().cert_store_stats()["x509_ca"] == httpx.create_ssl_context().cert_store_stats()["x509_ca"] > 0


def test_a_file_of_authorities_that_cannot_be_read_is_no_silent_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with pytest.raises(OSError, match="No such file"):
        trusted.__wrapped__()


@pytest.fixture
def behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A proxy that writes down what it is asked for stands in the environment, and answers for everybody."""
    asked: list[str] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"].rpartition("/")[2])
            await PlainTextResponse("of the proxy")(scope, receive, send)

    with served(answer) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        yield asked


def test_what_goes_to_this_machine_is_told_to_no_proxy_of_the_environment(behind_a_proxy: list[str]) -> None:
    heard: list[str] = []

    def here(request: Request) -> PlainTextResponse:
        heard.append(request.url.path.rpartition("/")[2])
        return PlainTextResponse("hub_here 1\n")

    with served(Starlette(routes=[Route("/{path:path}", here)])) as url:
        assert httpx.get(f"{url}/control").text == "of the proxy"
        fetcher = Fetcher(Limits(attempts=1), lambda _operation, _status: None)
        assert fetcher.get("look", f"{url}/source").content == b"hub_here 1\n"
        assert read_metrics(Announcement("worker", 1, 0.0, f"{url}/metrics")) == {"hub_here": {(): 1.0}}
        with pytest.raises(HubError):  # that is no directory's answer; whom it asked is what counts
            SubjectFeed(url, "school-norrkoping", lambda: "token").fetch(0, "", "")
    assert heard == ["source", "metrics", "subjects"]
    assert behind_a_proxy == ["control"]


def test_a_foreign_system_elsewhere_is_asked_by_the_proxy_of_the_environment(behind_a_proxy: list[str]) -> None:
    with outward_client(timeout=5) as client:
        assert client.get("http://school.example/absences").text == "of the proxy"
    assert behind_a_proxy == ["absences"]
