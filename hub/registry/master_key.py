"""Rotation of the installation's master key: every data key wrapped anew, while the registry runs.

1. `begin_rotation` puts a new `keys/registry.key` in place and keeps the former one beside it. From then on every process wraps
   new keys under the new one and opens both. The key of lookups is wrapped too, so that no row of the database changes.
2. `rewrap` wraps each data key anew, some at a time. It can be ended at any point and run again: it takes up what is left.
3. `retire_master` ends the former key, when nothing is wrapped under it any more.

A stolen backup of the keyring opens with the key of its day: destroy the former key's copies, too.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import ConfigError, RejectedError
from hub.installation import read_key, write_closed
from hub.registry.keyring import KeyStore
from hub.registry.vault import LOOKUP, LOOKUP_CONTEXT, Vault
from hub.registry.wrapping import FORMER_MASTER, MASTER
from hub.settings import Settings

__all__ = ["MasterState", "begin_rotation", "master_state", "retire_master", "rewrap"]

_AT_ONCE = 250
_KEY = 32


@dataclass(frozen=True, slots=True)
class MasterState:
    """The master key by its name, whether a former one is still valid, how many data keys there are and how many wait."""

    key: str
    former: bool
    data_keys: int
    waiting: int


def master_state(settings: Settings, vault: Vault, store: KeyStore) -> MasterState:
    """Where a rotation stands."""
    names = list(store.ages())
    return MasterState(vault.wrapping.newest, _former(settings), len(names), sum(1 for _ in _waiting(vault, store)))


def begin_rotation(settings: Settings, vault: Vault, record: Callable[[], None]) -> bool:
    """Put a new master key in place, or take up a rotation that is under way (False). `record` is called before the change.

    Raises RejectedError `rotation_under_way` when another has changed the key meanwhile: the former one, under which data keys
    are wrapped, is never written over. Hold `hub.in_use.changing_keys` until `rewrap` is done.
    """
    if _is_under_way(settings):
        return False
    master = read_key(settings, MASTER)
    record()
    if _is_under_way(settings) or read_key(settings, MASTER) != master:
        text = "the master key was changed by another command meanwhile: run `hub keys rotate` again, it goes on"
        raise RejectedError(text, code="rotation_under_way")
    if not (settings.keys / LOOKUP).exists():
        _write_lookup(settings, vault)
    write_closed(settings.keys / FORMER_MASTER, (settings.keys / MASTER).read_bytes())
    write_closed(settings.keys / MASTER, base64.b64encode(secrets.token_bytes(_KEY)) + b"\n")
    return True


def rewrap(settings: Settings, vault: Vault, store: KeyStore, progress: Callable[[int, int], None]) -> int:
    """Wrap anew whatever is not under the newest key; the answer is how many there were.

    `progress` is told how many of how many are done, after each portion. Raises FatalError `bad_seal` when one does not open.
    """
    _write_lookup(settings, vault)
    waiting = list(_waiting(vault, store))
    for start in range(0, len(waiting), _AT_ONCE):
        portion = store.get(waiting[start : start + _AT_ONCE])
        store.replace({name: (wrapped, vault.rewrapped(name, wrapped)) for name, wrapped in portion.items()})
        progress(min(start + _AT_ONCE, len(waiting)), len(waiting))
    return len(waiting)


def retire_master(settings: Settings, vault: Vault, store: KeyStore, record: Callable[[], None]) -> None:
    """End the former master key.

    Raises RejectedError `nothing_to_retire`, or `still_used` while something is wrapped under it.
    """
    if not _former(settings):
        raise RejectedError("there is no former master key: nothing to retire", code="nothing_to_retire")
    left = sum(1 for _ in _waiting(vault, store))
    if left:
        raise RejectedError(f"{left} data keys are wrapped under the former key: run `hub keys rotate` again", code="still_used")
    record()
    _write_lookup(settings, vault)
    path = settings.keys / FORMER_MASTER
    try:
        path.unlink()
    except OSError as error:
        raise ConfigError(f"{path} cannot be removed: {error.strerror}", code="cannot_write") from error


def _waiting(vault: Vault, store: KeyStore) -> list[str]:
    """Youths whose data key is not under the newest master key."""
    newest, names = vault.wrapping.newest, sorted(store.ages())
    found = []
    for start in range(0, len(names), _AT_ONCE):
        portion = store.get(names[start : start + _AT_ONCE])
        found += [name for name, wrapped in portion.items() if vault.wrapping.wrapped_under(wrapped) != newest]
    return sorted(found)


def _is_under_way(settings: Settings) -> bool:
    """Whether a former key is still beside the new one; where both are the same, the new one was never put in place."""
    return _former(settings) and read_key(settings, FORMER_MASTER) != read_key(settings, MASTER)


def _former(settings: Settings) -> bool:
    return (settings.keys / FORMER_MASTER).exists()


def _write_lookup(settings: Settings, vault: Vault) -> None:
    wrapped = vault.wrapping.wrap(LOOKUP_CONTEXT, vault.lookup_key)
    write_closed(settings.keys / LOOKUP, base64.b64encode(wrapped) + b"\n")
