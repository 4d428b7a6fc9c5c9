"""`hub up`: every process of an installation on one machine, started in the order they need each other, and kept running."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from hub.broker.process import prepare
from hub.connector import load_connector
from hub.errors import ConfigError, HubError, RetriableError
from hub.in_use import used
from hub.kafka_admin import apply_topics, broker_answers
from hub.process import read_announcements
from hub.rules_file import load_active_rules
from hub.settings import Settings
from hub.stopping import Stop
from hub.supervise import SETTINGS_EXIT, Supervisor, hub_command

__all__ = ["SingleMachine"]

_STEP_SECONDS = 0.25
_LOOK_SECONDS = 1.0
_TAIL_LINES = 4
_STATUTORY = "statutory"
_CORE = ("registry", "worker", "deliver", "web")
_PROCESSES = frozenset({_STATUTORY, *_CORE})
_PATIENCE_SECONDS = 60.0  # between two attempts at a Kafka that cannot be had, while the statutory lane runs


class SingleMachine:
    """One installation's processes. `say` gets a line per step of the way, and the end of the log of whatever dies.

    The statutory lane and the connectors that feed it are started first and wait for nothing; everything else waits for
    Kafka and its topics.

    Guarantee: at most one per installation (a file lock); however `run` is left, nothing it started is left running.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._listener = say
        self._asked = Stop()
        self._stop = self._asked.event
        self._supervisor = Supervisor(settings.data / "logs", {"HUB_HOME": str(settings.home)}, self._tell_death)
        enabled = [name for name, chosen in settings.connectors.items() if chosen.enabled]
        self._feeding = [name for name in enabled if self._feeds_statutory(name)]
        self._others = [name for name in enabled if name not in self._feeding]

    def _say(self, text: str) -> None:
        with suppress(OSError):  # a terminal that was closed hears nothing, and stops nothing
            self._listener(text)

    def ask_to_stop(self, *_: object) -> None:
        """End `run` soon; fit to be a signal's handler."""
        self._asked.ask()

    def run(self, ready: Callable[[], None]) -> list[str]:
        """Run until asked to stop; `ready` is called once, when every process answers. Returns who had to be killed.

        Raises ConfigError when the installation runs already, or when its settings or rules keep Kafka or one of the hub's own
        processes from starting, with what that one said. Unless a connector feeds the statutory lane: then the lane goes on, and
        the other is tried again every minute, as is always done with a connector, whose settings may be right and its source
        wrong.
        """
        with used(self._settings.home), self._alone():
            try:
                self._check_rules()
                self._bring_up(ready)
                while not self._stop.wait(_STEP_SECONDS):
                    self._tend()
            except KeyboardInterrupt:
                self._stop.set()
            finally:
                self._say("Stopping …")
                stubborn = self._supervisor.stop()
            return stubborn

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._settings.data / "up.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise ConfigError(f"{self._settings.home} is run by another `hub up`: stop that first", code="runs_already") from None
        try:
            yield
        finally:
            lock.release()

    def _check_rules(self) -> None:
        """Raise what the registry would at its first start, before anything runs; the statutory lane waits for no rules.

        Once rules are in force the folder only holds what may be activated next: what is wrong there stops nothing.
        """
        if self._feeding:
            return
        try:
            load_active_rules(self._settings)
        except ConfigError as error:
            # Not at the top: what watches the others for months stays small.
            from hub.registry.rules_kept import read_in_force  # noqa: PLC0415

            active = read_in_force(self._settings)
            if active is None:
                raise
            self._say(f"Rules: {active.version} stays in force; the folder cannot be activated: {error}")

    def _bring_up(self, ready: Callable[[], None]) -> None:
        self._start(_STATUTORY)
        for name in self._feeding:
            self._start(f"connect-{name}", "connect", name)
        self._have_kafka()
        for name in _CORE:
            self._start(name)
        for name in self._others:
            self._start(f"connect-{name}", "connect", name)
        if self._until_all_answer():
            ready()

    def _start(self, name: str, *words: str) -> None:
        if not self._stop.is_set():
            self._supervisor.start(name, hub_command(*(words or (name,))))

    def _have_kafka(self) -> None:
        """Kafka answers and has its topics, or `run` was asked to stop."""
        while not self._stop.is_set():
            try:
                self._try_kafka()
            except ConfigError as error:
                if not self._feeding:
                    raise
                self._say(f"{error}\nThe statutory lane goes on; Kafka is tried again in {_PATIENCE_SECONDS:.0f} s")
                self._tend_for(_PATIENCE_SECONDS)
            except RetriableError as error:
                self._say(str(error))
                self._tend_for(_LOOK_SECONDS)
            else:
                return

    def _try_kafka(self) -> None:
        settings = self._settings
        if settings.kafka.bootstrap_servers:
            self._say(f"Waiting for Kafka at {settings.bootstrap_servers}")
        elif "broker" not in self._supervisor.children:
            self._fetch()
            self._say("Starting Kafka")
            self._start("broker")
        while not (self._stop.is_set() or self._kafka_answers()):
            self._check_broker()
            self._tend_for(_STEP_SECONDS)
        if not self._stop.is_set():
            self._say("Topics")
            with self._asked.breakable():
                apply_topics(settings)

    def _kafka_answers(self) -> bool:
        """The configured brokers; or this installation's own one, whoever else may answer on its port."""
        if self._settings.kafka.bootstrap_servers:
            with self._asked.breakable():
                return broker_answers(self._settings.bootstrap_servers)
        return "broker" in self._announced()

    def _announced(self) -> set[str]:
        return {entry.name for entry in read_announcements(self._settings)}

    def _fetch(self) -> None:
        with self._asked.breakable():
            prepare(self._settings)

    def _check_broker(self) -> None:
        """Raise what the embedded broker said when it ended because of a setting: another start would say the same."""
        if self._refused_broker():
            raise ConfigError(self._supervisor.last_words("broker"), code="broker_refused")

    def _refused_broker(self) -> bool:
        child = self._supervisor.children.get("broker")
        return child is not None and child.ended == SETTINGS_EXIT

    def _until_all_answer(self) -> bool:
        """Wait until every process has announced itself; False when asked to stop before."""
        told: set[str] = set()
        while not self._stop.is_set():
            missing = set(self._supervisor.children) - self._announced()
            if not missing:
                return True
            if missing != told:
                self._say("Waiting for " + ", ".join(sorted(missing)))
                told = missing
            self._tend_for(_STEP_SECONDS)
        return False

    def _tend(self) -> None:
        self._supervisor.tend()
        for child in self._supervisor.children.values():
            if child.ended == SETTINGS_EXIT and self._must_run(child.name):
                said = self._supervisor.last_words(child.name)
                raise ConfigError(f"{child.name} cannot run: {said}", code="process_refused")

    def _must_run(self, name: str) -> bool:
        """Whether nothing is left to do for the installation when that process has refused its settings."""
        return name in _PROCESSES and (not self._feeding or name == _STATUTORY)

    def _tend_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stop.wait(_STEP_SECONDS):
            self._tend()
            if time.monotonic() >= deadline:
                return

    def _tell_death(self, name: str, text: str) -> None:
        child = self._supervisor.children[name]
        if child.ended == SETTINGS_EXIT:
            if name != "broker" and not self._must_run(name):  # else told as an error
                self._say(f"{name} {text}\nIt is tried again every minute")
            return
        tail = self._supervisor.log_tail(name, _TAIL_LINES)
        self._say(f"{name} {text}. Its log ends:\n{tail}" if tail else f"{name} {text}")

    def _feeds_statutory(self, name: str) -> bool:
        """False for a connector that cannot be loaded: its own process says so."""
        try:
            return load_connector(self._settings.connectors[name].connector or name).build_statutory is not None
        except HubError:
            return False
