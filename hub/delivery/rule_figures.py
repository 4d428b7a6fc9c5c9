"""What became of the tasks of each rule, in numbers: for those who decide whether the rule is to stay. No person is in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.contract.models import TaskState
from hub.database import answering
from hub.delivery.place_weeks import WEEK_OVER
from hub.delivery.tables import TaskRow

__all__ = ["RuleFigures", "rule_figures"]

_ACCEPTED = (TaskState.ACCEPTED, TaskState.IN_PROGRESS, TaskState.COMPLETED)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """Tasks received in a span of time. The last four exclude each other; what none of them counts has no answer yet, or is
    presence of which nobody said in its week what came of it.
    """

    proposed: int = 0
    opened: int = 0
    accepted: int = 0
    declined: int = 0
    recalled: int = 0
    withdrawn: int = 0


def rule_figures(engine: Engine, since: datetime) -> Mapping[str, RuleFigures]:
    """By rule, of the tasks that were received at `since` (UTC) or later. Raises RetriableError."""
    opened, over = TaskRow.opened_at.is_not(None), func.coalesce(TaskRow.reason, "") == WEEK_OVER
    query = (
        select(TaskRow.rule_id, TaskRow.state, over, opened, func.count())
        .where(TaskRow.received_at >= since)
        .group_by(TaskRow.rule_id, TaskRow.state, over, opened)
    )
    states: dict[str, Counter[str]] = defaultdict(Counter)
    seen: Counter[str] = Counter()
    with answering(), Session(engine) as session:
        for rule, state, is_over, was_opened, number in session.execute(query):
            states[rule][WEEK_OVER if is_over else state] += number
            seen[rule] += number if was_opened else 0
    return {
        rule: RuleFigures(
            proposed=found.total(),
            opened=seen[rule],
            accepted=sum(found[state] for state in _ACCEPTED),
            declined=found[TaskState.REJECTED],
            recalled=found[TaskState.RECALLED],
            withdrawn=found[TaskState.CANCELLED],
        )
        for rule, found in states.items()
    }
