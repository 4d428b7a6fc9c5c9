"""After a restore: versions that were given since the backup must not be given again, for others have seen them.

The worker, delivery and every connector take the newest version only. A restored registry would give numbers again that they
have seen with another content, and be passed over. So every record and every directory goes on far above what it can have
given since, however often the same backup is restored: by the time that has passed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord
from hub.registry.keyring import KeyStore
from hub.registry.reconcile import abandon, reconcile
from hub.registry.registry import Registry
from hub.registry.rule_sets import forget_rules
from hub.registry.states import Standing
from hub.registry.tables import AgencyVersion, OutboxRow, SubjectEntry, Youth
from hub.registry.upkeep import republish

__all__ = ["come_back"]

_RECORD_EVERY, _ENTRY_EVERY = timedelta(minutes=1), timedelta(milliseconds=50)  # quicker than a registry ever gives versions
_AT_LEAST = 1_000


def come_back(registry: Registry, keys: KeyStore, made_at: datetime) -> int:
    """Bring a registry that was restored from a backup of `made_at` in step with the shred list and ahead of the bus.

    Returns how many youths and consents had ended since and are ended again. Every record is queued anew. The
    keys of who was registered after the backup are destroyed. Raises RetriableError.
    """
    with registry.work() as work:
        now = work.now
        passed = max(now - made_at, timedelta())
        # What waited to be told is told anew below, as it is now.
        work.session.execute(update(OutboxRow).where(OutboxRow.published_at.is_(None)).values(published_at=now))
        # On others' Kafka too: what was activated there since the backup is not what this registry says is in force.
        forget_rules(work)
        _raise_records(work.session, _AT_LEAST + passed // _RECORD_EVERY)
        _raise_directories(work.session, _AT_LEAST + passed // _ENTRY_EVERY)
    ended = reconcile(registry, keys, now).ended
    abandon(registry, keys, now)
    republish(registry)
    return ended


def _raise_records(session: Session, by: int) -> None:
    for youth in session.scalars(select(Youth).where(Youth.record.is_not(None), Youth.status != Standing.WITHDRAWN)):
        record = ConsentRecord.model_validate_json(youth.record or "")
        youth.record_version = record.version + by
        youth.record = record.model_copy(update={"version": youth.record_version}).model_dump_json()


def _raise_directories(session: Session, by: int) -> None:
    """All that is visible is told again, and whoever may have learned a reference counts as having learned it."""
    for counter in session.scalars(select(AgencyVersion)):
        counter.version += by
        counter.fetched = counter.version
        visible = (SubjectEntry.agency == counter.agency, SubjectEntry.version.is_not(None))
        session.execute(update(SubjectEntry).where(*visible).values(version=counter.version))
