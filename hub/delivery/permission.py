"""Whether a team may have a task: consent must cover everything the task builds on, for that team, at that moment."""

from __future__ import annotations

from datetime import datetime

from hub.contract.models import ConsentRecord, Evidence, InfoKind, ReferralTask
from hub.core.consent import Decision, Purpose, decide

__all__ = ["decide_task"]


def decide_task(consent: ConsentRecord | None, task: ReferralTask, *, purpose: Purpose, at: datetime) -> Decision:
    """The first denial among the decisions for each agency and kind of its evidence, else a permit.

    A consent that was narrowed may still name the team, and no longer what the task tells it: neither the agency, nor the time
    of what it told. A scope withdrawn covers nothing any more, and a later one nothing from before it.
    """
    told: list[tuple[str | None, InfoKind | None]] = []
    for evidence in task.evidence:
        told += [(agency, evidence.kind) for agency in evidence.agencies]
    decisions = [
        decide(
            consent, purpose=purpose, source=agency, recipient=task.team, kind=kind, at=at, cooperation=task.cooperation
        )
        for agency, kind in told or [(None, None)]
    ]  # fmt: skip
    if consent is not None:
        decisions += [_covered(consent, one, instant) for one in task.evidence for instant in (one.first_at, one.last_at)]
    return next((decision for decision in decisions if not decision.permit), decisions[0])


def _covered(consent: ConsentRecord, evidence: Evidence, instant: datetime) -> Decision:
    """Whether what happened then may have been told by one of the agencies: it does not say by which."""
    found = [
        decide(consent, purpose=Purpose.CORRELATE, source=agency, recipient=None, kind=evidence.kind, at=instant)
        for agency in evidence.agencies
    ]
    return next((one for one in found if one.permit), found[0])
