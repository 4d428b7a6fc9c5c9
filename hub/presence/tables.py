"""The tables of presence, beside the inbox in its database. Places, times, accounts and associations; never a person met."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hub.database import UtcInstant

__all__ = ["AgreementRow", "Base", "DeedRow", "FeedRow", "OfferRow", "VisitRow"]


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcInstant, date: Date}  # noqa: RUF012 - SQLAlchemy's own declaration


class ReportColumns:
    """What was carried out; `minutes` of one presence, `youths` a count only. `reason`: why nothing was."""

    reported_at: Mapped[datetime | None]
    reported_by: Mapped[str | None] = mapped_column(String(64))
    day: Mapped[date | None]
    minutes: Mapped[int | None] = mapped_column(Integer)
    adults: Mapped[int | None] = mapped_column(Integer)
    youths: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(32))


class VisitRow(ReportColumns, Base):
    """One presence that is planned in an area.

    `who`: the team, associations, or an account; `places`: for how many associations; `event_id`: the planned event it is for.
    """

    __tablename__ = "presence_visit"

    visit_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    area: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ground: Mapped[str] = mapped_column(String(32))
    task_id: Mapped[str | None] = mapped_column(String(36))
    event_id: Mapped[str | None] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    places: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
    __table_args__ = (Index("ix_presence_visit_starts", "starts_at"),)


class OfferRow(ReportColumns, Base):
    """One presence offered to an association under its agreement."""

    __tablename__ = "presence_offer"

    offer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    visit_id: Mapped[str] = mapped_column(String(36))
    agreement_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(16))
    offered_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
    __table_args__ = (Index("ix_presence_offer_visit", "visit_id"),)


class AgreementRow(Base):
    """One version of an agreement; a row is never changed, so that its history is kept. Lists are JSON."""

    __tablename__ = "presence_agreement"

    agreement_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(64))
    change: Mapped[str] = mapped_column(String(16))
    association: Mapped[str] = mapped_column(String(120))
    activities: Mapped[str] = mapped_column(Text)
    areas: Mapped[str] = mapped_column(Text)
    times: Mapped[str] = mapped_column(Text)
    goal: Mapped[str] = mapped_column(Text)
    municipality_does: Mapped[str] = mapped_column(Text)
    association_does: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date]
    valid_until: Mapped[date]


class FeedRow(Base):
    """One account's calendar address for a team: only a digest of it is kept, so nobody reads it here."""

    __tablename__ = "calendar_feed"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    team: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[str] = mapped_column(String(2))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    fetched_on: Mapped[date | None]


class DeedRow(Base):
    """One thing that somebody did with a presence; `account` is the offer's own name where an association did it."""

    __tablename__ = "presence_deed"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    visit_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(64))
    deed: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_presence_deed_visit", "visit_id"),)
