"""Task messages as rows of the inbox."""

from __future__ import annotations

from hub.contract.models import PresenceTask, Priority, ReferralTask
from hub.delivery.routing import PRESENCE_TEAM
from hub.delivery.tables import TaskRow

__all__ = ["ids_of", "is_earlier", "open_key", "subject_of", "take_in", "task_row"]

_PRESENCE_FUNCTION = "presence"
_SIG = "sig"


def subject_of(task: ReferralTask | PresenceTask) -> str:
    """Whom or what it is about: a reference, or an area."""
    return task.area if isinstance(task, PresenceTask) else task.youth_ref


def open_key(task: ReferralTask | PresenceTask) -> str:
    """At most one open task for each: of a youth, rule and team; of an area, rule and week.

    And of a youth and rule at most one that has ground: where another team is asked later, what the former one has is recalled,
    or annotated once somebody has opened it (`is_earlier`). It is not moved: what a team has noted and begun is its own, and one
    unit's secrets are not the next one's (OSL 8:1-2). So the team is in the key: the former task may still lie open there.
    """
    narrower = task.week if isinstance(task, PresenceTask) else task.team
    return f"{subject_of(task)}|{task.rule_id}|{narrower}"


def is_earlier(task: ReferralTask, other: ReferralTask, *, known: bool) -> bool:
    """Whether it was proposed before the task of another team that has been taken already.

    One topic has its own order; but SIG's tasks stand on another one, and a task that is `known` may be a repeat. What was
    proposed at the same instant under the same consent comes in the order in which it is read.
    """
    if not known and (task.team == _SIG) == (other.team == _SIG):
        return False
    return (task.created_at, task.consent_version) < (other.created_at, other.consent_version)


def ids_of(row: TaskRow) -> tuple[str, ...]:
    """Every id under which the worker may know it, oldest first: its own, and those of the proposals that it has taken in."""
    return (row.task_id, *(row.stands_for or "").split())


def take_in(row: TaskRow, task: ReferralTask | PresenceTask) -> str:
    """What becomes of a proposal of what has this row already, by the id or as the open one: the outcome's name.

    A task that ended stays so, whichever of its ids comes again. An open one stands for the later proposal from now on, rests
    on what that rests on, and says what it says.
    """
    ended, lost, known = row.open_key is None, row.ground_lost_at is not None, task.task_id in ids_of(row)
    if ended or (known and not lost):
        return "duplicate"
    # Where its ground was lost it is there again while somebody still works with the task: its note would be untrue now.
    row.ground_lost_at, row.payload = None, task.model_dump_json()
    if not known:
        row.stands_for = " ".join((*ids_of(row)[1:], task.task_id))
    return "reinstated" if lost else "absorbed"


def task_row(task: ReferralTask | PresenceTask) -> TaskRow:
    """A new row; its state and time of arrival are the inbox' to set."""
    if isinstance(task, PresenceTask):
        team, function, priority, respond_by = PRESENCE_TEAM, _PRESENCE_FUNCTION, Priority.NORMAL, None
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
        due_by=respond_by,
    )
