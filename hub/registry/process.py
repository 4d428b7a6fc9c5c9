"""The registry's process: outbox relay, receipts, upkeep and subject service, each in a thread, all or none.

A thread that dies takes the process with it, by FatalError: a registry that serves but no longer publishes, or the other
way round, would look healthy and be wrong.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import uvicorn

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.clock import Clock
from hub.contract.codec import Codec
from hub.contract.topics import ERASURES
from hub.core.rule_set import RuleSet
from hub.database_log import DatabaseLog
from hub.erasure_bounds import Bounds, bounds_of, database_logs
from hub.errors import ConfigError, FatalError, RetriableError
from hub.logs import get_logger
from hub.registry.agency_trail import AgencyTrail
from hub.registry.database import shrink
from hub.registry.former import FormerData
from hub.registry.opening import OpenRegistry, open_registry
from hub.registry.protecting import protect_reference
from hub.registry.receipts import Reads, Receipts
from hub.registry.reconcile import reconcile
from hub.registry.relay import Publishes, Relay
from hub.registry.removal import Places, Survey
from hub.registry.removal_stores import OwnStores
from hub.registry.rule_sets import RuleSets
from hub.registry.sealing import seal_missing
from hub.registry.subject_api import Protects, build_app
from hub.registry.threads import Threads
from hub.registry.upkeep import next_refresh, refresh, republish, tell_counts
from hub.registry.work import ManualLane
from hub.settings import Settings

__all__ = ["run"]

_PAUSE_SECONDS = 0.2
_AFTER_FAILURE_SECONDS = 2.0
_TELL_SECONDS = 15.0
_FIRST_LOOK_SECONDS = 60.0
_REPUBLISH = timedelta(days=1)
_log = get_logger(__name__)


def run(
    settings: Settings,
    clock: Clock,
    stop: threading.Event,
    publisher_factory: Callable[[], Publishes],
    reader_factory: Callable[[], Reads],
    *,
    codec: Codec,
    first_rules: Callable[[], RuleSet] | None = None,
    lane: ManualLane | None = None,
    places: Places | None = None,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Run until `stop` is set. `first_rules` reads what is put in force when no rules ever were (None: nothing is);
    `ready` is told the service's URL.

    Raises ConfigError before anything starts, and FatalError when a part died: leave the process with an error, the
    supervisor starts it again. `places`: where physical removal is looked for; None: nowhere. `publisher_factory` and
    `reader_factory` connect in the threads that use them.
    """
    listener = _listen(settings)
    try:
        opened = open_registry(settings, clock, codec, lane)
    except BaseException:
        listener.close()
        raise
    threads, trail = Threads(stop), AgencyTrail(opened.sealed.log, clock)
    bounds = bounds_of(settings, settings.changelog("youths"))
    try:
        reconcile(opened.registry, opened.keyring, clock.now())
        sealed = _is_sealed(opened)
        refresh(opened.registry)
        republish(opened.registry)
        if first_rules is not None:
            rule_sets = RuleSets(opened.registry, opened.sealed.log, Actor("registry"), settings.kafka.partitions)
            rule_sets.begin(first_rules)
        threads.start("relay", lambda: _relay(opened, publisher_factory, threads.stop))
        threads.start("receipts", lambda: _receipts(opened, reader_factory(), codec, bounds[ERASURES.name], threads.stop))
        threads.start("upkeep", lambda: _upkeep(opened, clock, threads.stop, sealed=sealed))
        if places is not None:
            survey = _build_survey(settings, opened, places, bounds, clock)
            look = settings.erasure.look_minutes * 60
            threads.start("removal", lambda: _survey(survey, look, threads.stop))
        threads.start("http", lambda: _serve(opened, clock, trail, listener, threads.stop))
        ready(f"http://{settings.registry.host}:{listener.getsockname()[1]}")
        threads.wait()
    finally:
        threads.stop.set()
        threads.join()
        listener.close()
        trail.write_due(everything=True)
        opened.close()


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.registry.host, settings.registry.port
    # Said to be TCP, so that the event loop switches Nagle's algorithm off: an answer would wait about 40 ms otherwise.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        text = f"registry.host and registry.port: cannot listen on {host}:{port}; is another registry running?"
        raise ConfigError(text, code="cannot_listen") from error
    return listener


def _relay(opened: OpenRegistry, publisher_factory: Callable[[], Publishes], stop: threading.Event) -> None:
    publisher = publisher_factory()
    relay = Relay(opened.registry, publisher, stop)
    try:
        while not stop.is_set():
            try:
                done = relay.run_once()
            except RetriableError as error:
                _log.warning("the outbox waits", code=error.code)
                stop.wait(_AFTER_FAILURE_SECONDS)
            else:
                if not done:
                    stop.wait(_PAUSE_SECONDS)
        relay.release()
    finally:
        _close(publisher)


