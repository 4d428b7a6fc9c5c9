"""A restore of an installation that runs its own Kafka: that one is put aside with the rest, and begins anew.

Nothing of what was told stands on it. So whoever has told something tells it again, from what was restored: the registry every
consent, its rules and what it asks to have erased; the outboxes what waited; connectors what their sources show still. And
whoever read takes it from its beginning. What nobody can tell again is lost, and is said before the restore and after it.

With brokers of one's own nothing of this is done: they go on, and what they hold stands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.backup.manifest import Manifest
from hub.connect.coming_back import tell_anew
from hub.delivery.coming_back import come_back
from hub.settings import Settings

__all__ = ["begin_anew", "begins_anew"]

_INBOX: Final = frozenset({"delivery", "delivery/delivery"})  # as a backup calls it, on a server and in a file


def begins_anew(settings: Settings) -> bool:
    """Whether a restore leaves the installation a Kafka without any record."""
    return not settings.kafka.bootstrap_servers


def begin_anew(settings: Settings, manifest: Manifest, now: datetime) -> None:
    """Bring inbox and connectors in step with it, where it is so; `settings`: of the restored data. Raises RetriableError."""
    if not begins_anew(settings):
        return
    if any(one.store in _INBOX for one in manifest.files):
        come_back(settings.delivery_database)
    for ledger in sorted((settings.data / "connect").glob("*/ledger.db")):
        tell_anew(ledger, now)
