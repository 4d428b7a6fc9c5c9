"""The broker dies under a running worker and comes back: the work goes on by itself, and nobody stands still unseen."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import apply_topics
from hub.settings import Settings
from tests.integration.runtime.town import Town, WorkerProcess, absence_of, consent_of, make_youth
from tests.support import make_settings

ABSENCES = SCHOOL_ABSENCES.name
_RESTARTS = 3


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


class Machine:
    """An installation with a broker of its own, whose port stays the same."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ports = folder, (free_port(), free_port())
        self.broker = self.start("broker")
        self.settings: Settings = make_settings(
            folder / "home",
            kafka={"bootstrap_servers": self.broker.bootstrap_servers, "partitions": 4},
            worker={"stall_limit_seconds": 40.0},
        )
        apply_topics(self.settings)
        self.town = Town(self.settings)
        self.log = folder / "worker.log"

    def start(self, name: str) -> EmbeddedBroker:
        port, controller = self._ports
        config = BrokerConfig(folder=self._folder / name, port=port, controller_port=controller, heap_megabytes=256)
        broker = EmbeddedBroker(config)
        broker.start(timeout_seconds=90)
        return broker

    def kill_broker(self) -> None:
        assert self.broker.pid is not None
        os.killpg(self.broker.pid, signal.SIGKILL)
        self.broker.stop()


@pytest.fixture
def machine(kafka: str, tmp_path: Path) -> Iterator[Machine]:
    del kafka  # that Kafka can be had here
    made = Machine(tmp_path)
    yield made
    made.town.close()
    made.broker.stop()


@pytest.mark.timeout(600)
def test_a_worker_goes_on_after_each_death_of_the_broker(machine: Machine, report: Callable[[str], None]) -> None:
    town, youths = machine.town, [make_youth(number) for number in range(12)]
    town.publish(*(consent_of(youth) for youth in youths))
    worker, seconds, total = WorkerProcess(machine.settings, machine.log).ready(), [], 0
    for kill in range(_RESTARTS):
        town.publish(*(absence_of(youth, 2 * kill, minutes=1) for youth in youths))
        machine.kill_broker()
        worker.until(lambda worker=worker: worker.samples().get(("hub_worker_recovering", "")) == 1, "the loss being told")
        machine.broker.start(timeout_seconds=90)
        town.publish(*(absence_of(youth, 2 * kill + 1, minutes=1) for youth in youths))
        began, total = time.monotonic(), total + 2 * len(youths)
        worker.reached(town, [ABSENCES])
        seconds.append(time.monotonic() - began)
        assert worker.ledger(ABSENCES) == {"processed": total}
        worker.ready()
    assert worker.stop() == 0
    report(f"killed {_RESTARTS} times; caught up after " + ", ".join(f"{one:.1f} s" for one in seconds))


@pytest.mark.timeout(600)  # four starts of a broker
def test_a_worker_that_is_given_nothing_while_the_group_should_have_all_says_so_and_ends(
    machine: Machine, report: Callable[[str], None]
) -> None:
    worker = WorkerProcess(machine.settings, machine.log).ready()
    machine.kill_broker()
    # One that knows no topics, as it is for a moment after every start: its group gives nobody a partition.
    empty = machine.start("empty")
    try:
        began = time.monotonic()
        assert worker.process.wait(timeout=120) == 70
        report(f"ended {time.monotonic() - began:.0f} s after that, with a limit of 40: {worker.log().splitlines()[-1]}")
        assert '"code": "stalled"' in worker.log().splitlines()[-1]
    finally:
        empty.stop()
    machine.broker.start(timeout_seconds=90)
    youth = make_youth(1)
    machine.town.publish(consent_of(youth), absence_of(youth, 1))
    again = WorkerProcess(machine.settings, machine.log).ready()
    again.reached(machine.town, [ABSENCES])
    assert again.stop() == 0
