"""A task as its team may see it, and whether consent lets it see what the task says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord, PresenceTask, ReferralTask, TaskState
from hub.core.consent import Purpose
from hub.delivery.permission import decide_task
from hub.delivery.sink_states import NotHanded
from hub.delivery.tables import ReferenceRow, TaskRow
from hub.metrics import CONSENT_DECISIONS

__all__ = ["TaskView", "may_open", "view_of"]


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task as its team may see it. `content` is None where consent (or the ground) is gone; `late` at the time asked.

    `recalled`: a withdrawal took it back from a team that had opened it, and that is to acknowledge it. `former`: the team had
    it before, and has to do with it for that alone.
    `withheld`: it is about a youth, and delivery has not been able to look for withdrawals for too long. `held`: what it says
    is not erased, shown or not. `due_by`: the clock that runs, to respond or, once accepted, to follow up. `holder`: the account
    that has it. `version`: what a form is answered against. `noted`: teams that keep notes with it, and how many, where that is
    asked. `routed`: why it lies with this team, where that is not because of its rule. `not_handed`: what the team's own systems
    do not take of it. No identity is part of it.
    """

    task_id: str
    kind: str
    team: str
    function: str
    rule_id: str
    priority: str
    state: TaskState
    reason: str | None
    area: str | None
    created_at: datetime
    received_at: datetime
    respond_by: datetime | None
    opened_at: datetime | None
    ground_lost_at: datetime | None
    closed_at: datetime | None
    late: bool
    content: ReferralTask | PresenceTask | None
    withheld: bool = False
    recalled: bool = False
    former: bool = False
    acknowledged_at: datetime | None = None
    held: bool = True
    due_by: datetime | None = None
    holder: str | None = None
    answered_at: datetime | None = None
    version: int = 0
    noted: tuple[tuple[str, int], ...] = ()
    routed: str | None = None
    not_handed: tuple[NotHanded, ...] = ()


def may_open(session: Session, row: TaskRow, now: datetime, *, recipient: str = "") -> bool:
    """Whether consent, as it is known now, permits the task's team, or `recipient`, to see what the task says of a youth."""
    reference = session.get(ReferenceRow, row.subject) if row.subject else None
    if reference is None or row.payload is None:
        CONSENT_DECISIONS.labels("opening", "no_consent").inc()
        return False
    consent, task = ConsentRecord.model_validate_json(reference.record), ReferralTask.model_validate_json(row.payload)
    decision = decide_task(consent, task, purpose=Purpose.OPEN, at=now, recipient=recipient or row.team)
    CONSENT_DECISIONS.labels("opening", decision.rule).inc()
    return decision.permit


def view_of(
    row: TaskRow,
    now: datetime,
    *,
    with_content: bool = True,
    stale: bool = False,
    not_handed: tuple[NotHanded, ...] = (),
    noted: tuple[tuple[str, int], ...] = (),
) -> TaskView:
    """A row as its team sees it. `stale`: nothing of a youth is shown, as withdrawals may wait unread."""
    content: ReferralTask | PresenceTask | None = None
    withheld = stale and row.kind != "presence"
    if with_content and not withheld and row.payload is not None:
        content = (PresenceTask if row.kind == "presence" else ReferralTask).model_validate_json(row.payload)
    open_now = row.open_key is not None
    return TaskView(
        task_id=row.task_id,
        kind=row.kind,
        team=row.team,
        function=row.function,
        rule_id=row.rule_id,
        priority=row.priority,
        state=TaskState(row.state),
        reason=row.reason,
        area=row.area,
        created_at=row.created_at,
        received_at=row.received_at,
        respond_by=row.respond_by,
        opened_at=row.opened_at,
        ground_lost_at=row.ground_lost_at,
        closed_at=row.closed_at,
        late=open_now and row.due_by is not None and row.due_by < now,
        content=content,
        withheld=withheld,
        held=row.payload is not None,
        due_by=row.due_by,
        holder=row.holder,
        answered_at=row.answered_at,
        version=row.version or 0,
        noted=noted,
        routed=row.routed,
        not_handed=not_handed,
    )
