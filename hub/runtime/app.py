"""The Faust app: one agent over all youth topics, one over place events, every dangerous option off.

What was tried with Faust 0.15.3, and why each option stands as it does:

* `concurrency=1`: with more, offsets of unfinished messages are committed. Parallelism is partitions.
* `noack().events()`, `CrashingSupervisor`, `stream_wait_empty=False` and `on_error` that ends the process: any other
  combination acknowledges a message whose processing failed. What is committed comes from the lanes (`hub.runtime.intake`).
* raw bytes in and out: a value that Faust fails to decode would be skipped; we decode, and dead-letter.
* no standbys, no web server (it would serve table contents on every interface), no leader topic, no `exactly_once`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import faust
from faust.types import TP
from mode.supervisors import CrashingSupervisor

from hub.errors import HubError
from hub.logs import get_logger
from hub.runtime.driver import Driver
from hub.runtime.intake import RunSchema, RunTransport
from hub.runtime.tables import PromptTables, StateTable
from hub.settings import Settings

__all__ = ["EXIT_CODE", "PartitionFlow", "build_app", "end_process", "leave_process", "owned_in_group"]

_log = get_logger(__name__)
EXIT_CODE = 70
# Runs, many more than `hub.runtime.intake` lets wait: the high mark of Faust's queue is never reached.
_BUFFER = 4096
_POLL = 2000
_FETCH_BYTES = 256 * 1024  # per partition, and there are dozens
# A broker that has just started may not know its topics yet: a leader that takes its word gives nobody a partition, and
# notices when the metadata are renewed. aiokafka's own five minutes were five minutes of standing still.
_METADATA_MS = 5_000


def end_process(error: BaseException) -> NoReturn:
    """Say why in one last line and leave at once, committing nothing; the supervisor starts the worker again.

    The error's own text is logged only when it is ours: foreign texts may hold what was read.
    """
    reason = str(error) if isinstance(error, HubError) else ""
    code = error.code if isinstance(error, HubError) else "unexpected"
    _log.critical("worker ends", error=type(error).__name__, code=code, reason=reason, where=_origin(error))
    os._exit(EXIT_CODE)


def leave_process(why: str) -> NoReturn:
    """Leave at once and well, past the threads of clients that may wait for ever; whatever was taken must be committed."""
    _log.warning("worker leaves", reason=why)
    os._exit(0)


def _origin(error: BaseException) -> str:
    """File and line where it was raised; no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


class PartitionFlow:
    """What a lane tells Faust's consumer: to stop the fetching of its partition's sources, and of no other's; what to commit.

    Not `pause_partitions`: what that finds fetched already it throws away, and takes the hole for compaction.
    """

    def __init__(self, app: faust.App, driver: Driver) -> None:
        self._app = app
        self._driver = driver
        self._braked: set[int] = set()
        self._left_out: dict[int, frozenset[str]] = {}

    def _sources(self, partition: int) -> set[Any]:
        return {TP(topic, partition) for topic in self._driver.program.topics}

    def pause(self, partition: int) -> None:
        self._braked.add(partition)
        for source in self._sources(partition):
            self._app.consumer.on_buffer_full(source)

    def resume(self, partition: int) -> None:
        self._braked.discard(partition)
        for source in self._sources(partition):
            if source.topic not in self._left_out.get(partition, ()):
                self._app.consumer.on_buffer_drop(source)

    def leave_out(self, partition: int, topics: frozenset[str]) -> None:
        before, self._left_out[partition] = self._left_out.get(partition, frozenset()), topics
        for topic in topics - before:
            self._app.consumer.on_buffer_full(TP(topic, partition))
        for topic in before - topics if partition not in self._braked else ():
            self._app.consumer.on_buffer_drop(TP(topic, partition))

    def settle(self, partition: int, positions: Mapping[str, int]) -> None:
        # What a program reads without Faust, rule markers for one, is another program's to commit.
        for topic in self._driver.program.topics:
            if topic in positions:
                self._app.consumer.settle(TP(topic, partition), positions[topic])


def build_app(
    settings: Settings, drivers: dict[Driver, int], *, folder: Path, instance: str, fail: Callable[[BaseException], None]
) -> faust.App:
    """The app over `drivers` (each with the number of partitions of its topics). Connects when it is started, not before.

    `folder` is this worker's own; `instance` its lasting name in the group, so that a restart takes its partitions back
    at once instead of after the session timeout.
    """
    app = faust.App(
        settings.worker.group,
        broker=[f"kafka://{server.strip()}" for server in settings.bootstrap_servers.split(",")],
        store="rocksdb://",
        datadir=folder / "faust",
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee="at_least_once",
        autodiscover=False,
        web_enabled=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.kafka.partitions,
        topic_replication_factor=settings.kafka.replication_factor,
        broker_session_timeout=settings.worker.session_timeout_seconds,
        broker_heartbeat_interval=settings.worker.session_timeout_seconds / 4,
        broker_commit_interval=settings.worker.commit_interval_seconds,
        broker_max_poll_records=_POLL,
        consumer_max_fetch_size=_FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        consumer_metadata_max_age_ms=_METADATA_MS,
        consumer_group_instance_id=instance,
        # Nobody is served there: it tells the workers of a group apart, also two on one machine, in what they know of each other.
        canonical_url=f"http://localhost/{instance}",
        stream_buffer_maxsize=_BUFFER,
        stream_wait_empty=False,
        TableManager=PromptTables,
        worker_redirect_stdouts=False,
        tracer=None,
    )
    app.transport = RunTransport(app.conf.broker_consumer, app)
    for driver, partitions in drivers.items():
        _attach(app, driver, partitions, fail)
    app.finalize()
    return app


def owned_in_group(app: faust.App, changelog: str) -> int:
    """How many partitions of a changelog have an owner, by the group's last assignment; 0 before the first."""
    held = [topics.get(changelog, ()) for topics in app.assignor.changelog_distribution.values()]
    return len({partition for partitions in held for partition in partitions})


def _attach(app: faust.App, driver: Driver, partitions: int, fail: Callable[[BaseException], None]) -> None:
    table = app.tables.add(StateTable(app, driver, partitions, fail))
    if table.changelog_topic_name != driver.changelog.topic:
        raise ValueError("Faust and the hub must give the changelog the same name")
    channel = app.topic(*driver.program.topics, schema=RunSchema())

    async def on_error(_agent: Any, error: BaseException) -> None:
        fail(error)

    async def correlate(stream: Any) -> None:
        async for event in stream.noack().events():
            for run in event.value:
                driver.put(run)

    # Not `app.agent`, whose own error handler cannot be replaced: it commits.
    app.agents[driver.name] = faust.Agent(
        correlate,
        app=app,
        name=driver.name,
        channel=channel,
        concurrency=1,
        supervisor_strategy=CrashingSupervisor,
        on_error=on_error,
    )

    async def on_revoked(_app: Any, _revoked: Any, **_: Any) -> None:
        await driver.release()

    async def on_assigned(_app: Any, _assigned: Any, **_: Any) -> None:
        driver.start(PartitionFlow(app, driver))

    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
