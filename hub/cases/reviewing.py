"""A case and the task that proposes to look at whether it can end: whichever of the two somebody reads leads to the other."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.tables import CaseRow
from hub.delivery.tables import TaskRow

__all__ = ["CLOSING_REVIEW", "open_case_of_task", "open_review_of"]

CLOSING_REVIEW: Final = "closing_review"
"""The function of such a task (`hub.core.texts.FUNCTIONS`)."""


def open_case_of_task(session: Session, task_id: str, team: str) -> str | None:
    """The team's open case of the youth whom a task of the team is about. Whether it may be read is not asked here."""
    task = session.get(TaskRow, task_id)
    if task is None or task.team != team or task.kind != "referral" or task.subject is None:
        return None
    return session.scalar(select(CaseRow.case_id).where(CaseRow.open_key == f"{task.subject}|{team}"))


def open_review_of(session: Session, youth_ref: str, team: str) -> str | None:
    """The team's open task to look at whether the youth's case can end: the oldest."""
    found = select(TaskRow.task_id).where(
        TaskRow.subject == youth_ref, TaskRow.team == team, TaskRow.function == CLOSING_REVIEW, TaskRow.open_key.is_not(None)
    )
    return session.scalar(found.order_by(TaskRow.received_at, TaskRow.task_id).limit(1))
