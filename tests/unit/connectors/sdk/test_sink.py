from __future__ import annotations

from contextlib import closing, contextmanager

import httpx
import pytest

from connectors.sdk.sending import create_message, message_id_of
from connectors.sdk.simulator import build_outbox
from connectors.sdk.sink import SdkMessageSink
from hub.contract.models import TaskState
from hub.errors import ConfigError, RejectedError, RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.make import LosingAnswers, make_context, make_errand
from tests.unit.connectors.sdk.make import make_message_config

URL = "http://127.0.0.1:1"
MESSAGES = "/sdk/messages"
ENDS = [TaskState.RECALLED, TaskState.CANCELLED]


def make_sink(transport, observed=None, **changes) -> SdkMessageSink:
    return SdkMessageSink(make_message_config(**changes), make_context(observed=observed), transport=transport)


def received(system) -> list[tuple[str, str]]:
    with httpx.Client(transport=system, base_url=URL) as client:
        return [(one["task_id"], one["state"]) for one in client.get("/simulator/received").json()]


@pytest.fixture
def system(tmp_path) -> InProcess:
    return InProcess(build_outbox(tmp_path, {}))


class Sent(httpx.BaseTransport):
    """Says of every message that it was sent already, with these attributes."""

    def __init__(self, **attributes) -> None:
        self._attributes = {"messageId": message_id_of(make_errand()), "messageStatus": "ACCEPTED"} | attributes
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        self.asked.append(request.method)
        return httpx.Response(200, json={"data": {"type": "messages", "id": "1", "attributes": self._attributes}})


@pytest.mark.parametrize("state", [TaskState.REQUESTED, *ENDS])
@pytest.mark.parametrize(("look_up", "own_ids"), [("messageId", False), ("listing", False), ("listing", True)])
def test_a_crash_between_the_message_systems_answer_and_our_record_leaves_one_message(tmp_path, state, look_up, own_ids) -> None:
    system = InProcess(build_outbox(tmp_path, {"own_ids": own_ids}))
    with closing(make_sink(LosingAnswers(system), look_up=look_up)) as sink, pytest.raises(RetriableError):
        sink.deliver(make_errand(state=state))
    with closing(make_sink(system, look_up=look_up)) as sink:
        answer = sink.deliver(make_errand(state=state))
    assert (answer.known, answer.reference) == (True, message_id_of(make_errand(state=state)))
    assert received(system) == [(make_errand().task_id, state)]


def test_our_own_id_is_looked_for_before_the_first_sending_too(system) -> None:
    observed: list[tuple[str, int]] = []
    with closing(make_sink(system, observed=observed)) as sink:
        sink.deliver(make_errand())
    assert observed == [("token", 200), ("get", 404), ("send", 201)]


@pytest.mark.parametrize("status", ["MESSAGE_EXCHANGE_ERROR", "REJECTED", "ERROR"])
def test_what_the_message_system_could_not_hand_over_is_a_persons_matter(status: str) -> None:
    system = Sent(messageStatus=status)
    with closing(make_sink(system)) as sink, pytest.raises(RejectedError) as raised:
        sink.deliver(make_errand())
    assert (raised.value.code, system.asked) == ("exchange_failed", ["GET"])


def test_another_message_under_our_id_is_neither_sent_again_nor_taken_for_ours() -> None:
    system = Sent(messageId="another")
    with closing(make_sink(system)) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert (raised.value.code, system.asked) == ("unreadable_answer", ["GET"])


def test_a_listing_that_is_no_list_is_not_taken_for_an_empty_one() -> None:
    system = Sent()
    with closing(make_sink(system, look_up="listing")) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert (raised.value.code, system.asked) == ("unreadable_answer", ["GET"])


def test_a_client_without_the_right_to_send_stops_delivery(system) -> None:
    class Forbidding(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and request.url.path == MESSAGES:
                return httpx.Response(401)
            return system.handle_request(request)

    with closing(make_sink(Forbidding())) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "status_401"


def test_the_systems_own_code_of_a_refusal_is_told_and_none_of_its_text(system) -> None:
    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and request.url.path == MESSAGES:
                issue = {"typeCode": "MESSAGE_EXCHANGE_ERROR", "title": "Tolvan Tolvansson"}
                return httpx.Response(400, json={"eventIssues": [issue]})
            return system.handle_request(request)

    with closing(make_sink(Refusing())) as sink, pytest.raises(RejectedError, match="MESSAGE_EXCHANGE_ERROR") as raised:
        sink.deliver(make_errand())
    assert "Tolvan" not in str(raised.value)


@contextmanager
def client_of(system):
    form = {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "simulator"}
    with httpx.Client(transport=system, base_url=URL) as client:
        client.headers["Authorization"] = f"Bearer {client.post('/oauth2/token', data=form).json()['access_token']}"
        yield client


def test_the_simulator_lists_twice_what_is_sent_twice(system) -> None:
    with client_of(system) as client:
        for _ in range(2):
            assert client.post(MESSAGES, json=create_message(make_message_config(), make_errand())).status_code == 201
        assert len(client.get(MESSAGES).json()["data"]) == 2


@pytest.mark.parametrize(
    "change", [{"messageState": "NEW"}, {"label": "x" * 257}, {"confidentiality": "false"}, {"sender": None}]
)
def test_the_simulator_refuses_what_breaks_the_document(system, change) -> None:
    body = create_message(make_message_config(), make_errand())
    body["data"]["attributes"] |= change
    with client_of(system) as client:
        assert client.post(MESSAGES, json=body).status_code == 400
        assert client.get(MESSAGES).json()["data"] == []


def test_the_simulator_takes_nothing_without_a_token(system) -> None:
    with httpx.Client(transport=system, base_url=URL) as client:
        assert client.post(MESSAGES, json=create_message(make_message_config(), make_errand())).status_code == 401


def test_a_sender_may_leave_its_ids_to_the_simulator(system) -> None:
    body = create_message(make_message_config(), make_errand())
    for name in ("messageId", "conversationId", "creationDateTime"):
        del body["data"]["attributes"][name]
    del body["data"]["id"]
    with client_of(system) as client:
        assert client.post(MESSAGES, json=body).status_code == 201
        (listed,) = client.get(MESSAGES).json()["data"]
    assert {"messageId", "conversationId", "creationDateTime", "messageStatus"} <= set(listed["attributes"])
    assert listed["id"]
