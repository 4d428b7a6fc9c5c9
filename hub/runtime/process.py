"""The worker process: everything wired, started, watched and stopped."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faust
import tenacity
from filelock import FileLock, Timeout

from hub.claims import read_claims
from hub.clock import Clock
from hub.compiled.form import Form, form
from hub.contract.codec import Codec
from hub.contract.topics import CONSENTS, RULES
from hub.dead_letters.pauses import KafkaBoard
from hub.errors import ConfigError, FatalError, RetriableError
from hub.installation import load_places
from hub.kafka_admin import await_reach
from hub.logs import get_logger
from hub.metrics import WORKER_FORM, WORKER_RECOVERING
from hub.process import process_frame
from hub.rules_file import check_retention, load_rules
from hub.runtime.app import build_app, end_process, leave_process, owned_in_group
from hub.runtime.changelogs import Layout, changelog_name, prepare_changelogs
from hub.runtime.driver import Driver, Kit
from hub.runtime.edges import Edges
from hub.runtime.effects import Program
from hub.runtime.gauges import Gauges
from hub.runtime.limits import Limit
from hub.runtime.memory import keep_small, seek_cycles_seldom
from hub.runtime.ownership import Changelog
from hub.runtime.pauses import PauseWatch
from hub.runtime.places import PlaceProgram
from hub.runtime.progress import Progress
from hub.runtime.rulebook import Rulebook
from hub.runtime.store import StoreCache
from hub.runtime.transport import KafkaLog
from hub.runtime.youths import YouthProgram
from hub.settings import Settings

__all__ = ["build_rulebook", "run"]

_log = get_logger(__name__)
NAME = "worker"
YOUTHS = "youths"
PLACES = "places"
_TICK_SECONDS = 0.5
_STEP_SECONDS = 0.2
_SAY_SECONDS = 10.0
# Of the ten that a process has (`hub.stopping`): to finish and commit, and to take leave.
_FINISH_SECONDS = 5.0
_GRACE_SECONDS = 3.0
_FAREWELL_SECONDS = 3.0
_MOST_WORKERS = 64


def run(settings: Settings, clock: Clock, edges: Edges | None = None) -> None:
    """Work until SIGTERM or SIGINT, then finish what is in flight and leave the group's offsets committed, within ten seconds.

    The rules come with the markers on hub.rules.v1; until there is one, it waits and says so.

    Raises ConfigError when topics or files are missing or wrong, RetriableError when no broker answers. Whatever goes wrong
    later ends the process with code 70 and one last log line, committing nothing: the supervisor starts it again.
    """
    keep_small()
    seek_cycles_seldom()
    WORKER_RECOVERING.set(1)  # before anybody can ask
    with _own_folder(settings) as (folder, number), process_frame(settings, _name(number), started=time.time()) as stop:
        _tell_form(form())
        instance = f"{settings.worker.group}-{socket.gethostname()}-{number}"
        rulebook = build_rulebook(settings)
        codec = Codec.load()
        claims = read_claims(settings)
        programs: dict[str, Program] = {YOUTHS: YouthProgram(codec, claims), PLACES: PlaceProgram(codec, claims)}
        if not await_reach(settings.bootstrap_servers, stop):
            return
        try:
            layout = _prepared(settings, {name: program.topics for name, program in programs.items()}, stop)
        except RetriableError:
            if stop.is_set():
                return
            raise
        serving = _serve(
            settings, clock, programs, layout, rulebook, folder=folder, instance=instance, stop=stop, edges=edges or Edges()
        )
        asyncio.run(serving)


def build_rulebook(settings: Settings) -> Rulebook:
    """What judges rule markers in this installation. Raises ConfigError when areas.yaml is wrong."""
    return Rulebook(
        check=lambda rule_set: check_retention(rule_set, settings),
        own=lambda: load_rules(settings.home / "rules"),
        exposed_areas=load_places(settings.home).exposed,
    )


def _tell_form(found: Form) -> None:
    """Whether the core runs compiled, in the log and for `hub status`: after an upgrade it does not, until compiled again."""
    _log.info("worker starts", form=found.text)
    WORKER_FORM.labels(form="compiled" if found.compiled else "pure").set(1)


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


def _prepared(settings: Settings, sources: dict[str, Sequence[str]], stop: threading.Event) -> Layout:
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_delay(60) | tenacity.stop_when_event_set(stop),
        sleep=tenacity.sleep_using_event(stop),
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
    rulebook: Rulebook,
    *,
    folder: Path,
    instance: str,
    stop: threading.Event,
    edges: Edges,
) -> None:
    log = edges.log(settings.bootstrap_servers)
    if not await _before(stop, log.start()):
        leave_process("asked to stop before Kafka answered")
    limit = Limit(settings.worker.dead_letter_records, settings.worker.dead_letter_share)
    kit = Kit(log, Codec.load(), clock, folder, StoreCache(), rulebook, end_process, limit, edges)
    drivers = {}
    for name, program in programs.items():
        changelog = Changelog(changelog_name(settings, name), layout.topic_ids)
        ahead = CONSENTS.name if CONSENTS.name in program.topics else None
        driver = Driver(name, program, changelog, kit, consents=ahead, rules_partitions=layout.sources[RULES.name])
        drivers[driver] = layout.partitions[changelog.topic]
    app = build_app(settings, drivers, folder=folder, instance=instance, fail=end_process)
    try:
        if not await _before(stop, app.start()):
            leave_process("asked to stop before anything was taken")
        progress = Progress(drivers, lambda topic: owned_in_group(app, topic), limit_seconds=settings.worker.stall_limit_seconds)
        pauses = PauseWatch(list(drivers), KafkaBoard(settings.bootstrap_servers, settings.worker.group))
        await _before(stop, _watch(app, Gauges(list(drivers), log, progress), progress, pauses))
        await _finish(app, list(drivers))
        await _take_leave(app, log)
    except Exception as error:  # noqa: BLE001 -- the last line of defence: nothing half-alive may stay in the group
        end_process(error)


async def _before(stop: threading.Event, doing: Coroutine[Any, Any, None]) -> bool:
    """Do it, raising what it raises; False as soon as `stop` comes: Kafka's clients may wait for ever for a broker."""
    task = asyncio.create_task(doing)
    while not task.done():
        if stop.is_set():
            task.cancel()
            return False
        await asyncio.wait({task}, timeout=_STEP_SECONDS)
    await task
    return True


