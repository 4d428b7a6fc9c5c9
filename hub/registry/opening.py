"""Opens the registry of an installation: keys, agencies, teams, database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import Engine, inspect, select

from hub.audit.opening import open_vault
from hub.audit.sealed import SealedVault
from hub.clock import Clock
from hub.consent_file import load_consent_rules
from hub.contract.codec import Codec
from hub.contract.ids import key_id
from hub.contract.models import Cooperation
from hub.database import answering, reachable
from hub.errors import ConfigError, RetriableError
from hub.in_use import hold
from hub.installation import load_teams
from hub.kafka import outgoing
from hub.registry.agencies import AgencyFiles
from hub.registry.database import migrate, open_database
from hub.registry.grants import GrantRules
from hub.registry.keyring import Keyring, open_keyring
from hub.registry.registry import Registry
from hub.registry.tables import Memo, Youth
from hub.registry.vault import LOOKUP, Vault, build_vault
from hub.registry.work import ManualLane, Tools
from hub.registry.wrapping import MASTER
from hub.settings import Settings

__all__ = ["OpenRegistry", "open_registry"]

_SOURCE = "/hub/registry"
_LOOKUP_MEMO = "lookup_key"


@dataclass(frozen=True, slots=True)
class OpenRegistry:
    """A registry and what lies under it; `close` it."""

    registry: Registry
    engine: Engine
    tools: Tools
    keyring: Keyring
    sealed: SealedVault
    let_go: Callable[[], None]

    def close(self) -> None:
        """Release the databases, and the installation: a restore may begin."""
        self.let_go()


def open_registry(settings: Settings, clock: Clock, codec: Codec, lane: ManualLane | None = None) -> OpenRegistry:
    """The registry of `settings`, its database migrated. Without the manual lane nobody can be marked as protected here.

    Raises ConfigError when a key is missing (`hub init` makes them), a file cannot be read, a restore is at work or the keyring
    knows people and the database is one that was never opened with it; RetriableError when the database does not answer.
    """
    with ExitStack() as held:
        held.callback(hold(settings.home, settings.data))
        return _open(settings, clock, codec, lane, held)


def _open(settings: Settings, clock: Clock, codec: Codec, lane: ManualLane | None, held: ExitStack) -> OpenRegistry:
    vault, agencies = build_vault(settings), AgencyFiles(settings)
    consent = load_consent_rules(settings.consent_file)
    rules = GrantRules(frozenset(agencies), _cooperations(settings), consent)
    copy = settings.registry.shred_list_copy
    keyring = open_keyring(settings.keyring_database, settings.home / copy if copy else None)
    held.callback(keyring.close)
    reversal = timedelta(days=settings.registry.protected_reversal_days)
    sealed = open_vault(settings, clock)
    held.callback(sealed.close)
    tools = Tools(vault, keyring, agencies, partial(outgoing, codec, source=_SOURCE), consent, lane, reversal, sealed)
    engine = open_database(settings.registry_database)
    held.callback(engine.dispose)
    _require_own_database(engine, keyring)
    migrate(engine, lambda keys: keyring.put(keys, clock.now()))
    registry = Registry(engine, tools, rules, clock)
    _require_same_lookups(registry, vault, settings)
    return OpenRegistry(registry, engine, tools, keyring, sealed, held.pop_all().close)


def _require_own_database(engine: Engine, keyring: Keyring) -> None:
    """A new database beside a keyring that knows people: the right one is lost, or a setting names another.

    The keyring is asked first: where another process has just begun the two, its tables are there before its first key is.
    """
    if not keyring.ages():
        return
    with reachable(engine), answering():
        is_new = not inspect(engine).has_table(Youth.__tablename__)
    if is_new:
        text = (
            "the registry's database is new and empty, and the keyring holds people's data keys: nothing is done with either. "
            "Correct registry.database_url, or bring the database back with `hub backup restore`; to begin anew without all of "
            "them, move the keyring aside first (data/keyring, or what registry.keyring_url names)"
        )
        raise ConfigError(text, code="lost_database")


def _require_same_lookups(registry: Registry, vault: Vault, settings: Settings) -> None:
    """Nobody would be found under another key of lookups, and everybody be registered a second time."""
    mine = key_id(vault.lookup_key)
    known = _noted_lookups(registry)
    if known is None:
        with suppress(RetriableError), registry.work() as work:  # another process may note it first
            work.session.add(Memo(name=_LOOKUP_MEMO, text=mine))
        known = _noted_lookups(registry)
    if known != mine:
        files = f"{MASTER}, {LOOKUP} (once the key was rotated)"
        text = f"the database belongs to other keys than those in {settings.keys}: restore {files} from their copy"
        raise ConfigError(text, code="other_keys")


def _noted_lookups(registry: Registry) -> str | None:
    with registry.view() as session:
        noted: str | None = session.scalar(select(Memo.text).where(Memo.name == _LOOKUP_MEMO))
    return noted


def _cooperations(settings: Settings) -> dict[str, Cooperation]:
    return {name: team.cooperation for name, team in load_teams(settings.home).items()}
