"""The synchronous edge while a broker is frozen and thawed: nothing but our own errors leaves it, and it goes on by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hub.contract.topics import PLACE_EVENTS, SCHOOL_ABSENCES
from hub.errors import ContractError, RetriableError
from hub.kafka import Outgoing, Publisher
from tests.integration.runtime.machine import Machine

ABSENCES = SCHOOL_ABSENCES.name
ONE = Outgoing(ABSENCES, b"k", b"v")


@pytest.fixture(scope="module")
def machine(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    del kafka  # that Kafka can be had here
    made = Machine(tmp_path_factory.mktemp("away"))
    yield made
    made.close()


def threads_of_kafka() -> set[str]:
    return {thread.name for thread in threading.enumerate() if type(thread).__module__.startswith("kafka")}


def test_a_producer_that_is_given_up_with_records_on_their_way_is_gone_and_told_as_retriable(machine: Machine) -> None:
    at_first = threads_of_kafka()
    publisher = Publisher(machine.settings.bootstrap_servers, "away")  # the town has a thread of its own
    publisher.publish([ONE])
    assert threads_of_kafka() > at_first
    with machine.frozen(), pytest.raises(RetriableError):
        # The first is on its way when the second, of a topic that was not asked for yet, is given up.
        publisher.publish([ONE, Outgoing(PLACE_EVENTS.name, b"k", b"v")])
    assert threads_of_kafka() == at_first
    assert publisher.publish([ONE]) != []
    publisher.close()
    assert threads_of_kafka() == at_first


def test_a_producer_that_is_given_up_with_nothing_on_its_way_is_gone_too(machine: Machine) -> None:
    at_first = threads_of_kafka()
    publisher = Publisher(machine.settings.bootstrap_servers, "away")  # the town has a thread of its own
    for _ in range(20):  # the thread needs a hair to end
        publisher.publish([ONE])
        with pytest.raises(ContractError, match="larger than Kafka accepts"):
            publisher.publish([Outgoing(ABSENCES, b"k", bytes(2**24))])
        assert threads_of_kafka() == at_first
