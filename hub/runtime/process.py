"""The worker process: everything wired, started, watched and stopped."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import faust
import tenacity
from filelock import FileLock, Timeout

from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.topics import CONSENTS
from hub.core.rules import compile_rules
from hub.errors import ConfigError, FatalError, RetriableError
from hub.installation import load_places, load_teams
from hub.kafka_admin import await_reach
from hub.logs import get_logger
from hub.metrics import WORKER_RECOVERING
from hub.process import process_frame
from hub.rules_file import load_rules
from hub.runtime.app import build_app, end_process, owned_in_group
from hub.runtime.changelogs import Layout, changelog_name, prepare_changelogs
from hub.runtime.driver import Driver, Kit
from hub.runtime.effects import Program
from hub.runtime.gauges import Gauges
from hub.runtime.memory import keep_small
from hub.runtime.ownership import Changelog
from hub.runtime.places import PlaceProgram
from hub.runtime.progress import Progress
from hub.runtime.store import StoreCache
from hub.runtime.transport import KafkaLog
from hub.runtime.youths import YouthProgram
from hub.settings import Settings

__all__ = ["run"]

_log = get_logger(__name__)
NAME = "worker"
YOUTHS = "youths"
PLACES = "places"
_TICK_SECONDS = 0.5
_STOP_SECONDS = 5.0
_MOST_WORKERS = 64


def run(settings: Settings, clock: Clock) -> None:
    """Work until SIGTERM or SIGINT, then finish what is in flight and leave the group's offsets committed.

    Raises ConfigError when topics or rules are missing or wrong, RetriableError when no broker answers. Whatever goes wrong
    later ends the process with code 70 and one last log line, committing nothing: the supervisor starts it again.
    """
    keep_small()
    WORKER_RECOVERING.set(1)  # before anybody can ask
    with _own_folder(settings) as (folder, number), process_frame(settings, _name(number), started=time.time()) as stop:
        instance = f"{settings.worker.group}-{socket.gethostname()}-{number}"
        rule_set = load_rules(settings.home / "rules", load_teams(settings.home))
        rules = compile_rules(rule_set, exposed_areas=load_places(settings.home).exposed)
        codec = Codec.load()
        programs: dict[str, Program] = {YOUTHS: YouthProgram(rules, codec), PLACES: PlaceProgram(rules, codec)}
        if not await_reach(settings.bootstrap_servers, stop):
            return
        layout = _prepared(settings, {name: program.topics for name, program in programs.items()})
        asyncio.run(_serve(settings, clock, programs, layout, folder=folder, instance=instance, stop=stop))


def _name(number: int) -> str:
    """`worker`, and for more of them on one machine `worker-1` and so on: each announces its own metrics."""
    return f"{NAME}-{number}" if number else NAME


@contextmanager
def _own_folder(settings: Settings) -> Iterator[tuple[Path, int]]:
    """The first folder under `data/worker` that no other worker holds, and its number."""
    base = settings.data / NAME
    base.mkdir(parents=True, exist_ok=True)
    for number in range(_MOST_WORKERS):
        lock = FileLock(base / f"{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        try:
            folder = base / str(number)
            folder.mkdir(exist_ok=True)
            yield folder, number
        finally:
            lock.release()
        return
    raise ConfigError(f"{_MOST_WORKERS} workers already run in {base}", code="too_many_workers")


def _prepared(settings: Settings, sources: dict[str, Sequence[str]]) -> Layout:
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_delay(60),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=5),
        retry=tenacity.retry_if_exception_type(RetriableError),
        before_sleep=lambda state: _log.warning("waiting for the broker", attempt=state.attempt_number),
        reraise=True,
    )
    layout: Layout = retrying(prepare_changelogs, settings, sources)
    return layout


async def _serve(
    settings: Settings,
    clock: Clock,
    programs: Mapping[str, Program],
    layout: Layout,
    *,
    folder: Path,
    instance: str,
    stop: threading.Event,
) -> None:
    log = KafkaLog(settings.bootstrap_servers)
    await log.start()
    kit = Kit(log, Codec.load(), clock, folder, StoreCache(), end_process)
    drivers = {}
    for name, program in programs.items():
        changelog = Changelog(changelog_name(settings, name), layout.topic_ids)
        ahead = CONSENTS.name if CONSENTS.name in program.topics else None
        drivers[Driver(name, program, changelog, kit, consents=ahead)] = layout.partitions[changelog.topic]
    app = build_app(settings, drivers, folder=folder, instance=instance, fail=end_process)
    try:
        await app.start()
        progress = Progress(drivers, lambda topic: owned_in_group(app, topic), limit_seconds=settings.worker.stall_limit_seconds)
        await _watch(app, Gauges(list(drivers), log, progress), progress, stop)
        await _leave(app, list(drivers))
        await log.stop()
    except Exception as error:  # noqa: BLE001 -- the last line of defence: nothing half-alive may stay in the group
        end_process(error)


async def _watch(app: faust.App, gauges: Gauges, progress: Progress, stop: threading.Event) -> None:
    while not stop.is_set():
        if app.should_stop:
            raise FatalError("Faust has stopped by itself", code="faust_stopped") from app.crash_reason
        await gauges.publish()
        progress.check()
        await asyncio.sleep(_TICK_SECONDS)


async def _leave(app: faust.App, drivers: Sequence[Driver]) -> None:
    """Finish the batches at hand, commit what they acknowledged, and take leave."""
    app.consumer.stop_flow()
    await asyncio.gather(*(driver.release() for driver in drivers))
    await app.consumer.commit()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await app.stop()
    except TimeoutError:
        _log.warning("Faust did not stop in time")
