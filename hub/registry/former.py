"""What restores left beside the installation, as the registry looks after it: shredded there too, and gone in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from hub.errors import HubError
from hub.logs import get_logger
from hub.put_aside import destroy, find_asides, find_leftover, remove_leftover
from hub.registry.keyring import SHREDDED, Ending, KeyStore, open_keyring
from hub.registry.registry import Registry
from hub.registry.tables import Youth

__all__ = ["FormerData"]

_log = get_logger(__name__)


class FormerData:
    """The folders `data.before-…` and `data.restoring` of `home`; the former are removed after `keep`."""

    def __init__(self, home: Path, keep: timedelta) -> None:
        self._home, self._keep = home, keep

    def is_gone(self) -> bool:
        """Whether nothing of it is left."""
        return not find_asides(self._home) and find_leftover(self._home) is None

    def tend(self, registry: Registry, keys: KeyStore, now: datetime) -> None:
        """Remove what is due, and shred in the rest whoever is shredded here. What fails is told, and tried at the next look."""
        try:
            if remove_leftover(self._home):
                _log.warning("what an interrupted restore had left was removed")
            due = [aside for aside in find_asides(self._home) if aside.removed_by(self._keep) <= now]
            for aside in due:
                destroy(aside.folder)
            if due:
                _log.info("former data of restores were removed", folders=len(due))
            self._shred(registry, keys)
        except HubError as error:
            _log.error("former data of a restore stay", code=error.code)

    def _shred(self, registry: Registry, keys: KeyStore) -> None:
        """Replay the shred list on their keyrings.

        But not what the restore itself ended: whoever was registered after the backup is known to the former data only, and
        her key goes with them.
        """
        files = [aside.keyring for aside in find_asides(self._home) if aside.keyring is not None]
        if not files:
            return
        with registry.view() as session:
            gone = set(session.scalars(select(Youth.youth_id).where(Youth.identity.is_(None))))
        endings = [one for one in keys.endings() if one.state != SHREDDED or one.subject in gone]
        for file in files:
            shred_copy(file, endings)


def shred_copy(file: Path, endings: Sequence[Ending]) -> None:
    """Replay a shred list on a keyring that lies elsewhere."""
    keyring = open_keyring(f"sqlite:///{file}")
    try:
        keyring.end(endings)
        keyring.tidy()
    finally:
        keyring.close()
