"""What can stand in the audit log: one closed, commented list. A new page or command adds its action here first."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FOLLOWING", "OPENINGS", "Action"]


class Action(StrEnum):
    """What somebody did, or was refused. Values are stored for years: a value is never renamed nor used for something else."""

    # Who comes and goes
    SIGN_IN = "sign_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGN_OUT = "sign_out"
    SIGN_IN_CODE_ISSUED = "sign_in_code_issued"
    ACCOUNT_CHANGED = "account_changed"  # an account, its roles or its teams
    REQUEST_REFUSED = "request_refused"  # a page or command that the role does not permit

    # Tasks
    TASK_LISTED = "task_listed"
    TASK_SOUGHT = "task_sought"  # by its number
    TASK_OPENED = "task_opened"
    TASK_ACCEPTED = "task_accepted"
    TASK_DECLINED = "task_declined"
    TASK_UNDONE = "task_undone"  # a mistaken acceptance
    TASK_MOVED = "task_moved"  # to another team or function, with its reason
    TASK_STARTED = "task_started"
    TASK_HANDED_OVER = "task_handed_over"
    TASK_TAKEN_OVER = "task_taken_over"  # by a team that was called in another's place
    TASK_COMPLETED = "task_completed"  # with its outcome
    TASK_NOTED = "task_noted"  # `purpose`: a note, or one about safe contact; never what it says
    WITHDRAWAL_ACKNOWLEDGED = "withdrawal_acknowledged"  # of a task that its team had opened
    REPORT_OF_CONCERN_LED_TO = "report_of_concern_led_to"  # from a task to the orosanmälan
    IDENTITY_REQUESTED = "identity_requested"  # outside a task, which takes two
    IDENTITY_APPROVED = "identity_approved"
    IDENTITY_REFUSED = "identity_refused"
    IDENTITY_REVEALED = "identity_revealed"
    APPROVAL_LISTED = "approval_listed"  # what waits for a second person, of whatever matter, and one's own requests
    CASE_SHOWN = "case_shown"  # a coordinator's page of one youth
    CASE_LISTED = "case_listed"  # one entry for each case of which a list or a week told something
    CASE_OPENED = "case_opened"  # of a cooperation
    CASE_CHANGED = "case_changed"  # `purpose`: what was done, never what it says
    CASE_CLOSED = "case_closed"
    ORDER_CHANGED = "order_changed"  # of a service without a person; `purpose`: what was done
    CONTACT_REGISTERED = "contact_registered"  # somebody asks to be reached
    CONTACT_OPENED = "contact_opened"
    CONTACT_CLOSED = "contact_closed"

    # Consents
    CONSENT_LISTED = "consent_listed"
    CONSENT_SHOWN = "consent_shown"
    CONSENT_SIMULATED = "consent_simulated"
    CONSENT_REGISTERED = "consent_registered"
    CONSENT_SIGNED = "consent_signed"
    CONSENT_DECLINED = "consent_declined"
    CONSENT_SUSPENDED = "consent_suspended"
    CONSENT_NARROWED = "consent_narrowed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_BLOCKED = "consent_blocked"
    CONSENT_UNBLOCKED = "consent_unblocked"
    CONSENT_PRINTED = "consent_printed"  # the form or the receipt
    IDENTITY_CHANGED = "identity_changed"  # merged, split, or a new number
    PROTECTED_CASE = "protected_case"  # anything in the manual lane of protected identities
    EXTRACT_MADE = "extract_made"  # a register extract
    ERASURE_REQUESTED = "erasure_requested"
    ERASURE_LISTED = "erasure_listed"
    SUBJECTS_FETCHED = "subjects_fetched"  # by an agency's connectors: versions and numbers, never whose
    REFERENCES_SOUGHT = "references_sought"  # from identifiers, for a migration or a check

    # The statutory lane
    REPORT_LISTED = "report_listed"
    REPORT_OPENED = "report_opened"
    REPORT_CODED = "report_coded"
    REPORT_HANDED_OVER = "report_handed_over"

    # Agreements, observations, figures
    OBSERVATION_SENT = "observation_sent"
    PRESENCE_PLANNED = "presence_planned"  # somebody is to be in an area; `purpose`: planned, moved, cancelled, reopened
    PRESENCE_OFFERED = "presence_offered"  # to associations; `purpose`: offered, or withdrawn
    PRESENCE_ANSWERED = "presence_answered"  # by an association, through its link
    PRESENCE_REPORTED = "presence_reported"  # how it went, by the team or through a link
    CALENDAR_CHANGED = "calendar_changed"  # the address of one's calendar; `purpose`: renewed, or ended
    CALENDAR_FETCHED = "calendar_fetched"  # a calendar asked by somebody's address, for the first time that day
    AGREEMENT_CHANGED = "agreement_changed"  # `purpose`: added, changed, ended
    STATISTICS_SHOWN = "statistics_shown"

    # The sealed vault
    VAULT_SEALED = "vault_sealed"
    VAULT_LISTED = "vault_listed"
    VAULT_REQUESTED = "vault_requested"
    VAULT_APPROVED = "vault_approved"
    VAULT_REFUSED = "vault_refused"
    VAULT_OPENED = "vault_opened"

    # Running the hub
    RULES_CHANGED = "rules_changed"
    RULES_BACKTESTED = "rules_backtested"  # over real history; `purpose` names the rules by hash, `rule` says over how much
    HISTORY_KEPT = "history_kept"  # consented history written to a file for backtests; `purpose` names the rules by hash
    SETTINGS_CHANGED = "settings_changed"
    CONNECTOR_PAUSED = "connector_paused"  # `purpose` names the instance; why stands with the pause
    CONNECTOR_RESUMED = "connector_resumed"
    SINK_PAUSED = "sink_paused"  # `purpose` names the sink; why stands with the pause
    SINK_RESUMED = "sink_resumed"
    SINK_REDRIVEN = "sink_redriven"  # a refused errand of a task, handed over again
    SINK_TESTED = "sink_tested"  # an errand of no task, handed over and taken back
    DEAD_LETTER_LISTED = "dead_letter_listed"
    DEAD_LETTER_READ = "dead_letter_read"
    DEAD_LETTER_BODY_READ = "dead_letter_body_read"  # the source's own record
    DEAD_LETTER_TRIED = "dead_letter_tried"  # mapped again, and nothing done with it
    DEAD_LETTER_REDRIVEN = "dead_letter_redriven"
    DEAD_LETTER_RESOLVED = "dead_letter_resolved"  # discarded
    PARTITION_RESUMED = "partition_resumed"  # `purpose` names topic and partition; why stands with the answer
    JOURNAL_SEARCHED = "journal_searched"
    CONNECTOR_TRIED = "connector_tried"  # a dry run; `purpose` names the instance
    BACKUP_MADE = "backup_made"  # `purpose`: of the databases, or of the keyring; `rule`: `failed` behind one that did
    BACKUP_RESTORED = "backup_restored"  # `purpose`: when it was made; `rule`: which log goes on from here, or `failed`
    BACKUP_DISCARDED = "backup_discarded"  # what restores had put aside, before its time
    DATA_LET_GO = "data_let_go"  # retention; `purpose`: the kind of data, `rule`: how many are due, then how many went
    KEY_CHANGED = "key_changed"
    KEY_LISTED = "key_listed"  # names of keys, and when an agency's connectors used theirs
    AUTHORITY_REQUEST = "authority_request"  # a request for stored data, decided by a person (never in bulk)

    # The audit itself
    AUDIT_READ = "audit_read"
    AUDIT_REVIEWED = "audit_reviewed"
    AUDIT_EXPORTED = "audit_exported"
    AUDIT_PRUNED = "audit_pruned"  # `purpose`: up to which position
    AUDIT_CARRIED = "audit_carried"  # entries that waited on a disk came into the log; refused: some of them were gone


# Openings of what is somebody's: the monthly review samples them.
OPENINGS = frozenset(
    {
        Action.TASK_OPENED,
        Action.IDENTITY_REVEALED,
        Action.CASE_SHOWN,
        Action.CONTACT_OPENED,
        Action.CONSENT_SHOWN,
        Action.CONSENT_PRINTED,
        Action.EXTRACT_MADE,
        Action.REPORT_OPENED,
        Action.PROTECTED_CASE,  # of it a look at one case, not a marking
        Action.DEAD_LETTER_BODY_READ,
        Action.VAULT_OPENED,
    }
)
# What shows that somebody opened it for the work: one of these, by the same account on the same item, after the opening. Paper
# and extracts are looks themselves: whoever prints what she had no business to open has done nothing with it. What follows on a
# case of the manual lane or a record of a source is done in other systems: the review shows every look at those.
FOLLOWING = frozenset(
    {
        Action.TASK_ACCEPTED,
        Action.TASK_DECLINED,
        Action.TASK_UNDONE,
        Action.TASK_MOVED,
        Action.TASK_STARTED,
        Action.TASK_HANDED_OVER,
        Action.TASK_TAKEN_OVER,
        Action.TASK_COMPLETED,
        Action.TASK_NOTED,
        Action.CASE_OPENED,
        Action.CASE_CHANGED,
        Action.CASE_CLOSED,
        Action.CONTACT_CLOSED,
        Action.WITHDRAWAL_ACKNOWLEDGED,
        Action.REPORT_OF_CONCERN_LED_TO,
        Action.CONSENT_REGISTERED,
        Action.CONSENT_SIGNED,
        Action.CONSENT_DECLINED,
        Action.CONSENT_SUSPENDED,
        Action.CONSENT_NARROWED,
        Action.CONSENT_WITHDRAWN,
        Action.CONSENT_BLOCKED,
        Action.CONSENT_UNBLOCKED,
        Action.ERASURE_REQUESTED,
        Action.REPORT_CODED,
        Action.REPORT_HANDED_OVER,
        Action.DEAD_LETTER_REDRIVEN,
        Action.DEAD_LETTER_RESOLVED,
    }
)
