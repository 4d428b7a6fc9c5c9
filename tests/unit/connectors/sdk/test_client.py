from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from connectors.sdk.client import SdkClient, problem_code
from connectors.sdk.simulator import build_simulator
from hub.errors import ConfigError, RejectedError, RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.sdk.make import NOW, make_config, make_context, make_message, write_messages


class World:
    """A client on a simulator, without a socket; `now` is the client's time."""

    def __init__(self, folder, *messages, options=None, **changes):
        self.now = NOW
        self.seen = []
        self.slept = []
        self.transport = InProcess(build_simulator(write_messages(folder, *messages), options or {}))
        context = make_context(observe=lambda *each: self.seen.append(each), now=lambda: self.now)
        self.client = SdkClient(make_config(**changes), context, transport=self.transport, sleep=self.slept.append)

    def asked(self, part):
        return [request for request in self.transport.requests if part in str(request.url)]


def answering(*answers, **changes):
    """A client on a server that gives these answers to everything but the token."""
    rest = list(answers)

    def answer(request):
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        return rest.pop(0) if len(rest) > 1 else rest[0]

    slept = []
    client = SdkClient(make_config(**changes), make_context(), transport=httpx.MockTransport(answer), sleep=slept.append)
    return client, slept


def test_the_inbox_is_listed_once_per_message_oldest_first(tmp_path):
    world = World(
        tmp_path,
        make_message(1),
        make_message(2, created="2025-05-01T00:00:00Z", messageStatus="RETRIEVED"),
        make_message(3, messageStatus="ACCEPTED"),
    )
    found = world.client.list_messages()
    assert [each.message_id for each in found] == [make_message(n)["attributes"]["messageId"] for n in (2, 1)]
    statuses = [request.url.params["filter[messageStatus]"] for request in world.asked("/sdk/messages")]
    assert statuses == ["NEW", "RETRIEVED", "RECEIPT_SENT"]


def test_a_server_that_ignores_filters_does_not_pass_off_what_was_sent():
    rows = {"data": [make_message(1), make_message(2, messageStatus="ACCEPTED"), make_message(3, messageStatus=None)]}
    client, _ = answering(httpx.Response(200, json=rows))
    assert len(client.list_messages()) == 2


def test_a_shared_inbox_is_narrowed_by_functional_address(tmp_path):
    world = World(tmp_path, make_message(1), recipient="sdk:in:0203:other.se")
    assert world.client.list_messages() == []


def test_one_token_serves_until_it_runs_out(tmp_path):
    world = World(tmp_path, make_message(1))
    world.client.list_messages()
    world.client.list_messages()
    assert len(world.asked("token")) == 1
    world.now += timedelta(seconds=299)
    world.client.list_messages()
    assert len(world.asked("token")) == 2


@pytest.mark.parametrize("way", ["basic", "post"])
def test_the_secret_goes_to_the_token_endpoint_alone(tmp_path, way):
    world = World(tmp_path, make_message(1), client_authentication=way)
    world.client.list_messages()
    assert world.seen == [("token", 200), ("list", 200), ("list", 200), ("list", 200)]
    assert all(request.headers["authorization"].startswith("Bearer ") for request in world.asked("/sdk/"))
    assert all(b"simulator" not in request.read() for request in world.asked("/sdk/"))


def test_a_token_refused_before_its_time_is_renewed_once(tmp_path):
    world = World(tmp_path, make_message(1), options={"token_seconds": 300})
    world.client.list_messages()
    world.transport._inner.app.routes[1].endpoint.__self__._tokens._until.clear()
    assert len(world.client.list_messages()) == 1
    assert world.seen.count(("list", 401)) == 1
    assert world.seen.count(("token", 200)) == 2


def test_a_right_that_is_missing_is_asked_for_again_later_and_never_stops_the_lane():
    client, _ = answering(httpx.Response(403))
    with pytest.raises(RetriableError) as caught:
        client.list_messages()
    assert caught.value.code == "unauthorized"


