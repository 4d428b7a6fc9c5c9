"""What a withdrawal makes of cases: they end and are emptied in the transaction that takes it, whatever state they are in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from hub.cases.consenting import ended_by_withdrawal
from hub.cases.contacts import lapse_contacts
from hub.cases.courses import catch_up, forget_courses, tell_courses
from hub.cases.moves import CaseMove, CaseState, check_move
from hub.cases.tables import PERSONAL, CaseMoveRow, CaseRow
from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation
from hub.delivery.others import Others
from hub.delivery.telling import Telling

__all__ = ["CONSENT_WITHDRAWN", "GO_WITH_CONSENT", "SYSTEM"]

CONSENT_WITHDRAWN: Final = "consent_withdrawn"
SYSTEM: Final = "system"
"""Who did it, in a case's history, when nobody did."""


def _end(telling: Telling, consent: ConsentRecord, before: ConsentRecord | None) -> bool:
    """That there was a case, what was done with it and how it ended stays, without the subject and all that it said."""
    emptied, ended = False, False
    session, now = telling.session, telling.now
    for row in session.scalars(select(CaseRow).where(CaseRow.subject == consent.youth_ref)):
        if ended_by_withdrawal(consent, before, row.team, Cooperation(row.cooperation), now):
            ended = ended or row.state == CaseState.OPEN.value
            row.state = check_move(CaseState(row.state), CaseMove.WITHDRAW).value
            row.subject, row.open_key, row.sealed, row.reason = None, None, None, CONSENT_WITHDRAWN
            row.closed_at = row.closed_at or now
            session.add(CaseMoveRow(case_id=row.case_id, at=now, account=SYSTEM, move=CaseMove.WITHDRAW.value))
            emptied = True
    if consent.status is ConsentStatus.WITHDRAWN:
        forget_courses(session, consent.youth_ref, now)
    elif ended:
        tell_courses(telling, consent.youth_ref)
    return emptied


GO_WITH_CONSENT: Final = Others(PERSONAL, _end, lapse_contacts, catch_up)
