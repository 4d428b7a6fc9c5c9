"""The manual lane: cases of protected identities, for the protected-cases officer alone.

A store of its own beside the statutory one, of the same form and under the same guarantee, with a key pair of its own: whoever
registers consents can put a case in and cannot read one; the statutory officer cannot read one either.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hub.clock import Clock
from hub.installation import read_key
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.statutory.handing_over import HandOvers
    from hub.statutory.store import StatutoryStore

__all__ = ["ManualCases", "manual_folder", "open_manual_store", "open_outcomes", "read_public_key"]

_PUBLIC, _PRIVATE = "protected.public", "protected.private"


def manual_folder(settings: Settings) -> Path:
    """Where the cases lie: apart from every database, so that no backup of those holds one."""
    return settings.data / "statutory" / "manual"


def read_public_key(settings: Settings) -> bytes:
    """The key that cases are sealed with. Raises ConfigError when `keys/protected.public` is missing (`hub init`)."""
    return read_key(settings, _PUBLIC)


class ManualCases:
    """The way in. Touches neither key nor disk before there is a case: few processes ever have one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def put(self, case_id: str, content: bytes, at: datetime) -> None:
        """Seal one case; the same `case_id` and content again changes nothing. On return it is on the medium.

        Raises ConfigError when `keys/protected.public` is missing (`hub init`), RetriableError when the disk refuses.
        """
        from nacl.public import PublicKey  # noqa: PLC0415 -- see the class

        from hub.connector import RawMessage  # noqa: PLC0415
        from hub.statutory.store import StatutoryStore  # noqa: PLC0415

        store = StatutoryStore(manual_folder(self._settings), PublicKey(read_public_key(self._settings)), clock=self._clock)
        store.put(RawMessage(case_id, at, content))


def open_outcomes(settings: Settings) -> HandOvers:
    """What came of the cases. Raises ConfigError when `keys/protected.public` is missing (`hub init`)."""
    from nacl.public import PublicKey  # noqa: PLC0415 -- see ManualCases

    from hub.statutory.handing_over import HandOvers  # noqa: PLC0415

    return HandOvers(manual_folder(settings), PublicKey(read_public_key(settings)))


def open_manual_store(settings: Settings, clock: Clock) -> StatutoryStore:
    """The store with the private key if the key is here (it may be kept elsewhere). Raises ConfigError."""
    from nacl.public import PrivateKey, PublicKey  # noqa: PLC0415 -- see ManualCases

    from hub.statutory.store import StatutoryStore  # noqa: PLC0415

    private = PrivateKey(read_key(settings, _PRIVATE)) if (settings.keys / _PRIVATE).exists() else None
    return StatutoryStore(manual_folder(settings), PublicKey(read_public_key(settings)), private, clock=clock)
