"""The plan as a calendar that a telephone subscribes to, by an address that nobody can guess. Place and time only: no account.

Whoever has the address reads the plan without signing in; so it ends by itself, and whoever asked for it can end it, or make it
anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.database import answering
from hub.errors import RejectedError
from hub.presence.plan import writing
from hub.presence.tables import FeedRow

__all__ = ["HOLDS", "Feed", "Feeds"]

HOLDS: Final = timedelta(days=180)
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Feed:
    """An account's calendar address, as far as it is kept; `language` is what the calendar is written in."""

    account: str
    language: str
    made_at: datetime
    expires_at: datetime


class Feeds:
    """Safe for several threads. Every method may raise RetriableError: nothing was done then."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, account: str) -> Feed | None:
        """Whether the account has an address that still holds."""
        with answering(), Session(self._engine) as session:
            row = session.get(FeedRow, account)
            return _feed(row) if row is not None and self._clock.now() < row.expires_at else None

    def renew(self, account: str, language: str, record: Callable[[], object]) -> str:
        """A new address, in place of the one before: its secret part, which is told this once and kept nowhere."""
        secret, now = secrets.token_urlsafe(_BYTES), self._clock.now()
        row = FeedRow(account=account, digest=_digest(secret), language=language, made_at=now, expires_at=now + HOLDS)
        with writing(self._engine) as session:
            session.merge(row)
            session.flush()
            record()
        return secret

    def end(self, account: str, record: Callable[[], object]) -> None:
        """No address any more."""
        with writing(self._engine) as session:
            session.execute(delete(FeedRow).where(FeedRow.account == account))
            record()

    def read(self, secret: str) -> Feed:
        """Whose calendar it is. Raises RejectedError `bad_link` for an address that never was, was renewed or has ended."""
        with answering(), Session(self._engine) as session:
            row = session.scalar(select(FeedRow).where(FeedRow.digest == _digest(secret)))
            if row is None or self._clock.now() >= row.expires_at:
                raise RejectedError("no calendar of ours", code="bad_link")
            return _feed(row)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _feed(row: FeedRow) -> Feed:
    return Feed(row.account, row.language, row.made_at, row.expires_at)
