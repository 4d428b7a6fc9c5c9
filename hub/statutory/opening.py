"""Opens the installation's store with the keys this process has."""

from __future__ import annotations

from pathlib import Path

from nacl.public import PrivateKey, PublicKey

from hub.clock import Clock
from hub.installation import read_key
from hub.settings import Settings
from hub.statutory.handing_over import HandOvers
from hub.statutory.store import StatutoryStore

__all__ = ["open_hand_overs", "open_store", "open_writer", "store_folder"]

_PUBLIC = "statutory.public"
_PRIVATE = "statutory.private"


def store_folder(settings: Settings) -> Path:
    """Where the store lies: apart from every database, so that no backup of those holds a report."""
    return settings.data / "statutory"


def open_writer(settings: Settings, clock: Clock) -> StatutoryStore:
    """The store for a connector's process, which never touches the private key. Raises ConfigError."""
    return StatutoryStore(store_folder(settings), PublicKey(read_key(settings, _PUBLIC)), clock=clock)


def open_store(settings: Settings, clock: Clock) -> StatutoryStore:
    """The store with the private key if the key is here (it may be kept elsewhere). Raises ConfigError."""
    public = PublicKey(read_key(settings, _PUBLIC))
    private = PrivateKey(read_key(settings, _PRIVATE)) if (settings.keys / _PRIVATE).exists() else None
    return StatutoryStore(store_folder(settings), public, private, clock=clock)


def open_hand_overs(settings: Settings) -> HandOvers:
    """Which reports are handed over; needs the public key only. Raises ConfigError."""
    return HandOvers(store_folder(settings), PublicKey(read_key(settings, _PUBLIC)))
