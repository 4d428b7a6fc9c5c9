"""What of a register extract may be told to whom: the youth reads of all, a guardian of herself and the youth, never of another.

Not of what another guardian said (a signature, a no, a block, a withdrawal, an extract of her own), and of nothing that tells of
it: where a consent stands is told by what the recipient may know, so that a no, a block and a signature that has not come look
alike; and the looks that the officer took around such a deed are left out with it, for their minute would say that something
happened then. An entry that does not say whose word it was is taken for another's; so is one of a note, which may be about how
to reach the youth without a guardian.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from hub.audit.actions import Action
from hub.audit.entries import Record
from hub.registry.cases import ConsentCase
from hub.web.consents.desk import Visit
from hub.web.consents.titles import STATES
from hub.web.language import mark

__all__ = ["SOMEBODYS", "UNITS_OWN", "may_read_of", "state_told", "told_to"]

_YOUTH: Final = "youth"
_LOOKS: Final = frozenset({Action.CONSENT_SHOWN, Action.CONSENT_PRINTED, Action.CONSENT_SIMULATED})
_AROUND: Final = timedelta(minutes=30)

SOMEBODYS: Final = frozenset(
    {
        Action.CONSENT_SIGNED,
        Action.CONSENT_DECLINED,
        Action.CONSENT_BLOCKED,
        Action.CONSENT_UNBLOCKED,
        Action.CONSENT_WITHDRAWN,
        Action.ERASURE_REQUESTED,
        Action.EXTRACT_MADE,
    }
)
"""On somebody's word or for somebody: the entry's purpose says whose, a signatory's role."""
UNITS_OWN: Final = frozenset(
    {
        *_LOOKS,
        Action.TASK_OPENED,
        Action.TASK_SOUGHT,
        Action.TASK_ACCEPTED,
        Action.TASK_DECLINED,
        Action.TASK_UNDONE,
        Action.TASK_MOVED,
        Action.TASK_STARTED,
        Action.TASK_HANDED_OVER,
        Action.TASK_TAKEN_OVER,
        Action.TASK_COMPLETED,
        Action.REPORT_OF_CONCERN_LED_TO,
        Action.REPORT_OPENED,
        Action.IDENTITY_REQUESTED,
        Action.IDENTITY_APPROVED,
        Action.IDENTITY_REFUSED,
        Action.IDENTITY_REVEALED,
        Action.IDENTITY_CHANGED,
        Action.CASE_SHOWN,
        Action.CASE_LISTED,
        Action.CASE_OPENED,
        Action.CASE_CHANGED,
        Action.CASE_CLOSED,
        Action.CONTACT_OPENED,
        Action.CONSENT_REGISTERED,
        Action.CONSENT_NARROWED,
        Action.CONSENT_SUSPENDED,
        Action.PROTECTED_CASE,
        Action.DEAD_LETTER_BODY_READ,
    }
)
"""What a unit does with the youth, for everybody to read who has a claim to an extract of her; custody is both guardians'."""


def may_read_of(recipient: str, role: str) -> bool:
    """Whether a recipient reads of what somebody in this role has said or done; of an unknown one ('') only the youth does."""
    return recipient == _YOUTH or role in {recipient, _YOUTH}


def told_to(recipient: str, records: Sequence[Record]) -> list[Record]:
    """The entries that the recipient may read, in their order."""
    kept_back = [one for one in records if not _may_read(recipient, one)]
    return [one for one in records if _may_read(recipient, one) and not (one.action in _LOOKS and _is_around(one, kept_back))]


def _may_read(recipient: str, one: Record) -> bool:
    return one.action in UNITS_OWN or may_read_of(recipient, one.purpose)


def _is_around(look: Record, deeds: Sequence[Record]) -> bool:
    return any(one.account == look.account and abs(one.at - look.at) <= _AROUND for one in deeds)


def state_told(visit: Visit, case: ConsentCase, recipient: str) -> str:
    """Where a consent stands, in a word or two, by what the recipient may read of."""
    text = visit.words.text
    hers = case.state == "withdrawn" and may_read_of(recipient, case.withdrawn_by or "")
    if hers or recipient == _YOUTH or case.state in {"in_force", "expired", "lapsed"}:
        return visit.showing.state(case)
    if case.state == "withdrawn":
        return text(mark("No longer holds"))
    for state, roles in (("blocked", case.blocks), ("disputed", case.declined)):
        if any(may_read_of(recipient, role) for role in roles):
            return text(STATES[state])
    return text(mark("Not in force"))
