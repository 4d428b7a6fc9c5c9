"""How each sink is, read from the database: so any process may look, and `hub deliver` may be down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, func, or_, select
from sqlalchemy.orm import Session

from hub.breaker import Breaker, BreakerState
from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.errands import Status, asked_to_let_go
from hub.delivery.sink_rows import breaker_of, stands_still
from hub.delivery.tables import ErrandRow, SinkRow, TaskRow

__all__ = ["NotHanded", "RefusedErrand", "SinkState", "left_behind", "not_handed", "read_sinks"]

_MOST_REFUSED = 50
_REQUESTED = TaskState.REQUESTED.value


@dataclass(frozen=True, slots=True)
class RefusedErrand:
    """One that the receiver does not take: its task, which word of it, since when and with which error's code."""

    task_id: str
    state: str
    team: str
    code: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class SinkState:
    """One sink. Times are UTC instants.

    `waiting`: errands that the receiver has not taken yet, the first since `oldest`. `next_try`: when the next of them is due at
    the earliest; None while none waits, or nothing is handed over. `refused`: how many it does not take, the newest of them in
    `latest`. `last_code`: of the last error, at `last_error`. `stopped_at`: since when a wrong setting, secret or right stops it.
    `configured`: it is in hub.toml; errands of one that is not wait for it.
    """

    name: str
    configured: bool
    waiting: int = 0
    oldest: datetime | None = None
    next_try: datetime | None = None
    delivered: int = 0
    refused: int = 0
    latest: tuple[RefusedErrand, ...] = ()
    last_success: datetime | None = None
    last_error: datetime | None = None
    last_code: str = ""
    stopped_at: datetime | None = None
    stopped_code: str = ""
    paused_at: datetime | None = None
    paused_by: str = ""
    paused_reason: str = ""
    breaker: Breaker = field(default_factory=Breaker)


@dataclass(frozen=True, slots=True)
class NotHanded:
    """A word of a task that a team's own system does not take: `state` says which, `code` why."""

    sink: str
    state: str
    code: str


def read_sinks(engine: Engine, names: Collection[str]) -> list[SinkState]:
    """Those of hub.toml (`names`), and any other that errands wait for; by name. Raises RetriableError."""
    counted = select(
        ErrandRow.sink, ErrandRow.status, func.count(), func.min(ErrandRow.written_at), func.min(ErrandRow.next_try)
    ).group_by(ErrandRow.sink, ErrandRow.status)
    with answering(), Session(engine) as session:
        rows = {row.name: row for row in session.scalars(select(SinkRow))}
        counts: dict[str, dict[str, tuple[int, datetime | None, datetime | None]]] = {}
        for sink, status, number, oldest, due in session.execute(counted):
            counts.setdefault(sink, {})[status] = (number, oldest, due)
        waits_for = {sink for sink, found in counts.items() if Status.WAITING.value in found}
        return [
            _state(name, name in names, rows.get(name), counts.get(name, {}), _latest(session, name))
            for name in sorted({*names, *waits_for})
        ]


def not_handed(session: Session, task_ids: Sequence[str], team: str) -> Mapping[str, tuple[NotHanded, ...]]:
    """By task, the words of it that the systems of `team` do not take.

    What the system of a team that had the task before does not take is that one's to see to (`left_behind`).
    """
    query = (
        select(ErrandRow.task_id, ErrandRow.sink, ErrandRow.state, ErrandRow.code)
        .join(TaskRow, TaskRow.task_id == ErrandRow.task_id)
        .where(ErrandRow.task_id.in_(task_ids), ErrandRow.status == Status.REFUSED.value, TaskRow.team == team, _is_of_now())
    )
    found: dict[str, tuple[NotHanded, ...]] = {}
    for task_id, sink, state, code in session.execute(query.order_by(ErrandRow.id)):
        found[task_id] = (*found.get(task_id, ()), NotHanded(sink, state, code))
    return found


def left_behind(session: Session, team: str, since: datetime) -> list[tuple[str, NotHanded]]:
    """The tasks that another team has now and that a system of `team` has kept since `since` or later, by who refuses what."""
    query = (
        select(ErrandRow.task_id, ErrandRow.sink, ErrandRow.state, ErrandRow.code)
        .join(TaskRow, TaskRow.task_id == ErrandRow.task_id)
        .where(ErrandRow.status == Status.REFUSED.value, ErrandRow.team == team, ErrandRow.state != _REQUESTED)
        .where(TaskRow.team != team, ErrandRow.settled_at >= since)
    )
    rows = session.execute(query.order_by(ErrandRow.settled_at.desc(), ErrandRow.id.desc()).limit(_MOST_REFUSED))
    return [(task_id, NotHanded(sink, state, code)) for task_id, sink, state, code in rows]


def _is_of_now() -> ColumnElement[bool]:
    """Whether a word is of the team that has the task, and not of one that had it: a system may be both teams'.

    That a task is taken back is the team's own word only as the task ends: before that it was for the team of then.
    """
    first = (ErrandRow.state == _REQUESTED) & or_(ErrandRow.team == TaskRow.team, ~asked_to_let_go())
    return or_(first, (ErrandRow.state != _REQUESTED) & (ErrandRow.written_at >= TaskRow.closed_at))


def _latest(session: Session, name: str) -> tuple[RefusedErrand, ...]:
    query = select(ErrandRow).where(ErrandRow.sink == name, ErrandRow.status == Status.REFUSED.value)
    rows: Iterable[ErrandRow] = session.scalars(query.order_by(ErrandRow.settled_at.desc()).limit(_MOST_REFUSED))
    return tuple(RefusedErrand(row.task_id, row.state, row.team, row.code, row.settled_at) for row in rows)


def _state(
    name: str,
    configured: bool,
    row: SinkRow | None,
    counts: Mapping[str, tuple[int, datetime | None, datetime | None]],
    latest: tuple[RefusedErrand, ...],
) -> SinkState:
    none = (0, None, None)
    waiting, oldest, due = counts.get(Status.WAITING.value, none)
    breaker = breaker_of(row)
    if breaker.state is BreakerState.OPEN and due is not None and breaker.retry_at is not None:
        due = max(due, breaker.retry_at)
    return SinkState(
        name=name,
        configured=configured,
        waiting=waiting,
        oldest=oldest,
        next_try=None if stands_still(row) or not configured else due,
        delivered=counts.get(Status.DELIVERED.value, none)[0],
        refused=counts.get(Status.REFUSED.value, none)[0],
        latest=latest,
        last_success=row.succeeded_at if row else None,
        last_error=row.failed_at if row else None,
        last_code=row.failed_code if row else "",
        stopped_at=row.stopped_at if row else None,
        stopped_code=row.stopped_code if row else "",
        paused_at=row.paused_at if row else None,
        paused_by=row.paused_by if row else "",
        paused_reason=row.paused_reason if row else "",
        breaker=breaker,
    )
