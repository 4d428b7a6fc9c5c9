"""The broker dies under a running worker and comes back: the work goes on by itself, and nobody stands still unseen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.contract.topics import SCHOOL_ABSENCES
from tests.integration.runtime.conftest import Begin
from tests.integration.runtime.machine import Machine
from tests.integration.runtime.town import absence_of, consent_of, make_youth

ABSENCES = SCHOOL_ABSENCES.name


_LIMIT = 15.0  # seconds: shorter than the installation's own, and longer than any of its waits


@pytest.fixture
def machine(kafka: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """An indirect parameter is the worker's limit for standing still, seconds."""
    del kafka  # that Kafka can be had here
    made = Machine(tmp_path, getattr(request, "param", 40.0))
    yield made
    made.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("restarts", [1, pytest.param(3, marks=pytest.mark.chaos)])
def test_a_worker_goes_on_after_each_death_of_the_broker(
    machine: Machine, begin: Begin, report: Callable[[str], None], restarts: int
) -> None:
    town, youths = machine.town, [make_youth(number) for number in range(12)]
    town.publish(*(consent_of(youth) for youth in youths))
    worker, seconds, total = begin(machine.settings, machine.log).ready(), [], 0
    for kill in range(restarts):
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
    report(f"killed {restarts} times; caught up after " + ", ".join(f"{one:.1f} s" for one in seconds))


@pytest.mark.chaos
@pytest.mark.timeout(600)  # four starts of a broker
@pytest.mark.parametrize("machine", [_LIMIT], indirect=True, ids=["with a short limit"])
def test_a_worker_that_is_given_nothing_while_the_group_should_have_all_says_so_and_ends(
    machine: Machine, begin: Begin, report: Callable[[str], None]
) -> None:
    worker = begin(machine.settings, machine.log).ready()
    machine.kill_broker()
    # One that knows no topics, as it is for a moment after every start: its group gives nobody a partition.
    empty = machine.start("empty")
    try:
        began = time.monotonic()
        assert worker.process.wait(timeout=120) == 70
        report(
            f"ended {time.monotonic() - began:.0f} s after that, with a limit of {_LIMIT:.0f}: {worker.log().splitlines()[-1]}"
        )
        assert '"code": "stalled"' in worker.log().splitlines()[-1]
    finally:
        empty.stop()
    machine.broker.start(timeout_seconds=90)
    youth = make_youth(1)
    machine.town.publish(consent_of(youth), absence_of(youth, 1))
    again = begin(machine.settings, machine.log).ready()
    again.reached(machine.town, [ABSENCES])
    assert again.stop() == 0
