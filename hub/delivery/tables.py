"""Delivery's tables. Everything a task's page shows about a youth stands in `payload`, which goes when consent goes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from hub.database import UtcInstant
from hub.lease import LeaseColumns

__all__ = [
    "Base",
    "CallRow",
    "ColleagueRow",
    "CountRow",
    "ErrandRow",
    "LeaseRow",
    "MoveRow",
    "NoteRow",
    "OutboxRow",
    "PlannedRow",
    "PositionRow",
    "PulseRow",
    "ReferenceRow",
    "SinkRow",
    "TaskRow",
]


_LISTED = ("team", "state", "closed_at", "due_by", "received_at", "task_id", "opened_at", "holder", "routed")


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcInstant}  # noqa: RUF012 - SQLAlchemy's own declaration


class TaskRow(Base):
    """One task. `subject` (reference or area) and `payload` are emptied when the task ends for want of consent.

    `open_key` is (subject, rule, team or week) while the task is open, else null: its uniqueness is the promise of one.
    `opened_at`: when its team first opened it; which teams have, stands apart (`hub.delivery.readers`).
    `stands_for`: ids (oldest first, a space between) of later proposals of the same that it took in while it was open. The worker
    may know the task by any of them: whatever is told of it is told of them all, and what is said of one of them is said of it.
    `holder`: the account that has it; `answered_at`: when the team last said whether it takes it. `due_by`: the clock that runs:
    until when to respond and, once accepted, to follow up. `call_at`: when to look next whether somebody is to be called for it;
    moved on past the version. `addressed_to`: the team that its rule names, where another has it, and `routed`
    (`hub.delivery.routing.Routed`) why it lies where it does, where that is not because of its rule. A note counts in
    `notes_taken`, which moves the version: so none comes in beside an erasure.
    """

    __tablename__ = "task"

    task_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str | None] = mapped_column(String(64))
    open_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    team: Mapped[str] = mapped_column(String(64))
    function: Mapped[str] = mapped_column(String(64))
    rule_id: Mapped[str] = mapped_column(String(64))
    priority: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(64))
    area: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    respond_by: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    ground_lost_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    stands_for: Mapped[str | None] = mapped_column(Text)
    holder: Mapped[str | None] = mapped_column(String(64))
    answered_at: Mapped[datetime | None]
    due_by: Mapped[datetime | None]
    call_at: Mapped[datetime | None]
    addressed_to: Mapped[str | None] = mapped_column(String(64))
    routed: Mapped[str | None] = mapped_column(String(16))
    notes_taken: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration
    __table_args__ = (
        # Holds all that a team's list and its counts go by: what tasks say is read of those on the page only.
        Index("ix_task_list", *_LISTED),
        Index("ix_task_subject", "subject"),
        Index("ix_task_call_at", "call_at"),
        Index("ix_task_routed", "routed", "team"),
    )


class MoveRow(Base):
    """One thing that somebody did with a task: its history. It says nothing of the youth, and stays when content goes.

    `detail`: a decline's reason, an outcome, the account it was handed to, or whether accepting it told of an immediate worry.
    """

    __tablename__ = "task_move"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    task_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(64))
    move: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_task_move_task", "task_id"),)


class CallRow(Base):
    """That somebody was called for a task whose clock runs out: once for each clock (`due_by`), step and addressee."""

    __tablename__ = "task_call"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    task_id: Mapped[str] = mapped_column(String(36))
    due_by: Mapped[datetime]
    step: Mapped[str] = mapped_column(String(16))
    addressee: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("task_id", "due_by", "step", "addressee", name="uq_task_call"),
        Index("ix_task_call_addressee", "addressee"),
    )


class NoteRow(Base):
    """What somebody of the team noted on a task: sealed, never on Kafka, gone with the task's content. `team`: whose it is."""

    __tablename__ = "task_note"

    note_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    task_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime]
    team: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_task_note_task", "task_id"),)


class ColleagueRow(Base):
    """Who of a team has been seen at its pages: whom a task can be handed to, and what the account is called."""

    __tablename__ = "colleague"

    team: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    seen_at: Mapped[datetime]


class ReferenceRow(Base):
    """The newest consent record of a reference; a withdrawn one stays, bare, for ever."""

    __tablename__ = "reference"

    youth_ref: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    record: Mapped[str] = mapped_column(Text)


class PlannedRow(Base):
    """What is planned in an area, at its highest revision; place, time and a category, never a person.

    `called_off`: it was, and is so no more (cancelled, or moved to another area).
    """

    __tablename__ = "planned_event"

    event_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    area: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    called_off: Mapped[bool] = mapped_column(Boolean)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    category: Mapped[str] = mapped_column(String(32))

    __table_args__ = (Index("ix_planned_event_starts", "starts_at"),)


class PositionRow(Base):
    """Next offset to take, moved in the transaction of its effect."""

    __tablename__ = "position"

    topic: Mapped[str] = mapped_column(String(128), primary_key=True)
    partition: Mapped[int] = mapped_column(Integer, primary_key=True)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class PulseRow(Base):
    """When delivery last knew that it had taken everything of a partition that tells of withdrawals."""

    __tablename__ = "pulse"

    topic: Mapped[str] = mapped_column(String(128), primary_key=True)
    partition: Mapped[int] = mapped_column(Integer, primary_key=True)
    seen_at: Mapped[datetime]


class CountRow(Base):
    """The inbox' ledger: what became of the records taken."""

    __tablename__ = "count"

    topic: Mapped[str] = mapped_column(String(128), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(64), primary_key=True)
    records: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """A record to publish, written with the change it tells of; removed when Kafka acknowledged it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(128))
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[str] = mapped_column(Text)


class ErrandRow(Base):
    """What a team's own system is to be told of a task, written with the change of the task: never whose it is, or why.

    `status` is one of `hub.delivery.errands.Status`. `begun_at`: before the first call, so that whoever finds it null knows that
    the receiver has not heard of it. `attempts` counts calls. `next_try`: when it is due; null once it has ended. `code`: of the
    last error. `reference`: the receiver's own id for it.
    """

    __tablename__ = "errand"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    task_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(16))
    sink: Mapped[str] = mapped_column(String(24))
    team: Mapped[str] = mapped_column(String(64))
    function: Mapped[str] = mapped_column(String(64))
    priority: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    respond_by: Mapped[datetime]
    written_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    begun_at: Mapped[datetime | None]
    next_try: Mapped[datetime | None]
    code: Mapped[str] = mapped_column(String(64), default="")
    reference: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("task_id", "state", "sink", name="uq_errand"),
        Index("ix_errand_due", "sink", "status", "next_try"),
    )


class SinkRow(Base):
    """How one sink is: its circuit breaker, and who or what has stopped it. A row is made when there is first something to say.

    `stopped_at`, `stopped_code`: a wrong address, secret or right stopped it, until somebody resumes it.
    """

    __tablename__ = "sink"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    breaker: Mapped[str] = mapped_column(String(16), default="closed")
    failures: Mapped[int] = mapped_column(Integer, default=0)
    openings: Mapped[int] = mapped_column(Integer, default=0)
    since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    breaker_code: Mapped[str] = mapped_column(String(64), default="")
    stopped_at: Mapped[datetime | None]
    stopped_code: Mapped[str] = mapped_column(String(64), default="")
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str] = mapped_column(String(64), default="")
    paused_reason: Mapped[str] = mapped_column(String(200), default="")
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failed_code: Mapped[str] = mapped_column(String(64), default="")


class LeaseRow(LeaseColumns, Base):
    """Who relays the outbox, or hands a sink its errands, and until when nobody else may."""

    __tablename__ = "lease"
