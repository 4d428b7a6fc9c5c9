"""How long bytes may outlive a withdrawal, place by place, as the settings bound it.

A topic with a retention: a record goes with its file, which is closed after `segment_hours` at the latest, when the file's last
record is past the retention. A compacted topic: a file is closed after `compaction_hours`, by whatever is written next (the
registry writes something every `look_minutes`), and compacted when nothing of it is younger than the lag. PostgreSQL's log: as
long as `database_log_hours`, in which the registry writes over it, a file at each look.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import make_url

from hub.contract.topics import CATALOGUE, Cleanup, KeyKind, Topic
from hub.kafka_admin import retention_of
from hub.settings import Settings

__all__ = [
    "BACKUPS",
    "DELIVERY_STORE",
    "FORMER_DATA",
    "KEYRING_STORE",
    "REGISTRY_STORE",
    "WORKER_STORE",
    "Bounds",
    "bounds_of",
    "database_logs",
]

REGISTRY_STORE, DELIVERY_STORE, WORKER_STORE, BACKUPS = "registry-store", "delivery-store", "worker-store", "backups"
KEYRING_STORE = "keyring-store"
FORMER_DATA = "former-data"
"""What restores have put aside (`hub.put_aside`)."""
_LOG = "database-log"
_WITH_PERSONS = ("registry", "keyring", "delivery")
_SHIPPED_CHECK = timedelta(minutes=5)  # Kafka's own, where the brokers are not ours to set
_GONE_LATER = timedelta(minutes=2)  # a deleted file lies for a minute, and the cleaner looks every fifteen seconds
Bounds = Mapping[str, timedelta]
"""Place → the longest time from when everybody has erased."""


def bounds_of(settings: Settings, changelog: str) -> Bounds:
    """Every place where something of a youth may lie; `changelog` is the worker's."""
    erasure = settings.erasure
    look = timedelta(minutes=erasure.look_minutes)
    check = _SHIPPED_CHECK if settings.kafka.bootstrap_servers else timedelta(seconds=settings.broker.check_seconds)
    segment = timedelta(hours=erasure.segment_hours)
    lag = timedelta(minutes=erasure.compaction_lag_minutes)
    compacted = timedelta(hours=erasure.compaction_hours) + max(lag, look) + look + check + _GONE_LATER
    bounds = dict.fromkeys((REGISTRY_STORE, KEYRING_STORE, DELIVERY_STORE, WORKER_STORE), 2 * look)
    bounds[BACKUPS] = timedelta(days=erasure.backup_days)
    bounds[FORMER_DATA] = timedelta(days=erasure.former_data_days) + 2 * look
    bounds |= dict.fromkeys(database_logs(settings), timedelta(hours=erasure.database_log_hours))
    bounds[changelog] = compacted
    for topic in CATALOGUE.values():
        if _tells_of_youths(topic):
            aged = retention_of(topic, settings) + segment + check + look + _GONE_LATER
            bounds[topic.name] = compacted if topic.cleanup is Cleanup.COMPACT else aged
    return bounds


def database_logs(settings: Settings) -> dict[str, str]:
    """Place → a URL on that server: the log of every PostgreSQL that a database of persons lies on, each server once."""
    logs: dict[tuple[str | None, int | None], tuple[str, str]] = {}
    for part in _WITH_PERSONS:
        parsed = make_url(url := str(getattr(settings, f"{part}_database")))
        if parsed.get_backend_name() == "postgresql":
            logs.setdefault((parsed.host, parsed.port), (f"{part}-{_LOG}", url))
    return dict(logs.values())


def _tells_of_youths(topic: Topic) -> bool:
    if topic.key is KeyKind.ANY_OR_NONE:
        origin = CATALOGUE[topic.name.removesuffix(".dlq")]
        return _tells_of_youths(origin)
    return topic.key in {KeyKind.YOUTH_REF, KeyKind.YOUTH_REF_OR_AREA}