async def _watch(app: faust.App, gauges: Gauges, progress: Progress, pauses: PauseWatch) -> None:
    said = 0.0
    while True:
        if app.should_stop:
            raise FatalError("Faust has stopped by itself", code="faust_stopped") from app.crash_reason
        await gauges.publish()
        progress.check()
        await pauses.look()
        if progress.awaits_rules and time.monotonic() - said >= _SAY_SECONDS:
            said = time.monotonic()
            _log.warning("no rules are in force yet: waiting for the registry, which activates them when it starts")
        await asyncio.sleep(_TICK_SECONDS)


async def _finish(app: faust.App, drivers: Sequence[Driver]) -> None:
    """Finish the batches at hand and commit what is durable. Raises FatalError when Kafka does not let us in time."""
    try:
        async with asyncio.timeout(_FINISH_SECONDS):
            app.consumer.stop_flow()
            await asyncio.gather(*(driver.release(_GRACE_SECONDS) for driver in drivers))
            await app.consumer.commit()
    except TimeoutError as error:
        text = "asked to stop, and Kafka did not take what was in flight in time: it comes again"
        raise FatalError(text, code="stopped_late") from error


async def _take_leave(app: faust.App, log: KafkaLog) -> None:
    """Leave the group and disconnect; when Kafka does not answer, just leave, for everything is committed."""
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await app.stop()
            await log.stop()
    except TimeoutError:
        leave_process("everything is committed, and Kafka did not take our leave in time")
