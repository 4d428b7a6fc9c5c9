"""How far a log reaches, and whether another goes on from there: what is only appended to is carried on, not gone back on."""

from __future__ import annotations

from sqlalchemy import Engine, select

from hub.audit.carrying import load_of
from hub.audit.damage import NEEDED, missing_tables
from hub.audit.log import AuditLog, last_entry
from hub.audit.tables import EntryRow, HorizonRow
from hub.database import answering

__all__ = ["begin_anew", "end_of", "goes_on_from"]


def end_of(engine: Engine) -> tuple[int, str] | None:
    """Position and link of the last entry; None where there is no log. Raises RetriableError, also if the end was changed."""
    if missing_tables(engine) & NEEDED:
        return None
    with answering(), engine.connect() as connection:
        return last_entry(connection)


def goes_on_from(engine: Engine, position: int, chain: str) -> bool:
    """Whether the log holds an entry with that link at that position, or let go of it: whatever follows, follows from it.

    Every log goes on from the position 0. Raises RetriableError.
    """
    if missing_tables(engine) & NEEDED:
        return False
    if position == 0:
        return True
    newest = select(HorizonRow.size, HorizonRow.chain).order_by(HorizonRow.size.desc()).limit(1)
    with answering(), engine.connect() as connection:
        found = connection.scalar(select(EntryRow.chain).where(EntryRow.position == position))
        gone = connection.execute(newest).one_or_none()
    if found is not None:
        return bool(found == chain)
    known = gone is not None and type(gone.size) is int
    return gone is not None and known and (gone.size > position or (gone.size, gone.chain) == (position, chain))


def begin_anew(log: AuditLog) -> int:
    """The log was put in the place of a longer one: what had come into that one from this machine's disk is in neither.

    Where that is so, what still waits goes on under a new name, so that what is lost is told once, by whoever calls this, and
    not by every `hub audit verify` from then on. Answers how many entries that came late are lost. Raises RetriableError.
    """
    if log.spool is None or not log.spool.folder.exists():
        return 0
    log.prepare()
    waiting = log.spool.look()
    with answering(), log.engine.connect() as connection:
        load = load_of(connection, waiting)
    if load.lost:
        log.spool.begin_anew(waiting, load.entries)
    return len(load.lost)
