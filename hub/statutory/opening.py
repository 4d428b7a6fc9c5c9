"""Opens the installation's store with the keys this process has."""

from __future__ import annotations

from pathlib import Path

from nacl.public import PrivateKey, PublicKey
from pydantic import ValidationError

from hub.clock import Clock
from hub.connector import SinkContext, load_connector
from hub.errors import ConfigError
from hub.installation import read_key, read_secret
from hub.metrics import CONNECTOR_REQUESTS
from hub.settings import Settings
from hub.statutory.handing_over import HandOvers
from hub.statutory.lane import Lane
from hub.statutory.receiving import FolderReceiver, NoticeReceiver, Receiver
from hub.statutory.store import StatutoryStore
from hub.statutory_settings import ReceiverSettings
from hub.wrong_fields import wrong_fields

__all__ = ["open_hand_overs", "open_lane", "open_store", "open_writer", "store_folder"]

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


def open_lane(settings: Settings, clock: Clock) -> Lane:
    """What hands reports over, with the receivers that the settings name. Raises ConfigError naming the setting that is wrong."""
    chosen = settings.statutory
    receivers = {code: _receiver(settings, clock, code, one) for code, one in chosen.receivers.items()}
    return Lane(open_store(settings, clock), chosen, receivers, open_hand_overs(settings), clock=clock)


def _receiver(settings: Settings, clock: Clock, code: str, chosen: ReceiverSettings) -> Receiver:
    if chosen.folder is not None:
        return FolderReceiver(settings.home / chosen.folder)
    place, connector = f"statutory.receivers.{code}", load_connector(chosen.connector)
    if connector.build_sink is None:
        text = f"{place}.connector: {connector.name} delivers nothing; see which do with `hub connectors list`"
        raise ConfigError(text, code="no_sink")
    try:
        config = connector.config.model_validate(chosen.sink)
    except ValidationError as error:
        raise ConfigError(f"{place}.sink: {wrong_fields(error)}", code="bad_settings") from None
    context = SinkContext(
        now=clock.now,
        secret=lambda name: read_secret(settings, f"receiver-{code}-{name}"),
        observe_request=lambda operation, status: CONNECTOR_REQUESTS.labels(
            connector=f"receiver-{code}", operation=operation, status=str(status)
        ).inc(),
        home=settings.home,
    )
    return NoticeReceiver(code, connector.build_sink(config, context))
