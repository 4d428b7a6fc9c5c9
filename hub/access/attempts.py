"""How often somebody may guess a password: per account and per address, with a wait that doubles and has an end.

A wait is never longer than a quarter of an hour, and guesses during it do not lengthen it: nobody can lock another out for good.
Open sessions are not touched. An attempt is counted before the password is looked at, so that many at once gain nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from hub.access.tables import AttemptRow
from hub.clock import Clock
from hub.database import answering

__all__ = ["Attempts"]

_FORGOTTEN = timedelta(hours=24)
_LONGEST = timedelta(minutes=15)
_FIRST = timedelta(minutes=1)
_FREE = {"account": 5, "address": 20}


class Attempts:
    """Over the access database, where account names and addresses stand as keyed hashes only."""

    def __init__(self, engine: Engine, key: bytes, clock: Clock) -> None:
        self._engine = engine
        self._key = key
        self._clock = clock

    def take(self, account: str, address: str) -> timedelta | None:
        """Count an attempt, before it is made. Returns how long to wait when there have been too many; else None."""
        now = self._clock.now()
        targets = {self._target("account", account): _FREE["account"], self._target("address", address): _FREE["address"]}
        with answering(), self._engine.begin() as connection:
            rows = _held(connection, sorted(targets), now)
            longest = max(_wait(row.failures, row.last_at, targets[row.target], now) for row in rows)
            if longest > timedelta(0):
                return longest
            more = update(AttemptRow).where(AttemptRow.target.in_(targets))
            connection.execute(more.values(failures=AttemptRow.failures + 1, last_at=now))
        return None

    def succeeded(self, account: str, address: str) -> None:
        """It was the right password: what was counted for the account is forgotten; of the address this attempt alone."""
        with answering(), self._engine.begin() as connection:
            connection.execute(delete(AttemptRow).where(AttemptRow.target == self._target("account", account)))
            here = AttemptRow.target == self._target("address", address)
            connection.execute(update(AttemptRow).where(here).values(failures=AttemptRow.failures - 1))

    def _target(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"attempt\x00{kind}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _held(connection: Connection, targets: Sequence[str], now: datetime) -> Sequence[Any]:
    """The targets' rows, made when missing; nobody else changes them until the transaction's end."""
    connection.execute(delete(AttemptRow).where(AttemptRow.last_at < now - _FORGOTTEN))  # takes SQLite's one place to write
    for target in targets:
        if connection.execute(select(AttemptRow.target).where(AttemptRow.target == target)).one_or_none() is None:
            with contextlib.suppress(IntegrityError), connection.begin_nested():  # somebody else may be first
                connection.execute(insert(AttemptRow).values(target=target, failures=0, last_at=now))
    held = select(AttemptRow.target, AttemptRow.failures, AttemptRow.last_at).where(AttemptRow.target.in_(targets))
    return connection.execute(held.order_by(AttemptRow.target).with_for_update()).all()


def _wait(failures: int, last_at: datetime, free: int, now: datetime) -> timedelta:
    if failures < free:
        return timedelta(0)
    # A small exponent: a number of failures without end must not become a number without end.
    length = min(_LONGEST, _FIRST * int(2 ** min(failures - free, 8)))
    return max(timedelta(0), last_at + length - now)
