"""What entries of the audit log are called where people read them: in a register extract and in the access review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.audit.actions import Action
from hub.web.language import mark

__all__ = ["ACTIONS"]

ACTIONS: Final[Mapping[str, str]] = {
    Action.TASK_OPENED: mark("Opened a proposal"),
    Action.TASK_SOUGHT: mark("Looked a proposal up by its number"),
    Action.TASK_ACCEPTED: mark("Accepted a proposal"),
    Action.TASK_DECLINED: mark("Declined a proposal"),
    Action.TASK_UNDONE: mark("Undid the acceptance of a proposal"),
    Action.TASK_MOVED: mark("Moved a proposal"),
    Action.TASK_STARTED: mark("Began with a proposal"),
    Action.TASK_HANDED_OVER: mark("Handed a proposal over"),
    Action.TASK_TAKEN_OVER: mark("Took a proposal over"),
    Action.TASK_COMPLETED: mark("Completed a proposal"),
    Action.TASK_NOTED: mark("Noted something on a proposal"),
    Action.WITHDRAWAL_ACKNOWLEDGED: mark("Confirmed that a proposal was taken back"),
    Action.REPORT_OF_CONCERN_LED_TO: mark("Went on to a report of concern"),
    Action.IDENTITY_REQUESTED: mark("Asked to see who it is"),
    Action.IDENTITY_APPROVED: mark("Approved that who it is is shown"),
    Action.IDENTITY_REFUSED: mark("Refused that who it is is shown"),
    Action.IDENTITY_REVEALED: mark("Saw who it is"),
    Action.CASE_SHOWN: mark("Opened the page of one youth"),
    Action.CASE_LISTED: mark("Looked at a list that tells of the case"),
    Action.CASE_OPENED: mark("Opened a case"),
    Action.CASE_CHANGED: mark("Worked with the case"),
    Action.CASE_CLOSED: mark("Closed the case"),
    Action.CONTACT_OPENED: mark("Looked at how somebody who asked for contact is reached"),
    Action.CONSENT_SHOWN: mark("Looked at a consent"),
    Action.CONSENT_SIMULATED: mark("Simulated a consent"),
    Action.CONSENT_REGISTERED: mark("Registered a consent"),
    Action.CONSENT_SIGNED: mark("Registered a signature"),
    Action.CONSENT_DECLINED: mark("Registered a no"),
    Action.CONSENT_NARROWED: mark("Narrowed a consent"),
    Action.CONSENT_SUSPENDED: mark("Suspended consents after a change of custody"),
    Action.CONSENT_WITHDRAWN: mark("Took a withdrawal"),
    Action.CONSENT_BLOCKED: mark("Registered a block"),
    Action.CONSENT_UNBLOCKED: mark("Lifted a block"),
    Action.CONSENT_PRINTED: mark("Printed a form or a receipt"),
    Action.IDENTITY_CHANGED: mark("Changed what is registered of the person"),
    Action.EXTRACT_MADE: mark("Decided on a register extract"),
    Action.ERASURE_REQUESTED: mark("Erasure was asked for"),
    Action.REPORT_OPENED: mark("Opened a report"),
    Action.PROTECTED_CASE: mark("Handled a case of a protected identity"),
    Action.DEAD_LETTER_BODY_READ: mark("Read a record as its source had sent it"),
    Action.VAULT_OPENED: mark("Opened a sealed document"),
}
