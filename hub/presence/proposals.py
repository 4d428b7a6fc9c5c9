"""The presence tasks that the plan is made from, read from the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.contract.models import PresenceTask
from hub.database import answering
from hub.delivery.moves import OPEN_STATES
from hub.delivery.routing import PRESENCE_TEAM
from hub.delivery.tables import TaskRow

__all__ = ["Proposal", "proposals"]

_OPEN = frozenset(state.value for state in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open presence task. `ground_lost`: its ground has been corrected since somebody read it."""

    task_id: str
    team: str
    content: PresenceTask
    ground_lost: bool


def proposals(engine: Engine, area: str | None = None, *, team: str = PRESENCE_TEAM) -> list[Proposal]:
    """Every open presence task of the team that is out there, or those of one area, by week, then area. Raises RetriableError."""
    # By team and state, or by subject: there is an index for each, also where the inbox holds ten thousand tasks.
    where = TaskRow.team == team if area is None else TaskRow.subject == area
    query = select(TaskRow).where(where, TaskRow.state.in_(_OPEN), TaskRow.kind == "presence", TaskRow.payload.is_not(None))
    with answering(), Session(engine) as session:
        found = [
            Proposal(row.task_id, row.team, PresenceTask.model_validate_json(row.payload or ""), row.ground_lost_at is not None)
            for row in session.scalars(query)
        ]
    return sorted(found, key=lambda one: (one.content.week, one.content.area, one.task_id))
