"""Runs one connector instance: the statutory lane first and by itself, then the events lane."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from filelock import FileLock, Timeout
from tenacity.nap import sleep_using_event

from hub.clock import Clock
from hub.connect.breaking import SourceBreaker
from hub.connect.coding import coding_of
from hub.connect.conditions import Conditions
from hub.connect.directory import Directory
from hub.connect.events import EventsLane, GoOn
from hub.connect.failing import guarded
from hub.connect.gate import Origin
from hub.connect.history import import_history
from hub.connect.instance import Instance, load_instance
from hub.connect.kept import KeptSource
from hub.connect.lanes import EVENTS, HISTORY, STATUTORY, Lane
from hub.connect.ledger import Ledger
from hub.connect.letters import Sealing
from hub.connect.loop import Loop, Polled, Watch
from hub.connect.ports import Encode, Publisher, StatutoryPort
from hub.connect.recalling import bounds_of, build_recall
from hub.connect.settings_history import note_settings
from hub.connect.silence import Silence
from hub.connect.statutory import StatutoryLane, is_secured
from hub.connect.subjects import SubjectFeed
from hub.connect.waking import listening
from hub.connect.watching import LaneWatch, Standing, watched
from hub.connector import Source, SourceContext, Waker
from hub.contract.codec import Codec
from hub.contract.models import Message
from hub.contract.topics import Topic
from hub.errors import ConfigError, HubError
from hub.installation import read_key, read_secret
from hub.kafka import Outgoing, outgoing
from hub.metrics import DIRECTORY_AGE
from hub.settings import Settings

__all__ = ["Runner"]

_FIRST_POLL_SECONDS = 60.0


class Runner:
    """One instance in one process; a file lock keeps a second process away from its ledgers.

    The statutory lane has a thread, a store and a cursor of its own and is started before anything of the events lane is
    even built, so that neither the registry nor Kafka nor a fault there can keep a mandatory report waiting.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        stop: threading.Event,
        instance: str,
        *,
        publisher_factory: Callable[[str], Publisher],
        statutory_port: StatutoryPort | None,
        codec: Codec,
        after_publish: Callable[[], None] = lambda: None,
        handed_over: Callable[[str], bool] = lambda _message_id: False,
    ) -> None:
        self._handed_over = handed_over
        self._chosen: Instance = load_instance(settings, instance)
        self._clock = clock
        self._stop = stop
        self._publisher_factory = publisher_factory
        self._statutory_port = statutory_port
        self._codec = codec
        self._after_publish = after_publish

    def run(self) -> None:
        """Until `stop` is set. What leaves it (ConfigError, FatalError) ends the process; the last log line says why."""
        with (
            self._alone(),
            self._statutory_loop() as (statutory, secured),
            self._alongside(statutory),
            guarded(self._chosen.name, EVENTS),
            self._events_loop(statutory, secured) as (events, pushed),
            listening(pushed or self._waker(secured), events, self._chosen.name, self._stop),
        ):
            events.run()

    def once(self) -> dict[str, Polled]:
        """One poll of each lane, the statutory one first; by lane."""
        results: dict[str, Polled] = {}
        with self._alone(), self._statutory_loop() as (statutory, secured):
            if statutory is not None:
                with guarded(self._chosen.name, STATUTORY):
                    results[STATUTORY] = statutory.once()
            with guarded(self._chosen.name, EVENTS), self._events_loop(statutory, secured) as (events, _):
                results[EVENTS] = events.once()
        return results

    def redrive(self) -> None:
        """Redrive what is queued, now. Raises ConfigError `runs_already` when the connector runs: then it does so by itself."""
        with (
            self._alone(),
            self._statutory_loop() as (statutory, secured),
            guarded(self._chosen.name, EVENTS),
            self._events_lane(secured) as (lane, _),
        ):
            del statutory
            lane.keep()

    def now(self) -> datetime:
        """The installation's time."""
        return self._clock.now()

    def history(self, since: datetime, go_on: GoOn) -> bool:
        """Import the source's history since an instant, retried and resumable; False when `go_on` ended it.

        Raises RejectedError `no_history`, PausedError, and RetriableError when a place in it cannot be passed: run it again.
        """
        with self._alone(), guarded(self._chosen.name, HISTORY), self._events_lane(lambda _: True) as (lane, _):
            return import_history(lane, since, go_on, self._stop)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._chosen.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._chosen.folder / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise ConfigError(f"connector {self._chosen.name} runs already on this installation", code="runs_already") from None
        try:
            note_settings(self._chosen.folder, self._chosen.settings, self._clock.now())
            yield
        finally:
            lock.release()

    @contextmanager
    def _alongside(self, loop: Loop | None) -> Iterator[None]:
        """Run the loop in a thread while the block runs; the block begins when its first poll is over."""
        if loop is None:
            yield
            return
        failures: list[HubError] = []
        thread = threading.Thread(target=self._run_guarded, args=(loop, failures), name=STATUTORY)
        thread.start()
        try:
            loop.first_poll_over.wait(_FIRST_POLL_SECONDS)
            yield
        finally:
            self._stop.set()
            thread.join()
        if failures:
            raise failures[0]

    def _run_guarded(self, loop: Loop, failures: list[HubError]) -> None:
        try:
            with guarded(self._chosen.name, STATUTORY):
                loop.run()
        except HubError as error:
            failures.append(error)
        finally:
            self._stop.set()

    @contextmanager
    def _statutory_loop(self) -> Iterator[tuple[Loop | None, Callable[[str], bool]]]:
        chosen = self._chosen
        build = chosen.connector.build_statutory
        if build is None:
            yield None, lambda _: True
            return
        if self._statutory_port is None:
            raise ConfigError(f"connector {chosen.name} needs the statutory store", code="no_statutory_store")
        with closing(Ledger(chosen.folder / "statutory.db")) as ledger:
            secured = is_secured(ledger)
            with closing(build(chosen.config, self._context(secured))) as source:
                lane = StatutoryLane(
                    connector=chosen.name, source=source, store=self._statutory_port, ledger=ledger, clock=self._clock
                )
                yield self._loop(lane, None, LaneWatch(Conditions(ledger.engine, STATUTORY))), secured

    @contextmanager
    def _events_loop(self, statutory: Loop | None, secured: Callable[[str], bool]) -> Iterator[tuple[Loop, Waker | None]]:
        with self._events_lane(secured) as (lane, watch):
            yield self._loop(lane, statutory, watch), lane.pushed

    @contextmanager
    def _events_lane(self, secured: Callable[[str], bool]) -> Iterator[tuple[EventsLane, Watch]]:
        chosen = self._chosen
        origin = chosen.origin()
        with closing(Ledger(chosen.folder / "ledger.db", bounds_of(chosen.installation.journal))) as ledger:
            standing = Standing(ledger.engine, chosen.name)
            with self._lane_on(ledger, origin, secured, standing) as lane:
                silence = Silence(ledger.engine, chosen.name, self._clock, chosen.expects)
                yield lane, LaneWatch(Conditions(ledger.engine, EVENTS), standing, silence)

    @contextmanager
    def _lane_on(
        self, ledger: Ledger, origin: Origin, secured: Callable[[str], bool], standing: Standing
    ) -> Iterator[EventsLane]:
        chosen = self._chosen
        with (
            closing(self._source(ledger, secured, standing)) as source,
            self._directory(origin) as directory,
            closing(self._publisher_factory(f"connect-{chosen.name}")) as publisher,
            coding_of(chosen, origin, ledger, self._clock, self._statutory_port) as coding,
        ):
            yield EventsLane(
                origin=origin,
                source=source,
                directory=directory,
                ledger=ledger,
                publisher=publisher,
                encode=_encoder(self._codec, f"/connectors/{chosen.name}"),
                clock=self._clock,
                after_publish=self._after_publish,
                recall=build_recall(chosen, self._clock, secured, origin),
                coding=coding,
            )

    def _waker(self, secured: Callable[[str], bool]) -> Waker | None:
        build = self._chosen.connector.build_waker
        return build(self._chosen.config, self._context(secured)) if build is not None else None

    def _context(self, secured: Callable[[str], bool]) -> SourceContext:
        # Waiting for a source that does not answer is no reason to stop late.
        return self._chosen.context(self._clock, secured, sleep_using_event(self._stop))

    def _source(self, ledger: Ledger, secured: Callable[[str], bool], standing: Standing) -> Source:
        chosen = self._chosen
        most, longest = chosen.settings.breaker_failures, chosen.settings.breaker_longest_seconds
        breaker = SourceBreaker(ledger.engine, chosen.name, self._clock, most=most, longest=longest)
        context = replace(self._context(secured), handed_over=self._handed_over)
        source = watched(chosen.source(context), standing, breaker)
        if not chosen.connector.moving_window:
            return source
        pause = timedelta(seconds=chosen.settings.poll_seconds)
        sealing = Sealing(chosen.origin().key, chosen.name)
        return KeptSource(source, ledger, self._clock, sealing, connector=chosen.name, pause=pause)

    @contextmanager
    def _directory(self, origin: Origin) -> Iterator[Directory | None]:
        """The agency's directory; None when the instance tells nothing about persons and so needs to know none."""
        if not origin.kinds:
            yield None
            return
        chosen = self._chosen
        installation = chosen.installation
        token = f"agency-{origin.agency}.token"
        feed = SubjectFeed(installation.registry_url, origin.agency, lambda: read_secret(installation, token))
        with closing(feed):
            directory = Directory(
                feed,
                chosen.directory_file(),
                agency_key=lambda: read_key(installation, f"agency-{origin.agency}.hmac"),
                clock=self._clock,
                stale_after=timedelta(minutes=chosen.settings.directory_stale_after_minutes),
                pause=sleep_using_event(self._stop),
            )
            DIRECTORY_AGE.labels(connector=chosen.name).set_function(lambda: directory.age_seconds)
            yield directory

    def _loop(self, lane: Lane, after: Loop | None, watch: Watch) -> Loop:
        settings = self._chosen.settings
        return Loop(
            lane,
            self._chosen.name,
            poll_seconds=settings.poll_seconds,
            keep_seconds=settings.directory_poll_seconds,
            clock=self._clock,
            stop=self._stop,
            after=after,
            watch=watch,
        )


def _encoder(codec: Codec, source: str) -> Encode:
    def encode(topic: Topic, key: str, message: Message, identity: str, occurred_at: datetime) -> Outgoing:
        return outgoing(codec, topic, key, message, id=identity, source=source, time=occurred_at)

    return encode