def _receipts(opened: OpenRegistry, reader: Reads, codec: Codec, bound: timedelta, stop: threading.Event) -> None:
    receipts = Receipts(opened.registry, reader, codec.decode, bound)
    try:
        while not stop.is_set():
            try:
                receipts.run_once()
            except RetriableError as error:
                _log.warning("receipts wait", code=error.code)
                stop.wait(_AFTER_FAILURE_SECONDS)
    finally:
        _close(reader)


def _is_sealed(opened: OpenRegistry) -> bool:
    """Seal what the vault lacks, unless its database does not answer: what must go out goes out all the same."""
    try:
        seal_missing(opened.registry, opened.sealed)
    except RetriableError as error:
        _log.warning("sealing what the vault lacks waits", code=error.code)
        return False
    return True


def _upkeep(opened: OpenRegistry, clock: Clock, stop: threading.Event, *, sealed: bool) -> None:
    refreshed = republished = clock.now()
    while not stop.is_set():
        try:
            sealed = sealed or _is_sealed(opened)
            tell_counts(opened.registry)
            if clock.now() >= next_refresh(refreshed):
                began = clock.now()
                refresh(opened.registry)
                reconcile(opened.registry, opened.keyring, clock.now())
                shrink(opened.engine)
                opened.keyring.tidy()
                opened.keyring.copy_out()
                refreshed = began
            if clock.now() - republished >= _REPUBLISH:
                republish(opened.registry)
                republished = clock.now()
        except RetriableError as error:
            _log.warning("upkeep waits", code=error.code)
        stop.wait(_AFTER_FAILURE_SECONDS)


def _build_survey(settings: Settings, opened: OpenRegistry, places: Places, bounds: Bounds, clock: Clock) -> Survey:
    former = FormerData(settings.home, timedelta(days=settings.erasure.former_data_days))
    logs = {name: DatabaseLog(url) for name, url in database_logs(settings).items()}
    return Survey(
        opened.registry,
        OwnStores(opened.registry, opened.engine, opened.keyring, clock, former=former, logs=logs),
        places,
        bounds,
        clock,
        effect=timedelta(seconds=settings.erasure.effect_seconds),
    )


def _survey(survey: Survey, look_seconds: float, stop: threading.Event) -> None:
    """Tells every few seconds who is late; looks what is gone soon after a start, and then every `look_seconds`."""
    due = time.monotonic() + min(look_seconds, _FIRST_LOOK_SECONDS)
    while not stop.wait(min(look_seconds, _TELL_SECONDS)):
        try:
            survey.tell()
            if time.monotonic() >= due:
                survey.look()
                due = time.monotonic() + look_seconds
        except RetriableError as error:
            _log.warning("looking for what is left waits", code=error.code)
        except ConfigError as error:  # the worker has not made its changelog yet
            _log.warning("looking for what is left waits", code=error.code)


def _serve(opened: OpenRegistry, clock: Clock, trail: AgencyTrail, listener: socket.socket, stop: threading.Event) -> None:
    config = uvicorn.Config(
        build_app(opened.engine, opened.tools, clock, trail, _protects(opened, trail)),
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="off",
        server_header=False,
    )
    server = uvicorn.Server(config)  # outside the main thread it touches no signal

    def end() -> None:
        stop.wait()
        server.should_exit = True

    watch = threading.Thread(target=end, name="registry-http-stop", daemon=True)
    watch.start()
    server.run(sockets=[listener])
    if not stop.is_set():
        raise FatalError("the subject service ended by itself", code="http_ended")
    watch.join()


def _protects(opened: OpenRegistry, trail: AgencyTrail) -> Protects:
    """What an agency's word does: logged, the case in the manual lane, the person stopped; logged too when it stops nobody."""

    def protects(agency: str, youth_ref: str) -> None:
        actor, stopped = Actor("registry", unit=agency), []

        def record(youth_id: str) -> None:
            stopped.append(youth_id)
            subject = Subject(SubjectKind.YOUTH, youth_id)
            opened.sealed.log.append(Entry(actor, Action.PROTECTED_CASE, subject=subject, purpose="protect"))

        protect_reference(opened.registry, youth_ref, agency, record)
        if not stopped:
            trail.count(Entry(actor, Action.PROTECTED_CASE, outcome=Outcome.DENY, rule="nobody_stopped"))

    return protects


def _close(port: object) -> None:
    close = getattr(port, "close", None)
    if close is not None:
        close()
