"""What signing in and four eyes keep: requests for a second person's approval."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hub.database import UtcInstant

__all__ = ["AccessRow", "RequestRow"]


class AccessRow(DeclarativeBase):
    pass


class RequestRow(AccessRow):
    """One request for a second person. `item` is an internal reference, `until` when it lapses in its present state."""

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

    __table_args__ = (Index("ix_access_request_until", "until"),)
