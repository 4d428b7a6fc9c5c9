"""While `deliver` is down a withdrawal waits unread on Kafka: what it concerns is not shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hub.bootstrap import build_delivery_engine
from hub.clock import ShiftedClock
from hub.contract.topics import CONSENTS
from hub.delivery.worklist import Worklist
from hub.settings import Settings
from tests.integration.bad_input.test_bad_input import DeliverProcess, running, task_for
from tests.integration.runtime.town import Town, consent_of, make_youth, message_record
from tests.unit.core.make import NOW
from tests.unit.delivery.make import make_consent

YOUTH = make_youth(1)


def until(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + 90
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_withdrawal_that_nobody_read_hides_the_task_and_then_ends_it(kafka_settings: Settings, tmp_path: Path) -> None:
    town, clock = Town(kafka_settings), ShiftedClock(NOW, time.time())
    engine = build_delivery_engine(kafka_settings)
    worklist = Worklist(engine, clock, stale_after=timedelta(seconds=15))
    log = tmp_path / "deliver.log"
    town.publish(message_record(CONSENTS, YOUTH, make_consent(YOUTH)), task_for(YOUTH, 1))
    with running(DeliverProcess(kafka_settings, log)):
        until(lambda: worklist.of_team("outreach") and worklist.stale() is None)
        (task,) = worklist.of_team("outreach")
        assert task.content is not None
    town.publish(consent_of(YOUTH, withdrawn=True))
    until(lambda: worklist.stale() is not None)
    assert worklist.open_task(task.task_id, "outreach").content is None
    with running(DeliverProcess(kafka_settings, log, clock.now())):
        until(lambda: worklist.stale() is None)
        assert worklist.of_team("outreach") == []  # it was up to date only once the withdrawal was taken
    engine.dispose()
    town.close()
