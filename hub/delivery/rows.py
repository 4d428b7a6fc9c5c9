"""Task messages as rows of the inbox."""

from __future__ import annotations

import json

from hub.contract.models import PresenceTask, Priority, ReferralTask, TaskState
from hub.delivery.tables import TaskRow

__all__ = ["OPEN_STATES", "ground_of", "open_key", "subject_of", "task_row"]

OPEN_STATES = (TaskState.REQUESTED, TaskState.RECEIVED, TaskState.ACCEPTED, TaskState.IN_PROGRESS)
_PRESENCE_TEAM = "outreach"
_PRESENCE_FUNCTION = "presence"


def subject_of(task: ReferralTask | PresenceTask) -> str:
    """Whom or what it is about: a reference, or an area."""
    return task.area if isinstance(task, PresenceTask) else task.youth_ref


def open_key(task: ReferralTask | PresenceTask) -> str:
    """At most one open task for each: of a youth, rule and team; of an area, rule and week."""
    narrower = task.week if isinstance(task, PresenceTask) else task.team
    return f"{subject_of(task)}|{task.rule_id}|{narrower}"


def ground_of(row: TaskRow) -> str:
    """The id of the task whose content the row shows: a later one's, when it was reinstated."""
    return str(json.loads(row.payload)["task_id"]) if row.payload is not None else row.task_id


def task_row(task: ReferralTask | PresenceTask) -> TaskRow:
    """A new row; its state and time of arrival are the inbox' to set."""
    if isinstance(task, PresenceTask):
        team, function, priority, respond_by = _PRESENCE_TEAM, _PRESENCE_FUNCTION, Priority.NORMAL, None
    else:
        team, function, priority, respond_by = task.team, task.function, task.priority, task.respond_by
    return TaskRow(
        task_id=task.task_id,
        kind="presence" if isinstance(task, PresenceTask) else "referral",
        subject=subject_of(task),
        open_key=open_key(task),
        team=team,
        function=function,
        rule_id=task.rule_id,
        priority=priority.value,
        area=task.area,
        payload=task.model_dump_json(),
        created_at=task.created_at,
        respond_by=respond_by,
    )
