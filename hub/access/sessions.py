"""Sessions, kept on this side: what the cookie holds is a random number and means nothing anywhere else.

A session ends at sign-out, eight hours after sign-in, half an hour after its last use (both settings), or when its account is
disabled or gets other roles. Guarantee: what has ended never opens anything again, wherever a copy of the cookie may be.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, insert, or_, select, update

from hub.access.rights import read_kept, words_of
from hub.access.roles import Principal
from hub.access.tables import SessionRow
from hub.clock import Clock
from hub.database import answering

__all__ = ["OpenSession", "Sessions", "Way", "end_sessions"]

Way = Literal["code", "local", "oidc"]
_TOKEN_BYTES = 32
_SHOWN = 16  # characters of the id that tell one session from another on a page, too few to be used for anything
_NUMBER = re.compile(rf"[0-9a-f]{{{_SHOWN}}}")
_NOTED_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it, or who keeps accounts; `number` tells it apart, `current` is the one that asks."""

    number: str
    way: str
    browser: str
    begun_at: datetime
    seen_at: datetime
    until: datetime
    current: bool = False
    account: str = ""
    name: str = ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def end_sessions(connection: Connection, account: str | None, *, but: str = "") -> int:
    """End every session of an account (None: of everybody) but one, in a transaction of the caller's; returns how many."""
    change = delete(SessionRow).where(SessionRow.session_id != but)
    return connection.execute(change if account is None else change.where(SessionRow.account == account)).rowcount


