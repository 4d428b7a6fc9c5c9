"""What becomes of the worker's words on tasks: opened, taken in by the one that is open, refused, or taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.contract.models import ConsentRecord, ConsentStatus, PresenceTask, ReferralTask, TaskState
from hub.core.consent import Purpose
from hub.delivery.errands import ErrandWriter
from hub.delivery.holding import Holding
from hub.delivery.own_part import begin_anew
from hub.delivery.permission import decide_task
from hub.delivery.placing import Placing
from hub.delivery.planned import Planning
from hub.delivery.rows import ids_of, is_earlier, open_key, subject_of, take_in, task_row
from hub.delivery.tables import TaskRow
from hub.delivery.telling import Telling
from hub.delivery.withdrawing import NO_CONSENT, is_current_for

__all__ = ["GROUND_LOST", "OTHER_TEAM", "Proposals", "Work"]

GROUND_LOST = "ground_lost"
OTHER_TEAM = "other_team"
"""Why a task is recalled: its rule has asked another team since."""


@dataclass(slots=True)
class Work:
    """One transaction's tools. `erased`: the erasures answered in it, by (id, reference)."""

    now: datetime
    held: Holding
    telling: Telling
    planning: Planning
    erased: bool = False
    answered: list[tuple[str, str]] = field(default_factory=list)


class Proposals:
    """Works within the transaction of an inbox' batch."""

    def __init__(self, placing: Placing, errands: ErrandWriter) -> None:
        self._placing = placing
        self._errands = errands

    def open(self, work: Work, task: ReferralTask | PresenceTask) -> str:
        """Open a task, if consent permits it and nothing open is it already; the outcome's name."""
        consent = work.held.consent(task.youth_ref) if isinstance(task, ReferralTask) else None
        row = work.held.task(task.task_id, subject_of(task))
        others: list[TaskRow] = []
        if isinstance(task, ReferralTask):
            # Not yet heard of: the worker decided with the consent in hand, and a withdrawal that follows cancels the task.
            if consent is not None and is_current_for(consent, task):
                decision = decide_task(consent, task, purpose=Purpose.DELIVER, at=work.now)
                if not decision.permit:
                    if row is None and _was_not_known(consent, task):
                        _tell_ended(work, task, TaskState.CANCELLED, NO_CONSENT)
                    return f"refused_{decision.rule}"
            others = work.held.at_other_teams(open_key(task), task)
            if any(is_earlier(task, _said_of(one), known=row is not None) for one in others):
                if row is not None:
                    return "duplicate"
                _tell_ended(work, task, TaskState.RECALLED, OTHER_TEAM)
                return f"refused_{OTHER_TEAM}"
        same = row or work.held.open_by_key(open_key(task), subject_of(task))
        outcome = self._add(work, task, consent) if same is None else take_in(same, task)
        if outcome != "duplicate":
            for one in others:
                self._lose(work, one, OTHER_TEAM)
        return outcome

    def lose_ground(self, work: Work, task: ReferralTask | PresenceTask) -> str:
        """Take back a task whose ground is lost, or say so where somebody has opened it; the outcome's name."""
        # By its place: the id may be that of a later proposal, which the open task has taken in.
        row = work.held.open_by_key(open_key(task), subject_of(task))
        if row is None or task.task_id not in ids_of(row):
            return "nothing_open"
        return self._lose(work, row, GROUND_LOST)

    def place_again(self, work: Work, row: TaskRow, consent: ConsentRecord) -> None:
        """Who gets an open task under a newer consent; the systems of both teams are told where it is another."""
        before = row.team
        self._placing.place_again(row, consent, work.now)
        if row.team != before:
            begin_anew(work.telling.session, row)
        self._errands.pass_on(work.telling.session, row, before, work.now)

    def close(self, work: Work, row: TaskRow, state: TaskState, reason: str) -> None:
        """End an open task, and tell the worker and the team's systems."""
        row.state, row.reason, row.closed_at, row.call_at = state.value, reason, work.now, None
        work.held.close(row)
        work.telling.state_of(row)
        self._errands.take_back(work.telling.session, row, work.now)

    def _add(self, work: Work, task: ReferralTask | PresenceTask, consent: ConsentRecord | None) -> str:
        row = task_row(task)
        row.state, row.received_at = TaskState.RECEIVED.value, work.now
        if isinstance(task, ReferralTask):
            self._placing.place(row, task, consent, work.now)
        else:
            self._placing.set_week(row, task, work.now)
        work.held.add(row)
        work.telling.state_of(row)
        self._errands.tell(work.telling.session, row, work.now)
        return "opened"

    def _lose(self, work: Work, row: TaskRow, reason: str) -> str:
        row.ground_lost_at = work.now
        if row.opened_at is not None:
            return "annotated"  # somebody has read it: that cannot be unread, so the task says it instead
        self.close(work, row, TaskState.RECALLED, reason)
        return "recalled"


def _said_of(row: TaskRow) -> ReferralTask:
    return ReferralTask.model_validate_json(row.payload or "")


def _was_not_known(consent: ConsentRecord, task: ReferralTask) -> bool:
    """Whether the worker had not read this consent when it proposed the task.

    It may keep the task under it, because what it rests on by now is covered, and must hear that nobody has it: what still
    suffices is then proposed anew. Nothing is told of whom a withdrawal is known, and nothing of the same consent: there the two
    clocks disagree, and an answer would go to and fro until they do not.
    """
    return consent.status is not ConsentStatus.WITHDRAWN and consent.version > task.consent_version


def _tell_ended(work: Work, task: ReferralTask, state: TaskState, reason: str) -> None:
    """Tell the worker that a task ended that was never taken; nothing of it is kept."""
    row = task_row(task)
    row.state, row.reason = state.value, reason
    work.telling.state_of(row)
