"""One configured instance of a connector: its settings checked, its secrets, its folder."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from hub.clock import Clock
from hub.connect.gate import Origin
from hub.connect.vault import DirectoryFile
from hub.connector import Connector, Source, SourceContext, load_connector
from hub.contract.models import InfoKind
from hub.errors import ConfigError
from hub.expectation import Expectation
from hub.installation import FORMER, load_agencies, load_places, read_key, read_secret
from hub.metrics import CONNECTOR_REQUESTS
from hub.settings import ConnectorSettings, Settings

__all__ = ["Instance", "load_instance"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,47}\Z")


@dataclass(frozen=True, slots=True)
class Instance:
    """A connector under a name of its own, with its checked settings."""

    name: str
    connector: Connector
    settings: ConnectorSettings
    config: BaseModel
    installation: Settings

    @property
    def folder(self) -> Path:
        """Where its directory copy and its lanes' stores lie."""
        return self.installation.data / "connect" / self.name

    @property
    def coding_file(self) -> Path:
        """Where its notices without a code wait for a person."""
        return self.folder / "coding.db"

    def directory_file(self) -> DirectoryFile:
        """Its copy of the directory, which the agency's former key still opens where that is at hand. Raises as `origin`."""
        name = f"agency-{self.settings.agency}.hmac"
        key = read_key(self.installation, name)  # first: whoever replaces it has put the former one beside it before
        former = read_key(self.installation, name + FORMER) if (self.installation.keys / (name + FORMER)).exists() else None
        return DirectoryFile(self.folder / "directory.sealed", key, self.name, former_key=former)

    @property
    def expects(self) -> tuple[Expectation, ...]:
        """When its source is expected to tell something new: as its settings say, else its connector."""
        return self.connector.expects if self.settings.expect is None else self.settings.expect

    def origin(self) -> Origin:
        """Who speaks, for the gate. Raises ConfigError when the agency is unknown or the wrong one, or its key is missing."""
        agencies = load_agencies(self.installation.home)
        agency = self.settings.agency
        if agency not in agencies:
            text = f"connectors.{self.name}.agency: {agency!r} is not in agencies.yaml ({', '.join(sorted(agencies))})"
            raise ConfigError(text, code="unknown_agency")
        if not self.connector.kinds and agencies[agency].kinds:
            # Every withdrawal would wait for the answer of an instance that knows nobody.
            text = f"connectors.{self.name}.agency: {agency!r} tells of persons, this connector of places alone"
            raise ConfigError(f"{text}: name an agency whose kinds are [] in agencies.yaml", code="agency_of_persons")
        key, areas = read_key(self.installation, f"agency-{agency}.hmac"), frozenset(load_places(self.installation.home).areas)
        public = not self.connector.kinds
        return Origin(agency, self.name, self.kinds, self.connector.places, key, areas=areas, public=public)

    @property
    def kinds(self) -> frozenset[InfoKind]:
        """What of persons both the connector and its agency may carry; nothing where agencies.yaml does not know the agency."""
        agency = load_agencies(self.installation.home).get(self.settings.agency)
        return self.connector.kinds & frozenset(agency.kinds if agency else ())

    def secret(self, name: str) -> str:
        """One of the connector's own secrets, `keys/connector-<instance>-<name>`. Raises ConfigError when it is missing."""
        if not _NAME.match(name):
            raise ConfigError(f"connector {self.name}: {name!r} cannot name a secret", code="bad_secret_name")
        return read_secret(self.installation, f"connector-{self.name}-{name}")

    def context(self, clock: Clock, secured: Callable[[str], bool], pause: Callable[[float], None] = time.sleep) -> SourceContext:
        """What its sources are given."""
        return SourceContext(
            now=clock.now,
            secret=self.secret,
            gazetteer=load_places(self.installation.home),
            observe_request=self._observe,
            secured=secured,
            kinds=self.kinds,
            home=self.installation.home,
            pause=pause,
        )

    def source(self, context: SourceContext) -> Source:
        """The events source, built."""
        build = self.connector.build_source
        assert build is not None, "load_instance takes sources only"
        return build(self.config, context)

    def _observe(self, operation: str, status: int) -> None:
        CONNECTOR_REQUESTS.labels(connector=self.name, operation=operation, status=str(status)).inc()


def load_instance(settings: Settings, name: str) -> Instance:
    """The instance of that name in `hub.toml`. Raises ConfigError naming the field that is wrong, never its value."""
    if name not in settings.connectors or not _NAME.match(name):
        known = ", ".join(sorted(settings.connectors)) or "none"
        raise ConfigError(f"hub.toml has no [connectors.{name}]; there are: {known}", code="unknown_instance")
    chosen = settings.connectors[name]
    connector = load_connector(chosen.connector or name)
    if connector.build_source is None:
        raise ConfigError(f"connectors.{name}: {connector.name} hands tasks out and is no source to pull from", code="no_source")
    try:
        config = connector.config.model_validate(chosen.source)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        text = f"hub.toml, [connectors.{name}.source]: {places} (`hub connectors describe {connector.name}`)"
        raise ConfigError(text, code="bad_connector_settings") from None
    return Instance(name, connector, chosen, config, settings)
