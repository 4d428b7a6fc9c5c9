"""For whom a case is opened: from a task that the team has accepted, or by the number of a consent that names the team."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.consenting import may_read
from hub.cases.views import consent_of
from hub.contract.models import ConsentRecord, Cooperation, TaskState
from hub.delivery.tables import ReferenceRow, TaskRow
from hub.errors import RejectedError

__all__ = ["Source", "subject_for"]

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ACCEPTED: Final = (TaskState.ACCEPTED.value, TaskState.IN_PROGRESS.value)


@dataclass(frozen=True, slots=True)
class Source:
    """One of the two: a task's id, or a consent's number, which stands on its form and its page."""

    task_id: str = ""
    consent: str = ""


def subject_for(session: Session, source: Source, team: str, cooperation: Cooperation, now: datetime) -> str:
    """The youth's reference, once consent permits the team a case of this cooperation now.

    Raises RejectedError `not_accepted`, or `no_consent` whatever is lacking: nobody learns here of other cooperations' consents.
    """
    youth_ref = _of_task(session, source.task_id, team) if source.task_id else _of_consent(session, source.consent, cooperation)
    consent = consent_of(session, youth_ref) if youth_ref else None
    if youth_ref is None or not may_read(consent, team, cooperation, now).permit:
        raise RejectedError("no consent that is known permits the team this case now", code="no_consent")
    return youth_ref


def _of_task(session: Session, task_id: str, team: str) -> str | None:
    row = session.get(TaskRow, task_id)
    if row is None or row.team != team or row.kind == "presence" or row.state not in _ACCEPTED:
        raise RejectedError("no task that the team has accepted", code="not_accepted")
    return row.subject


def _of_consent(session: Session, number: str, cooperation: Cooperation) -> str | None:
    """A record holds the numbers of its consents; only one of this cooperation leads to its youth."""
    if not _UUID.fullmatch(number):
        return None
    for row in session.scalars(select(ReferenceRow).where(ReferenceRow.record.contains(number))):
        scopes = ConsentRecord.model_validate_json(row.record).scopes
        if any(scope.scope_id == number and scope.cooperation is cooperation for scope in scopes):
            return row.youth_ref
    return None
