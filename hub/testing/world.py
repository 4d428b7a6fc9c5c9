"""A connector, its simulator and a dataset: the world in which a case of the suite plays."""

from __future__ import annotations

import io
import logging
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TypeAlias

import psutil

from hub.connect.memory import MemoryPlaces
from hub.connector import DATASETS, Connector, Draft, Sink, SinkContext, Source, SourceContext, StatutorySource, Trial
from hub.errors import ConfigError
from hub.testing.serving import Watched, served

__all__ = ["Serve", "World", "build_world", "named_in", "overheard"]

Serve: TypeAlias = Callable[[Any], AbstractContextManager[str]]
"""Puts an ASGI application on a socket while a block runs, and gives its address: `served`."""
_LOOPBACK = "127.0.0.1"
_NOT_DIGITS = re.compile(r"\D")


class World:
    """What a case is given. `server` is None for a connector without a simulator: it reads `dataset` itself."""

    def __init__(self, connector: Connector, trial: Trial, dataset: Path) -> None:
        self._connector = connector
        self._trial = trial
        self.dataset = dataset
        self.server: Watched | None = None
        self.url = ""
        self.port = 0
        """Where the simulator's front listens; 0 without one."""
        self.labels: list[str] = []
        """What the source called its requests when it counted them: labels of a metric."""

    def show(self, name: str) -> None:
        """From now on the foreign system holds this dataset."""
        if self._trial.datasets is None or not (self._trial.datasets / name).is_dir():
            text = f"connector {self._connector.name}: its trial has no dataset {name!r} ({DATASETS[name]})"
            raise ConfigError(text, code="no_dataset")
        shutil.rmtree(self.dataset, ignore_errors=True)
        shutil.copytree(self._trial.datasets / name, self.dataset)
        if self.server is not None:
            self.server.app = self.simulator()

    def simulator(self) -> Any:
        """The simulator anew, over what the dataset folder holds."""
        build = self._connector.build_simulator
        assert build is not None
        return build(self.dataset, self._trial.options)

    @contextmanager
    def source(self, secured: Callable[[str], bool] = lambda _: True) -> Iterator[Source]:
        """The events source, open while the block runs."""
        build = self._connector.build_source
        assert build is not None, "the connector builds no source"
        with closing(build(self.config(), self._source_context(secured))) as source:
            yield source

    @contextmanager
    def statutory(self) -> Iterator[StatutorySource | None]:
        """The statutory source, or None."""
        build = self._connector.build_statutory
        if build is None:
            yield None
            return
        with closing(build(self.config(), self._source_context(lambda _: True))) as source:
            yield source

    def draft(self, content: bytes) -> Draft | None:
        """What the connector reads of a raw message for whoever codes it; None where it has nothing coded by a person."""
        read = self._connector.read_draft
        return read(self.config(), MemoryPlaces(), self._trial.now, content) if read is not None else None

    @contextmanager
    def sink(self) -> Iterator[Sink]:
        """The sink, open while the block runs."""
        build = self._connector.build_sink
        assert build is not None, "the connector builds no sink"
        context = SinkContext(now=lambda: self._trial.now, secret=self._secret, home=self.dataset)
        with closing(build(self.config(), context)) as sink:
            yield sink

    def config(self) -> Any:
        """The connector's checked settings."""
        places = {"{url}": self.url, "{dataset}": str(self.dataset), "{host}": _LOOPBACK, "{port}": str(self.port)}
        filled = _filled(self._trial.config, places)
        return self._connector.config.model_validate(filled)

    def held(self) -> list[str]:
        """What this process holds open of the foreign system: connections to the simulator, files of the dataset."""
        me = psutil.Process()
        ports = {int(self.url.rpartition(":")[2]) if self.url else -1, self.port or -1}
        connections = [str(one.status) for one in me.net_connections("tcp") if one.raddr and one.raddr.port in ports]
        files = [one.path for one in me.open_files() if Path(one.path).is_relative_to(self.dataset)]
        return [status for status in connections if status == psutil.CONN_ESTABLISHED] + files

    def _source_context(self, secured: Callable[[str], bool]) -> SourceContext:
        now = self._trial.now
        return SourceContext(
            now=lambda: now,
            secret=self._secret,
            gazetteer=MemoryPlaces(),
            observe_request=lambda operation, _status: self.labels.append(operation),
            home=self.dataset,
            secured=secured,
        )

    def _secret(self, name: str) -> str:
        if name not in self._trial.secrets:
            text = f"connector {self._connector.name}: its trial has no secret {name!r}"
            raise ConfigError(text, code="missing_secret")
        return self._trial.secrets[name]


@contextmanager
def build_world(connector: Connector, trial: Trial, folder: Path, dataset: str | None, serve: Serve = served) -> Iterator[World]:
    """The world with the named dataset, its simulator served on loopback when the connector has one."""
    world = World(connector, trial, folder / "dataset")
    world.dataset.mkdir()
    if dataset is not None:
        world.show(dataset)
    if connector.build_simulator is None:
        yield world
        return
    world.server = Watched(world.simulator())
    with serve(world.server) as world.url, _front(trial, world.url) as world.port:
        yield world


def _front(trial: Trial, url: str) -> AbstractContextManager[int]:
    return nullcontext(0) if trial.front is None else trial.front(url)


@contextmanager
def overheard() -> Iterator[Callable[[], str]]:
    """Everything that is logged at any level, or printed, while the block runs."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            yield heard.getvalue
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def named_in(text: str, persons: Sequence[str]) -> bool:
    """Whether a text names one of the persons by identifier, in any of its usual spellings."""
    digits = [person for person in (_NOT_DIGITS.sub("", one)[-10:] for one in persons) if person]
    spelt = re.sub(r"(?<=\d)[-+–](?=\d)", "", text)
    return any(one in text for one in persons) or any(one in spelt for one in digits)


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace(name, text)
        return value
    if isinstance(value, Mapping):
        return {name: _filled(one, places) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one, places) for one in value]
    return value
