"""`hub deliver`: fills the inbox from the bus and tells the bus what became of tasks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy import Engine

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.topics import CONSENTS, ERASURES, PLACE_EVENTS, PRESENCE_TASKS, TASKS_OUTREACH, TASKS_SIG
from hub.database import answering
from hub.delivery.calls import Calls
from hub.delivery.clocks import Clocks
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.errands import ErrandWriter
from hub.delivery.gone_teams import GoneTeams
from hub.delivery.handing_over import handing_over
from hub.delivery.inbox import Inbox
from hub.delivery.others import NONE, Others, lapse
from hub.delivery.outbox import OutboxRelay, Publishes, waiting
from hub.delivery.patience import Patience
from hub.delivery.place_weeks import PlaceWeeks
from hub.delivery.planned import Refuses, believe_all
from hub.delivery.routing import Routing
from hub.delivery.sink_figures import report_sinks
from hub.delivery.worklist import Worklist
from hub.errors import FatalError, RetriableError
from hub.kafka import Incoming
from hub.logs import get_logger
from hub.metrics import DELIVERY_MESSAGES, DELIVERY_OPEN_TASKS, DELIVERY_OVERDUE_TASKS
from hub.standstill import Standstill

__all__ = ["GROUP", "INPUTS", "Reads", "run_delivery"]

GROUP = "hub-delivery"
INPUTS = tuple(topic.name for topic in (CONSENTS, ERASURES, TASKS_OUTREACH, TASKS_SIG, PRESENCE_TASKS, PLACE_EVENTS))
_POLL_SECONDS = 0.25
_BATCH = 500
_REPORT_SECONDS = 15.0
_BEAT_SECONDS = 5.0
_GRACE_SECONDS = 5.0
_log = get_logger(__name__)


class Reads(Protocol):
    """`hub.kafka.Reader`, or its twin in memory."""

    def poll(self, timeout_seconds: float, max_records: int) -> Sequence[Incoming]:
        """What came within the time."""
        ...

    def commit(self) -> None:
        """Commit what was polled."""
        ...

    def caught_up(self) -> Iterable[tuple[str, int]]:
        """The (topic, partition) that were polled to their present end."""
        ...


def run_delivery(
    engine: Engine,
    codec: Codec,
    clock: Clock,
    *,
    ends: Callable[[], Mapping[tuple[str, int], int]],
    reader: Reads,
    publisher: Publishes,
    stop: threading.Event,
    clocks: Clocks | None = None,
    others: Others = NONE,
    routing: Routing | None = None,
    calls: Calls | None = None,
    errands: ErrandWriter | None = None,
    dispatchers: Sequence[Dispatcher] = (),
    claims: Refuses = believe_all,
    gone: GoneTeams | None = None,
) -> None:
    """Run until `stop`; `ends` tells where the topics end, by (topic, partition), `clocks` by when teams are to answer, `others`
    what else in the database goes with consent, `routing` which team gets a task, `calls` whom it calls as its clock runs out,
    `errands` whose own systems are told of their tasks, which `dispatchers` do, `claims` who is believed about plans,
    `gone` what becomes of the tasks of teams that are no more.

    Raises ConfigError when Kafka is not the one that the inbox was filled from, FatalError when a thread died, RetriableError
    when Kafka stayed away for two minutes.
    """
    relay, standstill = OutboxRelay(engine, publisher, clock), Standstill("delivery")
    failed: list[BaseException] = []
    thread = threading.Thread(
        target=_relay_until, args=(relay, engine, standstill, stop, failed), name="outbox-relay", daemon=True
    )
    thread.start()
    inbox = Inbox(engine, codec, clock, clocks, others, routing=routing, errands=errands, claims=claims)
    weeks = PlaceWeeks(engine, codec, clock, errands or ErrandWriter(), () if routing is None else routing.teams)
    worklist = Worklist(engine, clock)
    names = [one.name for one in dispatchers]
    try:
        patiently = Patience(stop, "inbox")
        inbox.check_ends(patiently(ends))
        patiently(inbox.begin)
        if gone is not None:
            patiently(gone.place_unopened)
        if calls is not None:
            patiently(calls.look_again)
        report = partial(_report, engine, worklist, standstill, names)

        def lapses(now: datetime) -> None:
            lapse(engine, others, now)
            weeks.end_due()

        with handing_over(dispatchers, stop, failed):
            _take_until(stop, failed, reader, inbox, report, patiently=patiently, clock=clock, calls=calls, lapses=lapses)
    except RetriableError:
        if not stop.is_set():  # else somebody asked for the end while something was away
            raise
    finally:
        stop.set()
        thread.join(timeout=_GRACE_SECONDS)
        if not thread.is_alive():  # else it still publishes, under its lease
            _let_go(relay)


def _take_until(
    stop: threading.Event,
    failed: list[BaseException],
    reader: Reads,
    inbox: Inbox,
    report: Callable[[], None],
    *,
    patiently: Patience,
    clock: Clock,
    calls: Calls | None,
    lapses: Callable[[datetime], None],
) -> None:
    due, beat = 0.0, 0.0
    while not stop.is_set():
        if failed:
            raise FatalError("the outbox relay, or the handing over to a sink, ended", code="relay_ended") from failed[0]
        records = patiently(reader.poll, _POLL_SECONDS, _BATCH)
        taken = patiently(inbox.take, records) if records else 0
        if taken or time.monotonic() > due:  # lateness grows without any message
            patiently(inbox.tidy)
            patiently(report)
            due = time.monotonic() + _REPORT_SECONDS
        patiently(inbox.tell_emptied)
        if records:
            patiently(reader.commit)
        if time.monotonic() > beat:
            asked = clock.now()  # before the answer: whatever came since is not in it
            patiently(inbox.beat, patiently(reader.caught_up), asked)
            patiently(inbox.pass_on_acknowledgements)
            if calls is not None:
                patiently(calls.make_due)
            patiently(lapses, asked)
            beat = time.monotonic() + _BEAT_SECONDS


def _relay_until(
    relay: OutboxRelay, engine: Engine, standstill: Standstill, stop: threading.Event, failed: list[BaseException]
) -> None:
    patiently = Patience(stop, "outbox")
    try:
        while not stop.is_set():
            sent = patiently(relay.run_once)
            standstill.tell(*patiently(waiting, engine), moved=bool(sent))
            if not sent:
                stop.wait(_POLL_SECONDS)
    except BaseException as error:  # noqa: BLE001 - handed to the main thread, which ends the process
        if not (stop.is_set() and isinstance(error, RetriableError)):
            _log.error("outbox relay failed", error=type(error).__name__)
        failed.append(error)


def _let_go(relay: OutboxRelay) -> None:
    try:
        relay.release()
    except RetriableError as error:  # it runs out by itself
        _log.warning("the lease was not released", code=error.code)


def _report(engine: Engine, worklist: Worklist, standstill: Standstill, sinks: Sequence[str]) -> None:
    # First, so that nobody sees the records taken and not yet what is still to be told of them.
    standstill.tell(*waiting(engine))
    with answering():
        counts, open_tasks, late = worklist.counts(), worklist.open_by_team(), worklist.overdue_by_team()
    for (topic, outcome), number in counts.items():
        DELIVERY_MESSAGES.labels(topic=topic, outcome=outcome).set(number)
    DELIVERY_OPEN_TASKS.clear()
    for (team, state), number in open_tasks.items():
        DELIVERY_OPEN_TASKS.labels(team=team, state=state).set(number)
    DELIVERY_OVERDUE_TASKS.clear()
    for team, number in late.items():
        DELIVERY_OVERDUE_TASKS.labels(team=team).set(number)
    report_sinks(engine, sinks)
