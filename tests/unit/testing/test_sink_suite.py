"""A sink without a fault passes every case; one with one fault fails exactly the case that is about it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.connector import Delivered
from hub.contract.models import TaskState
from hub.errors import RejectedError, RetriableError
from hub.testing import SinkSuite
from tests.unit.testing.exemplary import Sink, checked, log, make_connector, one_server, write_datasets


@pytest.fixture(scope="module")
def server():
    with one_server() as server:
        yield server


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    return write_datasets(tmp_path_factory.mktemp("datasets"))


def failing(connector, folder, server) -> set[str]:
    suite = type("Suite", (SinkSuite,), {"connector": connector, "serve": lambda _suite, app: server.serve(app)})()
    failed = set()
    for number, name in enumerate(SinkSuite.cases()):
        (folder / str(number)).mkdir()
        try:
            getattr(suite, name)(folder / str(number))
        except AssertionError:
            failed.add(name)
    return failed


class Numbering(Sink):
    """A repeat is known, and answered with another reference."""

    def deliver(self, errand):
        known = self.find(errand)
        return Delivered(f"{known}-again", known=True) if known else super().deliver(errand)


class Remembering(Sink):
    """Knows what it delivered, and not what it tried to."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.file = context.home / "done"
        self.file.parent.mkdir(exist_ok=True)

    def find(self, errand):
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return dict(line.split() for line in lines).get(errand.identity)

    def deliver(self, errand):
        known = self.find(errand)
        delivered = super().deliver(errand)
        if known is None:
            with self.file.open("a") as file:
                file.write(f"{errand.identity} {delivered.reference}\n")
        return delivered


class Final(Sink):
    def check(self, response):
        if response.status_code == 503:
            raise RejectedError("answered 503")
        return checked(response)


class Stubborn(Sink):
    def check(self, response):
        if response.status_code == 422:
            raise RetriableError("answered 422")
        return checked(response)


class Refused(Sink):
    def check(self, response):
        if response.status_code == 403:
            raise RejectedError("answered 403")
        return checked(response)


class Trusting(Sink):
    def read(self, response):
        return response.json()


class Deaf(Sink):
    """Takes the word that a task is taken back for a repeat of the task."""

    def find(self, errand):
        return "r-1" if errand.state is TaskState.RECALLED else super().find(errand)


class Lumping(Sink):
    """Takes whatever the receiver has for its own."""

    def deliver(self, errand):
        for number in range(1, 6):
            earlier = errand.task_id[:-2] + f"{number:02x}"
            if earlier != errand.task_id and self.ask("GET", "/errands", params={"tag": f"{earlier}:{errand.state}"}):
                return Delivered("r-1", known=True)
        return super().deliver(errand)


class Silent(Sink):
    def deliver(self, errand):
        super().deliver(errand)
        return Delivered()


class Inventive(Sink):
    def deliver(self, errand):
        super().deliver(errand)
        return Delivered(errand.identity)


class Naming(Sink):
    def body(self, errand):
        return super().body(errand) | {"about": "y" + "0123456789abcdef" * 2}


class SecretInUrl(Sink):
    def find(self, errand):
        self.ask("GET", "/simulator/received", params={"key": self.context.secret("password")})
        return super().find(errand)


class SecretInLog(Sink):
    def find(self, errand):
        log.debug("asking with %s", self.context.secret("password"))
        return super().find(errand)


class Clinging(Sink):
    def close(self) -> None:
        """Holds on."""


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("test_an_errand_arrives_once_however_often_it_is_handed_over", {"sink": Numbering}),
    ("test_a_lost_answer_leaves_one", {"sink": Remembering}),
    ("test_trouble_at_the_receiver_is_retriable", {"sink": Final}),
    ("test_a_refusal_is_for_good", {"sink": Stubborn}),
    ("test_a_wrong_secret_stops_delivery", {"sink": Refused}),
    ("test_a_garbled_answer_is_no_foreign_error", {"sink": Trusting}),
    ("test_a_task_that_is_taken_back_is_told_too", {"sink": Deaf}),
    ("test_two_errands_stay_two", {"sink": Lumping}),
    ("test_the_receivers_own_id_is_handed_back", {"sink": Silent}),
    ("test_the_receivers_own_id_is_handed_back", {"sink": Inventive}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": Naming}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": SecretInUrl}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": SecretInLog}),
    ("test_closing_lets_go_of_everything", {"sink": Clinging}),
]


def test_a_sink_without_a_fault_passes_every_case(datasets, tmp_path, server) -> None:
    assert failing(make_connector(datasets), tmp_path, server) == set()


@pytest.mark.parametrize(("case", "fault"), FAULTS, ids=[f"{name[5:]}-{number}" for number, (name, _) in enumerate(FAULTS)])
def test_a_fault_fails_exactly_its_case(datasets, tmp_path, server, case: str, fault) -> None:
    assert failing(make_connector(datasets, **fault), tmp_path, server) == {case}


def test_every_case_has_a_fault_that_fails_it() -> None:
    assert {case for case, _ in FAULTS} == set(SinkSuite.cases())
