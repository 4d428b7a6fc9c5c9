from __future__ import annotations

from contextlib import closing

import httpx
import pytest

from connectors.support_management.simulator import build_simulator
from hub.connector import Delivered
from hub.contract.models import TaskState
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.testing import served
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.make import LosingAnswers, make_errand
from tests.unit.connectors.support_management.make import ERRANDS, Staff, make_sink, make_system


class Answering(httpx.BaseTransport):
    """Gives a token, and answers everything else with one status."""

    def __init__(self, status: int, **words) -> None:
        self._answer = (status, words)
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "t", "expires_in": 300})
        self.asked.append(request.method)
        status, words = self._answer
        return httpx.Response(status, **words)


@pytest.fixture
def system(tmp_path) -> InProcess:
    return make_system(tmp_path)


def test_a_crash_between_the_receivers_answer_and_our_record_leaves_one_errand(system) -> None:
    """The receiver has it and we do not know: the process that comes after finds it, and makes no second one."""
    losing = LosingAnswers(system)
    with closing(make_sink(losing)) as sink, pytest.raises(RetriableError):
        sink.deliver(make_errand())
    with closing(make_sink(system)) as sink:
        answer = sink.deliver(make_errand())
    assert answer.known
    assert Staff(system).received() == [(make_errand().task_id, "requested")]
    assert Staff(system).read(answer.reference)["externalTags"] == [{"key": "hubTaskId", "value": make_errand().task_id}]


@pytest.mark.parametrize("end", [TaskState.RECALLED, TaskState.CANCELLED])
def test_a_crash_after_a_task_was_taken_back_tells_it_once(system, end) -> None:
    losing = LosingAnswers(system)
    with closing(make_sink(system)) as sink:
        sink.deliver(make_errand())
    with closing(make_sink(losing)) as sink, pytest.raises(RetriableError):
        sink.deliver(make_errand(state=end))
    with closing(make_sink(system)) as sink:
        assert sink.deliver(make_errand(state=end)).known
    assert Staff(system).received() == [(make_errand().task_id, "requested"), (make_errand().task_id, end)]


def test_our_own_id_is_looked_for_before_the_first_creation_too(system) -> None:
    observed: list[tuple[str, int]] = []
    with closing(make_sink(system, observed=observed)) as sink:
        sink.deliver(make_errand())
    assert observed == [("token", 200), ("find", 200), ("create", 201)]


def test_what_the_staff_has_done_meanwhile_is_not_undone_by_a_repeat(system) -> None:
    staff = Staff(system)
    with closing(make_sink(system)) as sink:
        reference = sink.deliver(make_errand()).reference
        staff.change(reference, status="ONGOING", assignedUserId="joe01doe")
        sink.deliver(make_errand())
        assert staff.read(reference)["status"] == "ONGOING"
        sink.deliver(make_errand(state=TaskState.RECALLED))
        staff.change(reference, status="ARCHIVED")
        sink.deliver(make_errand(state=TaskState.RECALLED))
    assert staff.read(reference)["status"] == "ARCHIVED"
    assert staff.read(reference)["assignedUserId"] == "joe01doe"


def test_a_change_between_reading_and_writing_is_not_overwritten(system) -> None:
    staff = Staff(system)

    class Meanwhile(httpx.BaseTransport):
        """The staff tags the errand as soon as it was read."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = system.handle_request(request)
            if request.method == "GET" and request.url.path != ERRANDS:
                staff.change(reference, externalTags=[*response.json()["externalTags"], {"key": "caseId", "value": "1"}])
            return response

    with closing(make_sink(system)) as sink:
        reference = sink.deliver(make_errand()).reference
    with closing(make_sink(Meanwhile())) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand(state=TaskState.RECALLED))
    assert raised.value.code == "changed_meanwhile"
    with closing(make_sink(system)) as sink:
        sink.deliver(make_errand(state=TaskState.RECALLED))
    assert [tag["key"] for tag in staff.read(reference)["externalTags"]] == ["hubTaskId", "caseId", "hubTaskState"]


def test_a_task_that_is_taken_back_and_has_no_errand_there_is_let_go_already(system) -> None:
    with closing(make_sink(system)) as sink:
        assert sink.deliver(make_errand(state=TaskState.CANCELLED)) == Delivered(known=True)
    assert Staff(system).received() == []


def test_a_token_that_is_refused_before_its_time_is_fetched_anew_once(tmp_path) -> None:
    observed: list[tuple[str, int]] = []
    with closing(make_sink(make_system(tmp_path, token_seconds=0), observed=observed)) as sink, pytest.raises(ConfigError):
        sink.deliver(make_errand())
    assert observed == [("token", 200), ("find", 401)] * 2


@pytest.mark.parametrize("place", ["base_url", "token_url"])
def test_an_address_in_a_private_network_is_reached_only_where_it_is_listed(tmp_path, place: str) -> None:
    asked: list[tuple[str, int]] = []
    with served(build_simulator(tmp_path, {})) as url:
        addresses = {"base_url": url, "token_url": f"{url}/oauth2/token"}
        with closing(make_sink(None, **addresses, allow_private=["127.0.0.1/32"])) as sink:
            assert sink.deliver(make_errand()).reference
        elsewhere = addresses | {place: addresses[place].replace("127.0.0.1", "127.0.0.2")}
        with (
            closing(make_sink(None, asked, **elsewhere, allow_private=["127.0.0.1/32"])) as sink,
            pytest.raises(ConfigError) as raised,
        ):
            sink.deliver(make_errand(2))
    assert raised.value.code == "private_address"
    assert ("create", 201) not in asked


def test_a_wrong_secret_is_an_operators_matter_and_no_errand_is_asked_for(tmp_path) -> None:
    observed: list[tuple[str, int]] = []
    system = make_system(tmp_path, client_secret="another")
    with closing(make_sink(system, observed=observed)) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert (raised.value.code, observed) == ("token_refused", [("token", 401)])


@pytest.mark.parametrize("status", [302, 400, 403, 404, 405, 410])
def test_a_question_that_is_refused_stops_delivery_before_anything_is_made(status: int) -> None:
    transport = Answering(status)
    with closing(make_sink(transport)) as sink, pytest.raises(ConfigError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == f"status_{status}"
    assert set(transport.asked) == {"GET"}


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_receiver_in_trouble_is_tried_again_later(status: int) -> None:
    with closing(make_sink(Answering(status, headers={"retry-after": "7"}))) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, RejectedError), (413, RejectedError), (404, ConfigError), (307, ConfigError), (500, RetriableError)],
)
def test_a_creation_that_is_refused_names_its_reaction(system, status: int, error) -> None:
    class Refusing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            refused = request.method == "POST" and request.url.path == ERRANDS
            return httpx.Response(status) if refused else system.handle_request(request)

    with closing(make_sink(Refusing())) as sink, pytest.raises(error) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == f"status_{status}"


def test_a_creation_whose_answer_names_no_errand_is_looked_for(system) -> None:
    class Nameless(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = system.handle_request(request)
            response.headers.pop("location", None)
            return response

    with closing(make_sink(Nameless())) as sink:
        reference = sink.deliver(make_errand()).reference
    assert Staff(system).read(reference)["id"] == reference


def test_a_creation_that_is_answered_and_not_found_is_not_taken_for_delivered() -> None:
    with closing(make_sink(Answering(200, json={"content": []}))) as sink, pytest.raises(RetriableError) as raised:
        sink.deliver(make_errand())
    assert raised.value.code == "unreadable_answer"
