"""What the registry does by itself: at its start, hourly and daily."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from hub.clock import stockholm_date
from hub.contract.models import ConsentRecord
from hub.core.consent_rules import midnight
from hub.metrics import REGISTRY_CONSENTS
from hub.registry import barring, directory, lifecycle, protection
from hub.registry.custody import purge_custody
from hub.registry.erasures import repeat_open_requests
from hub.registry.registry import Registry
from hub.registry.states import Standing
from hub.registry.tables import Consent, OutboxRow, Youth
from hub.registry.work import Work

__all__ = ["next_refresh", "refresh", "republish", "tell_counts"]

_KEPT = timedelta(days=1)
_HOURLY = timedelta(hours=1)
_CHUNK = 25  # in one transaction: whoever else writes waits so long


def tell_counts(registry: Registry) -> None:
    """Set the figure of consents by state, which the installation's own programs may read."""
    for state, number in registry.counts().items():
        REGISTRY_CONSENTS.labels(status=state).set(number)


def refresh(registry: Registry) -> int:
    """Let first days, birthdays, ends and rules with a date act, publish new ages; answers how many youths changed.

    At every `next_refresh`; in between, consumers judge spans themselves.
    """
    changed = 0
    last = ""
    while True:
        with registry.work() as work:
            youths = _next(work, last)
            for youth in protection.overlooked(work, youths):
                protection.suspend(work, youth)
                changed += 1
            for youth in protection.due(work, youths):
                lifecycle.withdraw(work, youth.consents, None)
                lifecycle.settle(work, youth)
                changed += 1
            changed += sum(_refresh_one(work, youth) for youth in youths if youth.identity is not None)
            if not youths:
                barring.purge(work)
                purge_custody(work)
        if not youths:
            return changed
        last = youths[-1].youth_id


def next_refresh(last: datetime) -> datetime:
    """When `refresh` is due again: at midnight in Sweden, when birthdays and most ends act, and at least every hour."""
    return min(last + _HOURLY, midnight(stockholm_date(last) + timedelta(days=1)))


def republish(registry: Registry) -> int:
    """Queue every current record again, withdrawn ones too, and open erasure requests; drop what went out long ago.

    A single broker acknowledges before its disk has it: what it lost comes back here. The versions stay as they were.
    """
    last = ""
    queued = 0
    while True:
        with registry.work() as work:
            query = select(Youth).where(Youth.record.is_not(None), Youth.youth_id > last).order_by(Youth.youth_id).limit(_CHUNK)
            youths = work.session.scalars(query.with_for_update()).all()
            for youth in youths:
                work.announce(ConsentRecord.model_validate_json(youth.record or ""))
            if not youths:
                work.session.execute(delete(OutboxRow).where(OutboxRow.published_at < work.now - _KEPT))
                return queued + repeat_open_requests(work)
        queued += len(youths)
        last = youths[-1].youth_id


def _next(work: Work, last: str) -> list[Youth]:
    query = (
        select(Youth)
        .where(Youth.identity.is_not(None), Youth.youth_id > last)
        .order_by(Youth.youth_id)
        .limit(_CHUNK)
        .options(
            selectinload(Youth.consents).selectinload(Consent.facts),
            selectinload(Youth.entries),
            selectinload(Youth.link_keys),
            selectinload(Youth.aliases),
        )
        .with_for_update()
    )
    youths = list(work.session.scalars(query))
    work.fetch_keys([youth.youth_id for youth in youths])
    return youths


def _refresh_one(work: Work, youth: Youth) -> bool:
    before = youth.record_version
    moved = lifecycle.has_moved(work, youth) or directory.is_behind(work, youth)
    if moved or _aged(youth, work.now):
        lifecycle.settle(work, youth)
    # On a consent's first day its record stays as it was: Kafka acknowledged it long ago, and nothing else opens the entries.
    told = youth.acked_version == youth.record_version and directory.widen(work, youth)
    return moved or told or youth.record_version != before


def _aged(youth: Youth, now: datetime) -> bool:
    if youth.status not in {Standing.IN_FORCE, Standing.SUSPENDED} or youth.record is None:
        return False
    until = ConsentRecord.model_validate_json(youth.record).age_valid_until
    return until is not None and stockholm_date(now) >= until