def test_a_refused_secret_is_retried_a_bounded_number_of_times(tmp_path):
    world = World(tmp_path, options={"client_secret": "other"}, attempts=3)
    with pytest.raises(RetriableError) as caught:
        world.client.list_messages()
    assert caught.value.code == "token_refused"
    assert "simulator" not in str(caught.value)
    assert len(world.asked("token")) == 3
    assert len(world.slept) == 2


def test_an_empty_secret_is_a_mistake_of_configuration():
    context = make_context()
    empty = type(context)(now=context.now, secret=lambda _: " ", gazetteer=context.gazetteer)
    with pytest.raises(ConfigError):
        SdkClient(make_config(), empty, transport=httpx.MockTransport(lambda _: httpx.Response(200))).list_messages()


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"access_token": ""}', b'{"access_token": "a\\nb"}', b'{"access_token": 5}'])
def test_an_answer_without_a_token_is_no_token(answer):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    client = SdkClient(make_config(attempts=1), make_context(), transport=transport)
    with pytest.raises(RetriableError) as caught:
        client.get_message("x")
    assert caught.value.code == "token_refused"


def test_a_token_endpoint_that_does_not_answer_is_retriable():
    def refuse(request):
        raise httpx.ConnectError("no route", request=request)

    client = SdkClient(make_config(attempts=1), make_context(), transport=httpx.MockTransport(refuse))
    with pytest.raises(RetriableError) as caught:
        client.get_message("x")
    assert caught.value.code == "token_unreachable"


def test_the_server_s_wish_to_wait_is_honoured():
    client, slept = answering(httpx.Response(503, headers={"Retry-After": "7"}), httpx.Response(200, content=b"whole"))
    assert client.get_message("x") == b"whole"
    assert len(slept) == 1
    assert slept[0] >= 7


def test_a_message_above_the_limit_is_refused_without_being_kept():
    client, _ = answering(httpx.Response(200, content=b"x" * 2_500_000), max_message_megabytes=1)
    with pytest.raises(RejectedError) as caught:
        client.get_message("x")
    assert caught.value.code == "response_too_large"


def test_a_document_of_thirty_megabytes_passes_in_base64():
    client, _ = answering(httpx.Response(200, content=b"x" * (40 * 1024 * 1024)))
    assert len(client.get_message("x")) == 40 * 1024 * 1024


def test_a_message_comes_byte_for_byte():
    content = b'{ "data" :\r\n{"attributes":{}} }\x00'
    client, _ = answering(httpx.Response(200, content=content))
    assert client.get_message("x") == content


def test_an_odd_identity_cannot_leave_its_place_in_the_path():
    seen = []

    def answer(request):
        seen.append(request.url.raw_path)
        return httpx.Response(200, json={"access_token": "t"})

    SdkClient(make_config(), make_context(), transport=httpx.MockTransport(answer)).get_message("../x?y=1#z")
    assert seen[-1] == b"/sdk/messages/..%2Fx%3Fy%3D1%23z"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'{"eventIssues": [{"typeCode": "MESSAGE_EXCHANGE_ERROR"}]}', "MESSAGE_EXCHANGE_ERROR"),
        (b'{"eventIssues": [{"typeCode": "Anna Andersson 1912"}]}', ""),
        (b'{"eventIssues": []}', ""),
        (b"no json", ""),
        (b'{"eventIssues": [{"typeCode": 5}]}', ""),
    ],
)
def test_of_a_problem_only_its_code_is_told(content, code):
    assert problem_code(content) == code


def test_the_code_of_a_refusal_reaches_the_operator(tmp_path):
    client, _ = answering(httpx.Response(400, json={"detail": "Anna", "eventIssues": [{"typeCode": "BAD_FILTER"}]}))
    with pytest.raises(RejectedError, match="BAD_FILTER") as caught:
        client.list_messages()
    assert "Anna" not in str(caught.value)
