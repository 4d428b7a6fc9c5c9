"""`hub deliver`: fills the inbox from the bus and tells the bus what became of tasks."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Engine
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.topics import CONSENTS, ERASURES, PRESENCE_TASKS, TASKS_OUTREACH, TASKS_SIG
from hub.delivery.inbox import Inbox
from hub.delivery.outbox import OutboxRelay, Publishes, pending
from hub.delivery.worklist import Worklist
from hub.errors import FatalError, RetriableError
from hub.kafka import Incoming
from hub.logs import get_logger
from hub.metrics import DELIVERY_MESSAGES, DELIVERY_OPEN_TASKS, DELIVERY_OVERDUE_TASKS, OUTBOX_PENDING

__all__ = ["GROUP", "INPUTS", "Reads", "run_delivery"]

GROUP = "hub-delivery"
INPUTS = tuple(topic.name for topic in (CONSENTS, ERASURES, TASKS_OUTREACH, TASKS_SIG, PRESENCE_TASKS))
_POLL_SECONDS = 0.25
_BATCH = 500
_REPORT_SECONDS = 15.0
_PATIENCE_SECONDS = 120.0
_log = get_logger(__name__)


class Reads(Protocol):
    """`hub.kafka.Reader`, or its twin in memory."""

    def poll(self, timeout_seconds: float, max_records: int) -> Sequence[Incoming]:
        """What came within the time."""
        ...

    def commit(self) -> None:
        """Commit what was polled."""
        ...


# A broker that is gone for longer than this ends the process: the supervisor starts it again, nothing is lost.
_patient = retry(
    retry=retry_if_exception_type(RetriableError),
    stop=stop_after_delay(_PATIENCE_SECONDS),
    wait=wait_exponential_jitter(initial=0.2, max=10.0),
    reraise=True,
)


def run_delivery(
    engine: Engine, codec: Codec, clock: Clock, *, reader: Reads, publisher: Publishes, stop: threading.Event
) -> None:
    """Run until `stop`. Raises FatalError when the relay died, RetriableError when Kafka stayed away for two minutes."""
    relay = OutboxRelay(engine, publisher, clock)
    failed: list[BaseException] = []
    thread = threading.Thread(target=_relay_until, args=(relay, engine, stop, failed), name="outbox-relay", daemon=True)
    thread.start()
    inbox, worklist = Inbox(engine, codec, clock), Worklist(engine, clock)
    due = 0.0
    try:
        while not stop.is_set():
            if failed:
                raise FatalError("the outbox relay ended", code="relay_ended") from failed[0]
            records = _patient(reader.poll)(_POLL_SECONDS, _BATCH)
            taken = inbox.take(records) if records else 0
            if taken or time.monotonic() > due:  # lateness grows without any message
                _report(worklist)
                due = time.monotonic() + _REPORT_SECONDS
            if records:
                _patient(reader.commit)()
    finally:
        stop.set()
        thread.join(timeout=5)
        relay.release()


def _relay_until(relay: OutboxRelay, engine: Engine, stop: threading.Event, failed: list[BaseException]) -> None:
    try:
        while not stop.is_set():
            sent = _patient(relay.run_once)()
            OUTBOX_PENDING.labels(outbox="delivery").set(pending(engine))
            if not sent:
                stop.wait(_POLL_SECONDS)
    except BaseException as error:  # noqa: BLE001 - handed to the main thread, which ends the process
        _log.error("outbox relay failed", error=type(error).__name__)
        failed.append(error)


def _report(worklist: Worklist) -> None:
    for (topic, outcome), number in worklist.counts().items():
        DELIVERY_MESSAGES.labels(topic=topic, outcome=outcome).set(number)
    DELIVERY_OPEN_TASKS.clear()
    for (team, state), number in worklist.open_by_team().items():
        DELIVERY_OPEN_TASKS.labels(team=team, state=state).set(number)
    DELIVERY_OVERDUE_TASKS.clear()
    for team, number in worklist.overdue_by_team().items():
        DELIVERY_OVERDUE_TASKS.labels(team=team).set(number)
