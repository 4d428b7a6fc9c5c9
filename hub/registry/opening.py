"""Opens the registry of an installation: keys, agencies, teams, database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine

from hub.clock import Clock
from hub.consent_file import load_consent_rules
from hub.contract.codec import Codec
from hub.contract.models import Cooperation
from hub.installation import CONSENT_FILE, load_teams
from hub.kafka import outgoing
from hub.registry.agencies import AgencyFiles
from hub.registry.database import migrate, open_database
from hub.registry.grants import GrantRules
from hub.registry.keyring import Keyring, open_keyring
from hub.registry.registry import Registry
from hub.registry.vault import build_vault
from hub.registry.work import ManualLane, Tools
from hub.settings import Settings

__all__ = ["OpenRegistry", "open_registry"]

_SOURCE = "/hub/registry"


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """A registry and what lies under it; `close` it."""

    registry: Registry
    engine: Engine
    tools: Tools
    keyring: Keyring

    def close(self) -> None:
        """Release the databases."""
        self.engine.dispose()
        self.keyring.close()


def open_registry(settings: Settings, clock: Clock, codec: Codec, lane: ManualLane | None = None) -> OpenRegistry:
    """The registry of `settings`, its database migrated. Without the manual lane nobody can be marked as protected here.

    Raises ConfigError when a key is missing (`hub init` makes them) or a file cannot be read, RetriableError when the
    database does not answer.
    """
    vault, agencies = build_vault(settings), AgencyFiles(settings)
    consent = load_consent_rules(settings.home / CONSENT_FILE)
    rules = GrantRules(frozenset(agencies), _cooperations(settings), consent)
    copy = settings.registry.shred_list_copy
    keyring = open_keyring(settings.keyring_database, settings.home / copy if copy else None)
    reversal = timedelta(days=settings.registry.protected_reversal_days)
    tools = Tools(vault, keyring, agencies, partial(outgoing, codec, source=_SOURCE), lane, reversal)
    engine = open_database(settings.registry_database)
    migrate(engine, lambda keys: keyring.put(keys, clock.now()))
    return OpenRegistry(Registry(engine, tools, rules, clock), engine, tools, keyring)


def _cooperations(settings: Settings) -> dict[str, Cooperation]:
    return {name: team.cooperation for name, team in load_teams(settings.home).items()}
