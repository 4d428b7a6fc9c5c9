"""The composition root: the one module that names concrete classes. Each function builds one process, or one thing of it.

Imports stand inside the functions, so that a process loads its own parts only. Nothing here runs at import.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hub.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Engine

    from hub.access.four_eyes import FourEyes
    from hub.audit.log import AuditLog
    from hub.clock import Clock
    from hub.coding.desk import CodingDesk
    from hub.connect.runner import Runner
    from hub.connector import Draft
    from hub.delivery.worklist import Worklist
    from hub.registry.opening import OpenRegistry
    from hub.registry.registry import Registry
    from hub.registry.revealing import Revealing
    from hub.statutory.manual import ManualCases

__all__ = [
    "build_audit",
    "build_clock",
    "build_coding_desk",
    "build_delivery_engine",
    "build_four_eyes",
    "build_manual_lane",
    "build_registry",
    "build_revealing",
    "build_runner",
    "build_worklist",
    "check_worker_state_unused",
    "forget_worker_state",
    "migrate_stores",
    "reference_of_task",
    "run_registry",
    "run_statutory",
    "run_worker",
]


def build_clock(settings: Settings) -> Clock:
    """The installation's one source of time, for every process and command. Raises ConfigError when it cannot be read."""
    from hub.clock import parse_clock

    return parse_clock(settings.clock)


def build_audit(settings: Settings, clock: Clock | None = None) -> AuditLog:
    """The log of who saw and did what, its database migrated; without a clock, by the process' own. Close it."""
    from hub.audit.opening import open_audit

    return open_audit(settings, clock or build_clock(settings))


def build_delivery_engine(settings: Settings) -> Engine:
    """The inbox' database, with the cases in it, migrated."""
    import hub
    from hub.database import build_engine, migrate

    engine = build_engine(settings.delivery_database, "delivery.database_url")
    for package in ("delivery", "cases"):
        migrate(engine, Path(hub.__file__).parent / package / "migrations")
    return engine


def build_worklist(settings: Settings, clock: Clock | None = None) -> Worklist:
    """What teams see of the inbox; without a clock, by the process' own."""
    from datetime import timedelta

    from hub.delivery.worklist import Worklist

    stale = timedelta(seconds=settings.delivery.stale_after_seconds)
    return Worklist(build_delivery_engine(settings), clock or build_clock(settings), stale_after=stale)


def build_four_eyes(settings: Settings, audit: AuditLog) -> FourEyes:
    """What takes two persons: its own database beside the audit log, which it writes to."""
    from hub.access.opening import build_access_engine, open_four_eyes

    return open_four_eyes(settings, build_access_engine(settings), audit)


def build_coding_desk(settings: Settings, audit: AuditLog) -> CodingDesk:
    """Where notices without a code are coded, of every connector that has such; close it.

    Raises ConfigError, also `no_private_key` as soon as a report is looked at where that key is not.
    """
    from datetime import timedelta
    from functools import partial

    from hub.coding.desk import CodingDesk, CodingInstance
    from hub.coding.queue import CodingQueue
    from hub.coding.sealing import CodingSeal
    from hub.connect.instance import load_instance
    from hub.installation import load_places
    from hub.statutory.opening import open_store

    clock, places, instances = build_clock(settings), load_places(settings.home), []
    for name, chosen in settings.connectors.items():
        instance = load_instance(settings, name) if chosen.enabled else None
        if instance is not None and (reading := instance.connector.read_draft) is not None:
            queue, seal = CodingQueue(instance.coding_file), CodingSeal(instance.origin().key, name)
            read = partial(_read_now, partial(reading, instance.config, places), clock)
            instances.append(CodingInstance(name, instance.connector.title, queue, seal, read))
    undo = timedelta(seconds=settings.web.undo_seconds)
    return CodingDesk(instances, open_store(settings, clock), audit, clock, undo=undo)


def _read_now(reading: Callable[[datetime, bytes], Draft], clock: Clock, content: bytes) -> Draft:
    return reading(clock.now(), content)


def migrate_stores(settings: Settings) -> None:
    """Bring every store to its newest form now (the registry's own is, once opened): no process then has to load what does it."""
    from hub.access.opening import build_access_engine
    from hub.audit.opening import build_audit_engine
    from hub.coding.queue import CodingQueue
    from hub.connect.database import open_store
    from hub.connect.instance import load_instance
    from hub.presence.opening import build_presence_engine

    for build in (build_presence_engine, build_audit_engine, build_access_engine):
        build(settings).dispose()
    for name in settings.connectors:
        instance = load_instance(settings, name)
        instance.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stores = ["ledger.db"] if instance.connector.build_statutory is None else ["ledger.db", "statutory.db"]
        for store in stores:
            open_store(instance.folder / store).dispose()
        if instance.connector.read_draft is not None:
            CodingQueue(instance.coding_file).close()


