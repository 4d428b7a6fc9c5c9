from __future__ import annotations

import asyncio
import base64
import json
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest
from standardwebhooks import Webhook

from connectors.webhook.config import WebhookConfig
from connectors.webhook.simulator import build_simulator
from connectors.webhook.sink import WebhookSink, body_of
from hub.connector import Errand, SinkContext
from hub.contract.models import Priority, TaskState
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.testing import served

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, long enough").decode()


def make_errand(**changes) -> Errand:
    now = datetime.now(UTC)
    values = {
        "task_id": "3f0c2b1e-8d5a-4c7e-9b1a-0e5d7a9c4b01",
        "state": TaskState.REQUESTED,
        "team": "outreach",
        "function": "school_attendance",
        "priority": Priority.HIGH,
        "created_at": now,
        "respond_by": now + timedelta(days=5),
    }
    return Errand(**(values | changes))


ANOTHER = "whsec_" + base64.b64encode(b"the secret that comes after it").decode()


def make_sink(
    url: str, secret: str = SECRET, now: datetime | None = None, observed=None, *, allow_private=("127.0.0.0/8",)
) -> WebhookSink:
    context = SinkContext(
        now=lambda: now or datetime.now(UTC),
        secret=lambda _name: f"{secret}\n",
        observe_request=lambda operation, status: observed.append((operation, status)) if observed is not None else None,
    )
    return WebhookSink(WebhookConfig(url=url, allow_private=allow_private), context)


