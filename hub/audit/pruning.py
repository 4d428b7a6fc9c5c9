"""Retention (gallring): entries older than the installation keeps them are let go of, and verifying goes on from there.

Only up to a checkpoint that was signed before the limit, so that every entry under it is older; that checkpoint stays, and
says of the rest that it goes on from what is gone. Parts of the sealed vault stay, and one entry more vouches for all of them.
Nothing is let go of from a log that does not verify.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from hub.audit.actions import Action
from hub.audit.entries import SYSTEM, Entry
from hub.audit.log import AuditLog, take_turn
from hub.audit.notes import Verifier
from hub.audit.reading import horizon
from hub.audit.tables import CheckpointRow, EntryRow, HorizonRow
from hub.audit.verify import verify
from hub.audit.vouching import digest_up_to
from hub.clock import Clock
from hub.database import answering, truncate_log
from hub.errors import RejectedError
from hub.settings import AUDIT_YEARS

__all__ = ["least_of", "limit_of", "prunable", "prune"]


def limit_of(clock: Clock, years: int) -> datetime:
    """The instant before which entries may go: `years` ago, by the calendar."""
    now = clock.now()
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # 29 February
        return now.replace(year=now.year - years, day=28)


def least_of(clock: Clock, years: int) -> datetime:
    """The instant before which they may have gone under a setting of before, where the log says so."""
    return limit_of(clock, min(years, AUDIT_YEARS))


def prunable(log: AuditLog, verifier: Verifier, limit: datetime, least: datetime | None = None) -> int:
    """Up to which position entries are older than `limit`, under a signed checkpoint; 0 when there are none.

    `least`: as `verify` has it.

    Raises RejectedError `audit_damaged` when the log does not verify.
    """
    if not verify(log.engine, verifier, oldest=limit, least=least, named=log.document).whole:
        raise RejectedError("the audit log does not verify, nothing is let go of: run `hub audit verify`", code="audit_damaged")
    gone = horizon(log.engine)
    with answering(), log.engine.connect() as connection:
        rows = connection.execute(select(CheckpointRow.size, CheckpointRow.note).order_by(CheckpointRow.size.desc())).all()
    old = (int(row.size) for row in rows if verifier.check(row.note).at < limit)
    newest = next(old, 0)
    return newest if gone is None or newest > gone[0] else 0


def prune(log: AuditLog, verifier: Verifier, limit: datetime, least: datetime | None = None) -> int:
    """Let go of entries older than `limit`; returns how many. Raises as `prunable` does.

    That it is done is an entry before, of whoever does it: `audit_pruned`, with the position up to which (`n`, and it).
    """
    size = prunable(log, verifier, limit, least)
    if not size:
        return 0
    kept = digest_up_to(log.engine, size)
    if kept:  # before the entries go that vouch for each
        log.append(Entry(SYSTEM, Action.VAULT_SEALED, purpose=f"n{size}", rule=kept))
    with answering(), log.engine.begin() as connection:
        take_turn(connection)
        last = connection.execute(select(EntryRow.at, EntryRow.chain).where(EntryRow.position == size)).one()
        connection.execute(insert(HorizonRow).values(size=size, at=last.at, chain=last.chain))
        removed = connection.execute(delete(EntryRow).where(EntryRow.position <= size)).rowcount
        connection.execute(delete(CheckpointRow).where(CheckpointRow.size < size))
    truncate_log(log.engine)
    return int(removed)