def build_registry(settings: Settings, clock: Clock) -> OpenRegistry:
    """The consent registry, its database migrated; close it."""
    from hub.contract.codec import Codec
    from hub.registry.opening import open_registry

    return open_registry(settings, clock, Codec.load(), build_manual_lane(settings, clock))


def build_revealing(
    settings: Settings, registry: Registry, audit: AuditLog, reference_of: Callable[[str, str], str | None]
) -> Revealing:
    """What opens identities, inside what `reference_of` (id, team) knows of tasks and cases, and by four eyes outside."""
    from hub.registry.revealing import Revealing

    return Revealing(registry, audit, build_four_eyes(settings, audit), reference_of)


def reference_of_task(worklist: Worklist, task_id: str, team: str) -> str | None:
    """Whom an open task of `team` is about, when consent lets the team see its content now; else None."""
    from hub.contract.models import ReferralTask
    from hub.errors import RejectedError

    try:
        task = worklist.open_task(task_id, team)
    except RejectedError:
        return None
    return task.content.youth_ref if isinstance(task.content, ReferralTask) and task.closed_at is None else None


def build_manual_lane(settings: Settings, clock: Clock) -> ManualCases:
    """The way into the manual lane of protected identities."""
    from hub.statutory.manual import ManualCases

    return ManualCases(settings, clock)


def run_registry(home: Path | None) -> None:
    """`hub registry`; it signs the audit log's checkpoints too."""
    from hub.audit.opening import checkpoints_signed
    from hub.contract.codec import Codec
    from hub.contract.topics import ERASURES
    from hub.kafka import Publisher, Reader
    from hub.kafka_places import KafkaPlaces
    from hub.process import process_frame
    from hub.registry.process import run
    from hub.rules_file import load_active_rules

    settings = load_settings(home)
    servers = settings.bootstrap_servers
    clock = build_clock(settings)
    with (
        process_frame(settings, "registry", started=time.time()) as stop,
        checkpoints_signed(settings, clock),
    ):
        run(
            settings,
            clock,
            stop,
            lambda: Publisher(servers, "hub-registry"),
            lambda: Reader(servers, (ERASURES.name,), "hub-registry", "hub-registry"),
            codec=Codec.load(),
            first_rules=lambda: load_active_rules(settings),
            places=KafkaPlaces(servers),
            lane=build_manual_lane(settings, clock),
        )


def build_runner(settings: Settings, instance: str, stop: threading.Event) -> Runner:
    """What runs one connector instance. Only a connector with a statutory lane gets the store to write to."""
    from hub.connect.instance import load_instance
    from hub.connect.runner import Runner
    from hub.contract.codec import Codec
    from hub.kafka import Publisher
    from hub.statutory.opening import open_hand_overs, open_writer

    clock = build_clock(settings)
    statutory = load_instance(settings, instance).connector.build_statutory is not None
    return Runner(
        settings,
        clock,
        stop,
        instance,
        publisher_factory=lambda client_id: Publisher(settings.bootstrap_servers, client_id),
        statutory_port=open_writer(settings, clock) if statutory else None,
        codec=Codec.load(),
        handed_over=open_hand_overs(settings).has if statutory else lambda _message_id: False,
    )


def run_statutory(home: Path | None) -> None:
    """`hub statutory`."""
    from hub.process import process_frame
    from hub.statutory.process import run

    settings = load_settings(home)
    with process_frame(settings, "statutory", started=time.time()) as stop:
        run(settings, build_clock(settings), stop)


def run_worker(settings: Settings) -> None:
    """`hub worker`."""
    from hub.runtime.process import run

    run(settings, build_clock(settings))


def forget_worker_state(settings: Settings) -> Sequence[str]:
    """`hub worker rebuild`: names what was deleted; errors as `hub.runtime.forgetting.forget`."""
    from hub.runtime.forgetting import forget

    return forget(settings)


def check_worker_state_unused(settings: Settings) -> None:
    """What `hub worker rebuild` looks at before it asks; errors as `hub.runtime.forgetting.forget`."""
    from hub.runtime.forgetting import check_nobody_at_work

    check_nobody_at_work(settings)
