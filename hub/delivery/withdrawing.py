"""What a withdrawal makes of tasks: cancelled where nobody has opened them, recalled where somebody has, and emptied.

A recalled task asks each team that has opened it for an acknowledgement, which the erasure's status shows, also one that has it
no more. Until it has come the reader's row remembers whose withdrawal it was (`recall_of`), then it no longer does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.contract.models import ConsentRecord, ConsentStatus, Erasure, ReferralTask, TaskState
from hub.core.consent import Purpose
from hub.delivery.permission import decide_task
from hub.delivery.readers import ReaderRow
from hub.delivery.routing import Routed
from hub.delivery.tables import NoteRow, TaskRow
from hub.delivery.telling import Telling

__all__ = [
    "CONSENT_WITHDRAWN",
    "NO_CONSENT",
    "closed_for_ever",
    "empty",
    "ended_by_withdrawal",
    "is_current_for",
    "is_judged_by",
    "pass_on",
    "permitted",
    "recall_from_former",
]

CONSENT_WITHDRAWN = "consent_withdrawn"
NO_CONSENT = "no_consent"
_Close = Callable[[TaskRow, TaskState, str], None]


def permitted(row: TaskRow, consent: ConsentRecord, now: datetime, *, team: str = "") -> bool:
    """Whether a task that still has its content may stay under this consent with the team that has it, or with `team`."""
    if row.payload is None:
        return False
    task = ReferralTask.model_validate_json(row.payload)
    # A fallback that no consent names sees only that there is a task: it is judged by the team that it was meant for.
    recipient = team or (task.team if row.routed == Routed.FALLBACK and row.opened_at is None else row.team)
    return decide_task(consent, task, purpose=Purpose.DELIVER, at=now, recipient=recipient).permit


def is_current_for(consent: ConsentRecord, task: ReferralTask) -> bool:
    """Whether the consent is at least the one the task was decided under.

    An older one, read late, neither refuses nor ends the task. Consents and tasks stand on different
    topics, so that after a crash a task may come before the consent it rests on.
    """
    return consent.status is ConsentStatus.WITHDRAWN or consent.version >= task.consent_version


def is_judged_by(consent: ConsentRecord, row: TaskRow) -> bool:
    """Whether the consent may end a task of this row."""
    return row.payload is None or is_current_for(consent, ReferralTask.model_validate_json(row.payload))


def ended_by_withdrawal(row: TaskRow, consent: ConsentRecord, now: datetime, *, team: str = "") -> bool:
    """Whether it is a withdrawal that takes a task's ground, or that of `team`, and not that a consent is suspended or over."""
    if consent.status is ConsentStatus.WITHDRAWN:
        return True
    scopes = tuple(scope.model_copy(update={"withdrawn_at": None}) for scope in consent.scopes)
    before = consent.model_copy(update={"scopes": scopes, "status": ConsentStatus.IN_FORCE})
    if scopes == consent.scopes or permitted(row, consent, now, team=team):
        return False
    return permitted(row, before, now, team=team) or _under_a_mark(row, consent)


def _under_a_mark(row: TaskRow, consent: ConsentRecord) -> bool:
    """Whether a task was said under a scope of which the consent says that it is withdrawn, and no longer what it covered."""
    marks = {scope.scope_id for scope in consent.scopes if scope.withdrawn_at is not None and not scope.recipients}
    return bool(marks and row.payload) and ReferralTask.model_validate_json(row.payload or "").scope_id in marks


def empty(session: Session, row: TaskRow, readers: Iterable[ReaderRow], close: _Close) -> None:
    """End a task and take its content and notes; that there was one, and how it ended, stays without the subject."""
    if row.open_key is not None:
        state, reason = (TaskState.CANCELLED, NO_CONSENT) if row.opened_at is None else (TaskState.RECALLED, CONSENT_WITHDRAWN)
        close(row, state, reason)
    for reader in readers:
        reader.recall(row.subject)
    row.subject, row.payload, row.area = None, None, None
    session.execute(delete(NoteRow).where(NoteRow.task_id == row.task_id))


def recall_from_former(
    session: Session, row: TaskRow, readers: Iterable[ReaderRow], consent: ConsentRecord, now: datetime
) -> bool:
    """Of a task that stays: take it back from teams that had it before, where what is withdrawn named them; whether it did."""
    former = [one for one in readers if one.team != row.team and one.reads]
    lost = [one for one in former if ended_by_withdrawal(row, consent, now, team=one.team)]
    for reader in lost:
        reader.recall(row.subject)
        session.execute(delete(NoteRow).where(NoteRow.task_id == row.task_id, NoteRow.team == reader.team))
    return bool(lost)


def pass_on(telling: Telling, readers: Iterable[ReaderRow]) -> int:
    """Of these tell each erasure of each team that has acknowledged all it had to of it, and forget whose; how many were told."""
    waiting: dict[tuple[str, str, str], list[ReaderRow]] = {}
    for reader in readers:
        if reader.recall_of is not None and reader.recall_id is not None:
            waiting.setdefault((reader.recall_id, reader.recall_of, reader.team), []).append(reader)
    told = [key for key, of_team in waiting.items() if all(one.acknowledged_at is not None for one in of_team)]
    for key in told:
        telling.acknowledged(*key)
        for reader in waiting[key]:
            if reader.reads:  # the task is its own again
                reader.recall_id, reader.acknowledged_at = None, None
            reader.recall_of = None
    return len(told)


def closed_for_ever(held: ConsentRecord | None, request: Erasure) -> ConsentRecord:
    """What the withdrawal's own record will say, as far as it is known before that comes."""
    return ConsentRecord(
        youth_ref=request.youth_ref,
        version=1 if held is None else held.version,
        status=ConsentStatus.WITHDRAWN,
        age_years=None,
        age_valid_until=None,
        area=None,
        legal_basis="consent" if held is None else held.legal_basis,
        scopes=(),
        recorded_at=request.occurred_at,
    )
