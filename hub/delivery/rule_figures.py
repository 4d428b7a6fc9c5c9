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
from hub.delivery.tables import TaskRow

__all__ = ["RuleFigures", "rule_figures"]

_ACCEPTED = (TaskState.ACCEPTED, TaskState.IN_PROGRESS, TaskState.COMPLETED)


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """Tasks received in a span of time. The last four exclude each other; what none of them counts has no answer yet."""

    proposed: int = 0
    opened: int = 0
    accepted: int = 0
    declined: int = 0
    recalled: int = 0
    withdrawn: int = 0


def rule_figures(engine: Engine, since: datetime) -> Mapping[str, RuleFigures]:
    """By rule, of the tasks that were received at `since` (UTC) or later. Raises RetriableError."""
    opened = TaskRow.opened_at.is_not(None)
    query = (
        select(TaskRow.rule_id, TaskRow.state, opened, func.count())
        .where(TaskRow.received_at >= since)
        .group_by(TaskRow.rule_id, TaskRow.state, opened)
    )
    states: dict[str, Counter[str]] = defaultdict(Counter)
    seen: Counter[str] = Counter()
    with answering(), Session(engine) as session:
        for rule, state, was_opened, number in session.execute(query):
            states[rule][state] += number
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
