"""What signing in and four eyes keep. No address, no password, no token in the clear: names of accounts and hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hub.database import UtcInstant

__all__ = ["AccessRow", "AccountRow", "AttemptRow", "RequestRow", "SessionRow", "SpentRow"]


class AccessRow(DeclarativeBase):
    pass


class RequestRow(AccessRow):
    """One request for a second person. `item` is an internal reference, `until` when it lapses in its present state.

    `requester_person` and `decider_person` are keys of persons (`hub.access.persons`); empty where an account is a person.
    """

    __tablename__ = "access_request"

    request_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    matter: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(64))
    team: Mapped[str] = mapped_column(String(64))
    requester: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(128))
    requester_name: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(UtcInstant)
    until: Mapped[datetime] = mapped_column(UtcInstant)
    state: Mapped[str] = mapped_column(String(16))
    decider: Mapped[str] = mapped_column(String(64))
    decider_name: Mapped[str] = mapped_column(String(80))
    requester_person: Mapped[str] = mapped_column(String(64), server_default="")
    requester_role: Mapped[str] = mapped_column(String(32), server_default="")
    decider_person: Mapped[str] = mapped_column(String(64), server_default="")
    decider_role: Mapped[str] = mapped_column(String(32), server_default="")
    legal_ground: Mapped[str] = mapped_column(String(120), server_default="")
    case_reference: Mapped[str] = mapped_column(String(80), server_default="")

    __table_args__ = (Index("ix_access_request_until", "until"),)


class AccountRow(AccessRow):
    """An account of this installation. `rights` are its roles and their teams (`hub.access.rights`), with spaces between.

    `initial_until`: the password was chosen by somebody else, and until then lets its owner choose another, nothing more.
    """

    __tablename__ = "access_account"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(255))
    rights: Mapped[str] = mapped_column(Text, server_default="")
    disabled: Mapped[bool]
    initial_until: Mapped[datetime | None] = mapped_column(UtcInstant)
    changed_at: Mapped[datetime] = mapped_column(UtcInstant)
    person: Mapped[str] = mapped_column(String(64), server_default="")


class SessionRow(AccessRow):
    """A session. `session_id` is SHA-256 of what the cookie holds; `way` how its holder came in: code, local or oidc.

    Of a session by way of a provider: `vouched_at` when it last said which roles its holder has, `provider_session` the SHA-256
    of what it calls its own session.
    """

    __tablename__ = "access_session"

    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(80))
    rights: Mapped[str] = mapped_column(Text, server_default="")
    way: Mapped[str] = mapped_column(String(16))
    browser: Mapped[str] = mapped_column(String(40))
    begun_at: Mapped[datetime] = mapped_column(UtcInstant)
    seen_at: Mapped[datetime] = mapped_column(UtcInstant)
    until: Mapped[datetime] = mapped_column(UtcInstant)
    person: Mapped[str] = mapped_column(String(64), server_default="")
    provider_session: Mapped[str] = mapped_column(String(64), server_default="")
    vouched_at: Mapped[datetime | None] = mapped_column(UtcInstant)

    __table_args__ = (
        Index("ix_access_session_account", "account"),
        Index("ix_access_session_provider_session", "provider_session"),
    )


class SpentRow(AccessRow):
    """What works once and has been used: the random number of a sign-in code, or of a journey to the identity provider."""

    __tablename__ = "access_spent"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcInstant)


class AttemptRow(AccessRow):
    """Failed attempts; `target` is a keyed hash of an account's name or of an address."""

    __tablename__ = "access_attempt"

    target: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcInstant)
