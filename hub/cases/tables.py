"""The tables of cases. All that a case says of a youth is sealed in one place, and goes when consent goes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, Integer, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hub.database import UtcInstant

__all__ = ["PERSONAL", "CaseMoveRow", "CaseRow", "CasesBase", "ContactRow", "CourseRow", "OrderRow", "OutcomeRow"]

PERSONAL = ("youth_case", "youth_course", "contact_request")
"""The tables that hold something of a person."""


class CasesBase(DeclarativeBase):
    type_annotation_map = {datetime: UtcInstant}  # noqa: RUF012 - SQLAlchemy's own declaration


class CaseRow(CasesBase):
    """One case. `subject` (a reference) and `sealed` are emptied when it ends for want of consent; `reason` says why it ended.

    `open_key` is (subject, team) while the case is open, else null: its uniqueness is the promise of one. `task_id`: the task
    that it was opened from, empty where it was opened by hand.
    """

    __tablename__ = "youth_case"

    case_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    cooperation: Mapped[str] = mapped_column(String(16))
    team: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(64))
    open_key: Mapped[str | None] = mapped_column(String(130), unique=True)
    task_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
    __table_args__ = (Index("ix_youth_case_team", "team", "state", "opened_at"), Index("ix_youth_case_subject", "subject"))


class CaseMoveRow(CasesBase):
    """One thing that somebody did with a case. It says nothing of the youth, and stays when content goes."""

    __tablename__ = "youth_case_move"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    case_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(64))
    move: Mapped[str] = mapped_column(String(16))

    __table_args__ = (Index("ix_youth_case_move_case", "case_id"),)


class CourseRow(CasesBase):
    """When the bus was last told which courses a youth has open. The row goes with the last case that still knows the youth."""

    __tablename__ = "youth_course"

    youth_ref: Mapped[str] = mapped_column(String(64), primary_key=True)
    told_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration


class OutcomeRow(CasesBase):
    """What became of one youth's cooperation, without any tie to the youth or the case: for the totals of a team and year."""

    __tablename__ = "youth_case_outcome"

    outcome_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    team: Mapped[str] = mapped_column(String(64))
    year: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_youth_case_outcome_team", "team", "year"),)


class OrderRow(CasesBase):
    """An order of a service, in which nobody stands. `outcome` is empty until it was carried out, `people` null."""

    __tablename__ = "service_order"

    order_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    team: Mapped[str] = mapped_column(String(64))
    service: Mapped[str] = mapped_column(String(32))
    ordered_by: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    theme: Mapped[str] = mapped_column(String(200))
    day: Mapped[date] = mapped_column(Date)
    time: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str] = mapped_column(String(32))
    people: Mapped[int | None] = mapped_column(Integer)
    received_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
    __table_args__ = (Index("ix_service_order_team", "team", "state", "day"),)


class ContactRow(CasesBase):
    """Somebody who asks to be reached: only a way of contact, sealed; the row goes when it was used, or `until` has come."""

    __tablename__ = "contact_request"

    contact_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    team: Mapped[str] = mapped_column(String(64))
    asking: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[datetime]
    until: Mapped[datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_contact_request_team", "team", "received_at"), Index("ix_contact_request_until", "until"))