class Keeping:
    """An ASGI application that keeps what it was sent and answers with a status."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.sent: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.sent.append((headers, (await receive())["body"]))
        told = [(b"content-length", b"0"), (b"location", b"/elsewhere")]
        await send({"type": "http.response.start", "status": self.status, "headers": told})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def keeping():
    app = Keeping()
    with served(app) as app.url:
        yield app


def test_the_standards_own_library_verifies_what_is_sent(keeping) -> None:
    observed = []
    with closing(make_sink(keeping.url, observed=observed)) as sink:
        sink.deliver(make_errand())
    ((headers, body),) = keeping.sent
    assert Webhook(SECRET).verify(body, headers)["type"] == "task.requested"
    assert observed == [("post", 204)]


def test_a_clock_in_another_zone_signs_the_same_instant(keeping) -> None:
    with closing(make_sink(keeping.url, now=datetime.now(timezone(timedelta(hours=9))))) as sink:
        sink.deliver(make_errand())
    ((headers, body),) = keeping.sent
    assert Webhook(SECRET).verify(body, headers)


def test_the_receiver_is_told_that_there_is_a_task_and_nothing_of_its_reason() -> None:
    told = json.loads(body_of(make_errand()))
    assert set(told) == {"type", "timestamp", "data"}
    assert set(told["data"]) == {"task_id", "team", "priority", "respond_by"}
    assert "school_attendance" not in json.dumps(told)


def test_every_attempt_carries_the_same_id_and_the_same_bytes(keeping) -> None:
    errand = make_errand()
    for _ in range(2):
        with closing(make_sink(keeping.url)) as sink:
            sink.deliver(errand)
    assert len({(headers["webhook-id"], body) for headers, body in keeping.sent}) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(408, RetriableError), (404, ConfigError), (410, ConfigError), (302, ConfigError), (413, RejectedError)],
)
def test_an_answer_names_its_reaction(keeping, status: int, error) -> None:
    keeping.status = status
    with closing(make_sink(keeping.url)) as sink, pytest.raises(error) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == f"status_{status}"
    assert len(keeping.sent) == 1, "a redirect is not followed"


class Endless(Keeping):
    """Says that its answer is packed, and goes on with what cannot be unpacked until nobody listens."""

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        await receive()
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"content-encoding", b"gzip")]})
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"no gzip", "more_body": True})
            await asyncio.wait([gone], timeout=0.05)


@pytest.mark.parametrize(
    ("status", "reaction"), [(202, nullcontext()), (503, pytest.raises(RetriableError)), (422, pytest.raises(RejectedError))]
)
def test_an_answer_that_never_ends_and_cannot_be_unpacked_counts_by_its_status(status: int, reaction) -> None:
    with served(Endless(status)) as url, closing(make_sink(url)) as sink, reaction:
        sink.deliver(make_errand())


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_å", f"{SECRET} whsec_å", f"{SECRET} {ANOTHER} {SECRET}"])
def test_a_secret_of_another_form_stops_before_anything_is_sent(keeping, secret: str) -> None:
    with closing(make_sink(keeping.url, secret)) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "bad_secret"
    assert keeping.sent == []


def test_the_simulator_refuses_another_secret_an_old_time_and_a_changed_body(tmp_path) -> None:
    with served(build_simulator(tmp_path, {"secret": SECRET})) as url:
        address = f"{url}/hook"
        for sink in (make_sink(address, ANOTHER), make_sink(address, now=datetime.now(UTC) - timedelta(minutes=6))):
            with closing(sink), pytest.raises(ConfigError):
                sink.deliver(make_errand())
        signature = Webhook(SECRET).sign("one", datetime.now(UTC), "{}")
        headers = {
            "webhook-id": "one",
            "webhook-timestamp": str(int(datetime.now(UTC).timestamp())),
            "webhook-signature": signature,
        }
        assert httpx.post(address, content=b"{ }", headers=headers).status_code == 401
        assert httpx.get(f"{url}/simulator/received").json() == []


def test_the_simulator_needs_a_secret(tmp_path) -> None:
    with pytest.raises(ConfigError):
        build_simulator(tmp_path, {})


def test_a_time_whose_text_is_no_number_and_a_signature_beyond_ascii_are_refused_without_an_error(tmp_path) -> None:
    now = datetime.now(UTC)
    body = b'{"type":"task.requested","data":{"task_id":"3f0c2b1e"}}'
    good = {
        "webhook-id": "one",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("one", now, body.decode()),
    }
    attempts = [
        {}, {**good, "webhook-timestamp": "soon"}, {**good, "webhook-timestamp": "9" * 30}, {**good, "webhook-id": ""},
        {**good, "webhook-id": "two"}, {**good, "webhook-signature": "v1,å".encode()}, {**good, "webhook-signature": ""},
    ]  # fmt: skip
    with served(build_simulator(tmp_path, {"secret": SECRET})) as url:
        answers = [httpx.post(f"{url}/hook", content=body, headers=headers).status_code for headers in attempts]
        answers.append(httpx.post(f"{url}/hook", content=b"\xff\xfe", headers=good).status_code)
        assert answers == [401] * 8
        assert httpx.post(f"{url}/hook", content=body, headers=good).status_code == 204


@pytest.mark.parametrize("body", ["", "[]", "1", '{"type":1,"data":{"task_id":"x"}}', '{"type":"task.requested"}', "[" * 100_000])
def test_what_is_signed_and_no_word_of_a_task_is_refused_without_an_error(tmp_path, body: str) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "one",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("one", now, body),
    }
    with served(build_simulator(tmp_path, {"secret": SECRET})) as url:
        assert httpx.post(f"{url}/hook", content=body.encode(), headers=headers).status_code == 401


def test_a_request_that_is_heard_and_sent_again_has_no_second_effect_and_is_refused_when_it_is_late(tmp_path, keeping) -> None:
    with closing(make_sink(keeping.url)) as sink:
        sink.deliver(make_errand())
    ((headers, body),) = keeping.sent
    heard = {name: value for name, value in headers.items() if name.startswith("webhook-")}
    shown = [datetime.now(UTC)]
    with served(build_simulator(tmp_path, {"secret": SECRET, "now": lambda: shown[0]})) as url:
        first, again = (httpx.post(f"{url}/hook", content=body, headers=heard).status_code for _ in range(2))
        shown[0] += timedelta(minutes=6)
        late = httpx.post(f"{url}/hook", content=body, headers=heard).status_code
        assert (first, again, late) == (204, 204, 401)
        assert len(httpx.get(f"{url}/simulator/received").json()) == 1


@pytest.mark.parametrize("verified_with", [SECRET, ANOTHER])
def test_while_a_secret_is_changed_the_receiver_may_have_either(keeping, verified_with: str) -> None:
    with closing(make_sink(keeping.url, f"{ANOTHER} {SECRET}")) as sink:
        sink.deliver(make_errand())
    ((headers, body),) = keeping.sent
    assert Webhook(verified_with).verify(body, headers)["type"] == "task.requested"


def test_an_address_on_this_machine_is_not_reached_unless_its_network_is_listed(keeping) -> None:
    observed = []
    with closing(make_sink(keeping.url, observed=observed, allow_private=())) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "private_address"
    assert keeping.sent == []


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"])
def test_a_proxy_of_the_environment_is_told_nothing_and_brings_no_address_nearer(monkeypatch, keeping, name: str) -> None:
    proxy = Keeping()
    with served(proxy) as proxy_url:
        monkeypatch.setenv(name, proxy_url)
        with closing(make_sink(keeping.url)) as sink:
            sink.deliver(make_errand())
        with closing(make_sink(keeping.url, allow_private=())) as sink, pytest.raises(ConfigError) as refused:
            sink.deliver(make_errand())
        with closing(make_sink("http://127.0.0.1:9/hook")) as sink, pytest.raises(RetriableError, match="no proxy") as silent:
            sink.deliver(make_errand())
    assert (len(keeping.sent), proxy.sent) == (1, [])
    assert (refused.value.code, silent.value.code) == ("private_address", "unreachable")
