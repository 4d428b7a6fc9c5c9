"""Whether a team may have a task: consent must cover everything the task builds on, for that team, at that moment."""

from __future__ import annotations

from datetime import datetime

from hub.contract.models import ConsentRecord, InfoKind, ReferralTask
from hub.core.consent import Decision, Purpose, decide

__all__ = ["decide_task"]


def decide_task(consent: ConsentRecord | None, task: ReferralTask, *, purpose: Purpose, at: datetime) -> Decision:
    """The first denial among the decisions for each agency and kind of its evidence, else a permit.

    A consent that was narrowed may still name the team, and no longer what the task tells it.
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
    return next((decision for decision in decisions if not decision.permit), decisions[0])
