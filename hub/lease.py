"""One at a time: a lease in a database, held by a process that renews it, and free when that process is gone."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime, timedelta

import psutil
from sqlalchemy import String, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

__all__ = ["LeaseColumns", "release_lease", "take_lease", "this_process"]


class LeaseColumns:
    """What a table of leases holds: of what, by whom, until when nobody else may."""

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]


def this_process() -> str:
    """A holder's name: host, pid and a nonce."""
    return f"{socket.gethostname()[:80]}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def take_lease(session: Session, table: type[LeaseColumns], name: str, *, holder: str, now: datetime, length: timedelta) -> bool:
    """Take or renew the lease `name` for `length`, inside the caller's transaction; False while another holds it.

    The lease of a dead process of this machine need not run out. Two that take a lease for the very first time at once:
    one of them gets the database's integrity error, and tries again.
    """
    row = {"holder": holder, "expires_at": now + length}
    other = session.scalar(select(table.holder).where(table.name == name))
    if other is None:
        session.execute(insert(table).values(name=name, **row))
        return True
    free = table.holder.in_([holder, other] if _is_gone(other) else [holder])
    taken = session.execute(
        update(table).where(table.name == name, free | (table.expires_at <= now)).values(**row).returning(table.name)
    )
    return taken.first() is not None


def release_lease(session: Session, table: type[LeaseColumns], name: str, holder: str) -> None:
    """Let the next one begin at once; nothing happens when `holder` has lost it."""
    session.execute(delete(table).where(table.name == name, table.holder == holder))


def _is_gone(holder: str) -> bool:
    host, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    return host == socket.gethostname()[:80] and pid.isdecimal() and not psutil.pid_exists(int(pid))