class Sessions:
    """Over the access database. Without a `clock` that is shifted: sessions go by the machine's own time.

    `recheck`: how long a provider's word on somebody's roles holds; a session older than that opens nothing until it is `vouch`ed
    for anew, and after half of it is `due`.
    """

    def __init__(
        self, engine: Engine, clock: Clock, *, longest: timedelta, idle: timedelta, recheck: timedelta | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._idle = idle
        self._recheck = recheck
        self.longest = longest

    def now(self) -> datetime:
        """The time that sessions go by."""
        return self._clock.now()

    def begin(
        self, principal: Principal, way: Way, browser: str = "", *, instead_of: str | None = None, provider_session: str = ""
    ) -> str:
        """A new session, and the end of the one that the visitor had before; returns what the cookie is to hold.

        `provider_session`: what the provider that let the visitor in calls its own.
        """
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self._clock.now()
        values = {
            "session_id": _hash(token), "account": principal.account, "name": principal.name,
            "rights": " ".join(words_of(principal.roles)), "way": way,
            "person": principal.person, "provider_session": _hash(provider_session) if provider_session else "",
            "vouched_at": now if way == "oidc" else None,
            "browser": browser, "begun_at": now, "seen_at": now, "until": now + self.longest,
        }  # fmt: skip
        with answering(), self._engine.begin() as connection:
            ended = or_(SessionRow.until <= now, SessionRow.seen_at <= now - self._idle)
            connection.execute(delete(SessionRow).where(ended))
            if instead_of:
                connection.execute(delete(SessionRow).where(SessionRow.session_id == _hash(instead_of)))
            connection.execute(insert(SessionRow).values(**values))
        return token

    def principal(self, token: str | None, *, noted: bool = True) -> Principal | None:
        """Whose session it is; None when there is none, or it has ended. Not `noted`: a page that renews itself is no use."""
        row, now = self._row(token), self._clock.now()
        if row is None or (self._recheck is not None and self._unvouched(row, now) >= self._recheck):
            return None
        if noted and now - row.seen_at >= _NOTED_EVERY:
            with answering(), self._engine.begin() as connection:
                here = SessionRow.session_id == row.session_id
                connection.execute(update(SessionRow).where(here).values(seen_at=now))
        return _principal(row)

    def due(self, token: str | None) -> bool:
        """Whether the provider is to be asked anew who the holder is and what she may do, as soon as that disturbs nobody."""
        row = self._row(token)
        return row is not None and self._recheck is not None and self._unvouched(row, self._clock.now()) >= self._recheck / 2

    def holder(self, token: str | None) -> Principal | None:
        """Whose session it is, whatever it opens just now: with the roles that the provider said last. None when it has ended."""
        row = self._row(token)
        return None if row is None else _principal(row)

    def vouch(self, token: str | None, principal: Principal, provider_session: str = "") -> Principal | None:
        """The provider says again who the holder is: her roles are those from now on, and the session lasts no longer for it.

        `provider_session`: what the provider calls its own session now; it may be another than at the beginning. Returns who
        she was before; None when there is no such session, or it is another account's.
        """
        row = self._row(token)
        if row is None or row.account != principal.account:
            return None
        values = {
            "name": principal.name, "rights": " ".join(words_of(principal.roles)),
            "person": principal.person, "vouched_at": self._clock.now(),
            "provider_session": _hash(provider_session) if provider_session else row.provider_session,
        }  # fmt: skip
        with answering(), self._engine.begin() as connection:
            connection.execute(update(SessionRow).where(SessionRow.session_id == row.session_id).values(**values))
        return _principal(row)

    @staticmethod
    def _unvouched(row: Row[Any], now: datetime) -> timedelta:
        """How long ago a provider said what the holder may do; nothing at all where no provider does."""
        return now - (row.vouched_at or row.begun_at) if row.way == "oidc" else timedelta(0)

    def way(self, token: str | None) -> str | None:
        """How the holder of the session came in."""
        row = self._row(token)
        return None if row is None else str(row.way)

    def of(self, account: str, token: str | None = None) -> list[OpenSession]:
        """The open sessions of an account, the latest first; `token` is that of the one who asks."""
        now = self._clock.now()
        condition = (SessionRow.account == account, SessionRow.until > now, SessionRow.seen_at > now - self._idle)
        with answering(), self._engine.begin() as connection:
            rows = connection.execute(
                select(*SessionRow.__table__.columns).where(*condition).order_by(SessionRow.begun_at.desc())
            ).all()
        mine = _hash(token or "")
        return [replace(_shown(row), current=row.session_id == mine) for row in rows]

    def everybodys(self) -> list[OpenSession]:
        """Every open session, the latest first: for who keeps the accounts."""
        now = self._clock.now()
        condition = (SessionRow.until > now, SessionRow.seen_at > now - self._idle)
        with answering(), self._engine.begin() as connection:
            rows = connection.execute(
                select(*SessionRow.__table__.columns).where(*condition).order_by(SessionRow.begun_at.desc())
            ).all()
        return [_shown(row) for row in rows]

    def end(self, token: str | None) -> None:
        """End the session, wherever else a copy of its cookie may be."""
        if token:
            with answering(), self._engine.begin() as connection:
                connection.execute(delete(SessionRow).where(SessionRow.session_id == _hash(token)))

    def end_one(self, account: str, number: str) -> bool:
        """End one session of an account by its number; whether there was one."""
        here = (SessionRow.account == account, SessionRow.session_id.startswith(number))
        if not _NUMBER.fullmatch(number):
            return False
        with answering(), self._engine.begin() as connection:
            return connection.execute(delete(SessionRow).where(*here)).rowcount > 0

    def end_all(self, account: str | None, *, but: str | None = None) -> int:
        """End all of an account (None: of everybody), but the one whose cookie holds `but`; returns how many."""
        with answering(), self._engine.begin() as connection:
            return end_sessions(connection, account, but=_hash(but) if but else "")

    def end_person(self, person: str) -> int:
        """End all of a person, with whichever account, by her key; returns how many."""
        return self._end_where(SessionRow.person == person) if person else 0

    def end_provider_session(self, number: str) -> int:
        """End those that a provider's session has begun, by what the provider calls it; returns how many."""
        return self._end_where(SessionRow.provider_session == _hash(number)) if number else 0

    def _end_where(self, condition: ColumnElement[bool]) -> int:
        with answering(), self._engine.begin() as connection:
            return connection.execute(delete(SessionRow).where(condition)).rowcount

    def _row(self, token: str | None) -> Row[Any] | None:
        if not token:
            return None
        now = self._clock.now()
        here = (SessionRow.session_id == _hash(token), SessionRow.until > now, SessionRow.seen_at > now - self._idle)
        with answering(), self._engine.begin() as connection:
            return connection.execute(select(*SessionRow.__table__.columns).where(*here)).one_or_none()


def _shown(row: Row[Any]) -> OpenSession:
    number = row.session_id[:_SHOWN]
    return OpenSession(number, row.way, row.browser, row.begun_at, row.seen_at, row.until, account=row.account, name=row.name)


def _principal(row: Row[Any]) -> Principal:
    return Principal(row.account, row.name, read_kept(row.rights), row.person)
