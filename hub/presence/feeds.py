"""Calendars that a telephone subscribes to, by an address that nobody can guess: one for each team that somebody is of.

Whoever has the address reads the calendar without signing in: so there is nothing in it of whom a task or a case is about, the
address ends by itself, and whoever asked for it can end it, or make it anew. The first look of each day is told to `record`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.clock import Clock, stockholm_date
from hub.database import answering
from hub.errors import RejectedError
from hub.presence.plan import writing
from hub.presence.tables import FeedRow

__all__ = ["HOLDS", "Feed", "Feeds"]

HOLDS: Final = timedelta(days=180)
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Feed:
    """An account's calendar address for one team, as far as it is kept; `language` is what the calendar is written in,
    `fetched_on` the Stockholm day on which a calendar last asked for it.
    """

    account: str
    team: str
    language: str
    made_at: datetime
    expires_at: datetime
    fetched_on: date | None


class Feeds:
    """Safe for several threads. Every method may raise RetriableError: nothing was done then."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, account: str, team: str) -> Feed | None:
        """Whether the account has an address for the team that still holds."""
        with answering(), Session(self._engine) as session:
            row = session.get(FeedRow, (account, team))
            return _feed(row) if row is not None and self._clock.now() < row.expires_at else None

    def renew(self, account: str, team: str, language: str, record: Callable[[], object]) -> str:
        """A new address, in place of the one before: its secret part, which is told this once and kept nowhere."""
        secret, now = secrets.token_urlsafe(_BYTES), self._clock.now()
        row = FeedRow(
            account=account, team=team, digest=_digest(secret), language=language, made_at=now, expires_at=now + HOLDS,
            fetched_on=None,
        )  # fmt: skip
        with writing(self._engine) as session:
            session.merge(row)
            session.flush()
            record()
        return secret

    def end(self, account: str, team: str, record: Callable[[], object]) -> None:
        """No address any more."""
        with writing(self._engine) as session:
            session.execute(delete(FeedRow).where(FeedRow.account == account, FeedRow.team == team))
            record()

    def read(self, secret: str) -> Feed:
        """Whose calendar it is. Raises RejectedError `bad_link` for an address that never was, was renewed or has ended."""
        with answering(), Session(self._engine) as session:
            row = session.scalar(select(FeedRow).where(FeedRow.digest == _digest(secret)))
            if row is None or self._clock.now() >= row.expires_at:
                raise RejectedError("no calendar of ours", code="bad_link")
            return _feed(row)

    def fetched(self, feed: Feed, record: Callable[[], object]) -> None:
        """A calendar has asked for it: `record` writes the day's first look down, before anything is told."""
        today = stockholm_date(self._clock.now())
        if feed.fetched_on == today:
            return
        with writing(self._engine) as session:
            row = session.get(FeedRow, (feed.account, feed.team))
            if row is not None and row.fetched_on != today:
                row.fetched_on = today
                session.flush()
                record()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _feed(row: FeedRow) -> Feed:
    return Feed(row.account, row.team, row.language, row.made_at, row.expires_at, row.fetched_on)
