"""Which sinks an installation has, and which teams they are of: hub.toml and teams.yaml, checked at the start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from pydantic import BaseModel, ValidationError

from hub.clock import Clock
from hub.connector import Connector, Sink, SinkContext, load_connector
from hub.errors import ConfigError
from hub.installation import read_secret
from hub.metrics import SINK_REQUESTS
from hub.settings import Settings, wrong_fields

__all__ = ["ConfiguredSink", "load_sink", "load_sinks", "sinks_of_teams"]

_SECRET = re.compile(r"[a-z][a-z0-9_-]{0,47}\Z")


class _HasSinks(Protocol):
    @property
    def sinks(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class ConfiguredSink:
    """A connector's sink under a name of its own, with its checked settings."""

    name: str
    connector: Connector
    config: BaseModel
    most_per_minute: int
    installation: Settings

    def build(self, clock: Clock) -> Sink:
        """Connect it. Raises ConfigError."""
        build = self.connector.build_sink
        assert build is not None, "load_sink takes sinks only"
        observe = partial(_observe, self.name)
        return build(self.config, SinkContext(clock.now, self._secret, observe, self.installation.home))

    def _secret(self, name: str) -> str:
        """One of the sink's own secrets, `keys/sink-<name>-<secret>`. Raises ConfigError when it is missing."""
        if not _SECRET.match(name):
            raise ConfigError(f"sink {self.name}: {name!r} cannot name a secret", code="bad_secret_name")
        return read_secret(self.installation, f"sink-{self.name}-{name}")


def load_sinks(settings: Settings) -> dict[str, ConfiguredSink]:
    """Every sink of hub.toml. Raises as `load_sink`."""
    return {name: load_sink(settings, name) for name in settings.sinks}


def load_sink(settings: Settings, name: str) -> ConfiguredSink:
    """The sink of that name in hub.toml. Raises ConfigError that names file, field and rule, never a value."""
    if name not in settings.sinks:
        known = ", ".join(sorted(settings.sinks)) or "none"
        raise ConfigError(f"hub.toml has no [sinks.{name}]; there are: {known}", code="unknown_sink")
    chosen = settings.sinks[name]
    try:
        connector = load_connector(chosen.connector)
    except ConfigError as error:
        raise ConfigError(f"hub.toml, [sinks.{name}], connector: {error}", code=error.code) from error
    if connector.build_sink is None:
        text = f"hub.toml, [sinks.{name}], connector: {connector.name} is a source and hands nothing over"
        raise ConfigError(f"{text} (`hub connectors list`: what can do `delivery`)", code="no_sink")
    try:
        config = connector.config.model_validate(chosen.settings)
    except ValidationError as error:
        text = f"hub.toml, [sinks.{name}.settings]: {wrong_fields(error)} (`hub connectors describe {connector.name}`)"
        raise ConfigError(text, code="bad_sink_settings") from None
    return ConfiguredSink(name, connector, config, chosen.most_per_minute, settings)


def sinks_of_teams(settings: Settings, teams: Mapping[str, _HasSinks]) -> dict[str, tuple[str, ...]]:
    """By team, its sinks. Raises ConfigError for a name that hub.toml does not have, or that a team gives twice."""
    file = settings.home / "teams.yaml"
    for code, team in teams.items():
        for name in team.sinks:
            if name not in settings.sinks:
                known = ", ".join(sorted(settings.sinks)) or "none"
                text = f"{file}: teams.{code}.sinks: {name!r} is not in hub.toml; [sinks] has: {known}"
                raise ConfigError(text, code="unknown_sink")
        if len(set(team.sinks)) < len(team.sinks):
            raise ConfigError(f"{file}: teams.{code}.sinks: names a sink twice", code="repeated_sink")
    return {code: tuple(team.sinks) for code, team in teams.items() if team.sinks}


def _observe(name: str, operation: str, status: int) -> None:
    SINK_REQUESTS.labels(sink=name, operation=operation, status=str(status)).inc()
