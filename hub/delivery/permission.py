"""Whether a team may have a task: consent must cover everything the task builds on, for that team, at that moment."""

from __future__ import annotations

from datetime import datetime

from hub.contract.models import ConsentRecord, Evidence, InfoKind, ReferralTask
from hub.core.consent import Decision, Purpose, decide

__all__ = ["decide_task"]


def decide_task(consent: ConsentRecord | None, task: ReferralTask, *, purpose: Purpose, at: datetime) -> Decision:
    """The first denial among the decisions for each agency, kind and time of its evidence, else a permit.

    The rule is the worker's: what the task tells must be covered by a consent that permits telling this team of it, by its
    agency, kind and time. A consent withdrawn or over covers nothing any more, a later one nothing from before it, and one
    that names another team or cooperation nothing for this one.
    """

    def ask(agency: str | None, kind: InfoKind | None, occurred_at: datetime | None = None) -> Decision:
        return decide(
            consent, purpose=purpose, source=agency, recipient=task.team, kind=kind, at=at, cooperation=task.cooperation,
            occurred_at=occurred_at,
        )  # fmt: skip

    def covered(evidence: Evidence, instant: datetime) -> Decision:
        """Whether what happened then may be told on the word of one of the agencies: it does not say of which."""
        found = [ask(agency, evidence.kind, instant) for agency in evidence.agencies]
        return next((one for one in found if one.permit), found[0])

    told = [(agency, one.kind) for one in task.evidence for agency in one.agencies]
    decisions = [ask(agency, kind) for agency, kind in told] or [ask(None, None)]
    decisions += [covered(one, instant) for one in task.evidence if one.agencies for instant in (one.first_at, one.last_at)]
    return next((decision for decision in decisions if not decision.permit), decisions[0])
